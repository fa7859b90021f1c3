package keepalived

import (
	"net/netip"
	"time"
)

// CheckerKind is the keyword that opens a checker's block.
type CheckerKind string

// The checkers of keepalived.
const (
	MiscCheck CheckerKind = "MISC_CHECK"
	DNSCheck  CheckerKind = "DNS_CHECK"
	TCPCheck  CheckerKind = "TCP_CHECK"
	UDPCheck  CheckerKind = "UDP_CHECK"
	PingCheck CheckerKind = "PING_CHECK"
	SMTPCheck CheckerKind = "SMTP_CHECK"
	HTTPGet   CheckerKind = "HTTP_GET"
	SSLGet    CheckerKind = "SSL_GET"
	BFDCheck  CheckerKind = "BFD_CHECK"
	FileCheck CheckerKind = "FILE_CHECK"
)

// Checker is one check of one real server, with the values that keepalived
// uses: its own, else the real server's, else the virtual server's, else the
// default of its kind.
type Checker struct {
	Pos  Pos
	Kind CheckerKind

	DelayLoop        Value[time.Duration]
	Warmup           Value[time.Duration]
	DelayBeforeRetry Value[time.Duration]
	Retry            Value[uint32]
	Alpha            Value[bool]
	LogAllFailures   Value[bool]

	// At most one of these is not nil, that of the kind. TCP and PING have none.
	Connect *Connect // of every kind that opens a socket
	Misc    *Misc
	DNS     *DNS
	UDP     *UDPPayload
	SMTP    *SMTP
	HTTP    *HTTP
	BFD     *BFD
	File    *TrackedFile
}

// Connect is where a checker connects to, and from where.
type Connect struct {
	Addr      Value[netip.Addr] // the real server's unless connect_ip says otherwise
	Port      Value[uint16]     // the real server's unless connect_port says otherwise
	BindAddr  Value[netip.Addr]
	BindPort  Value[uint16]
	Interface Value[string] // bind_if
	Timeout   Value[time.Duration]
	FWMark    Value[uint32]
}

// Misc is a MISC_CHECK: a script whose exit status is the verdict.
type Misc struct {
	Path    Script
	Timeout Value[time.Duration] // after which the script is killed: misc_timeout, else the virtual server's delay_loop
	Dynamic Value[bool]
}

// DNS is a DNS_CHECK.
type DNS struct {
	Type Value[string]
	Name Value[string]
}

// UDPPayload is what a UDP_CHECK sends and expects.
type UDPPayload struct {
	Payload        Value[[]byte]
	RequireReply   Value[bool]
	Reply          Value[string] // hexadecimal, x for "any nibble"; empty: any reply
	MinReplyLength Value[int]
	MaxReplyLength Value[int]
}

// SMTP is an SMTP_CHECK.
type SMTP struct {
	Helo Value[string]
}

// HTTP is an HTTP_GET or SSL_GET.
type HTTP struct {
	Version      Value[string] // 1.0, 1.0C or 1.1
	VirtualHost  Value[string]
	SNI          Value[bool]
	SNIName      Value[string]
	FastRecovery Value[bool]
	TLSCompliant Value[bool]
	URLs         []URL
}

// URL is one url block; all must pass.
type URL struct {
	Pos          Pos
	Path         Value[string]
	Digest       Value[string]
	VirtualHost  Value[string]
	StatusCodes  Value[[]string] // 200 or 200-299; empty: 200
	Regex        Value[string]
	RegexNoMatch Value[bool]
	TLSCompliant Value[bool]
	Other        []Statement // the other regex options
}

// BFD is a BFD_CHECK.
type BFD struct {
	Name Value[string]
}

// TrackedFile is a FILE_CHECK: the number in a file moves the weight.
type TrackedFile struct {
	Name    Value[string]
	Path    Value[string] // of the track_file
	Weight  Value[int]
	Reverse Value[bool]
}
