package keepalived

import (
	"net/netip"
	"time"
)

// Protocol is the transport of a virtual server. The zero Protocol belongs to
// firewall marks, which have none.
type Protocol string

// The protocols that IPVS schedules.
const (
	TCP  Protocol = "tcp"
	UDP  Protocol = "udp"
	SCTP Protocol = "sctp"
)

// Family is an address family. The zero Family is "not known".
type Family string

// The address families.
const (
	IPv4 Family = "ipv4"
	IPv6 Family = "ipv6"
)

// Method is how IPVS passes a packet to a real server.
type Method string

// The forwarding methods that keepalived knows.
const (
	NAT Method = "NAT"
	DR  Method = "DR"
	TUN Method = "TUN"
)

// TunnelType is the encapsulation of the TUN method.
type TunnelType string

// The encapsulations; IPIP is the default.
const (
	IPIP TunnelType = "ipip"
	GUE  TunnelType = "gue"
	GRE  TunnelType = "gre"
)

// Checksum is what a GUE or GRE tunnel does about checksums.
type Checksum string

// The checksum options; NoChecksum is the default.
const (
	NoChecksum     Checksum = "nocsum"
	WithChecksum   Checksum = "csum"
	RemoteChecksum Checksum = "remcsum"
)

// Forwarding is lb_kind or lvs_method with its options.
type Forwarding struct {
	Method   Method
	Tunnel   TunnelType // for TUN
	Port     uint16     // for GUE
	Checksum Checksum   // for GUE and GRE
}

// Flags are the flags of a virtual service in the kernel. Sched1 to Sched3
// mean what the scheduler makes of them: Sched1 is sh-fallback or mh-fallback,
// Sched2 is sh-port or mh-port.
type Flags struct {
	OnePacket              bool
	Sched1, Sched2, Sched3 bool
}

// Group is a virtual_server_group: the addresses and marks that its virtual
// servers stand for.
type Group struct {
	Pos     Pos
	Name    string
	Entries []GroupEntry
}

// GroupEntry is one line of a group: a range of addresses with a port, or a mark.
type GroupEntry struct {
	Pos    Pos
	First  netip.Addr // invalid for a mark
	Last   netip.Addr // First for a single address
	Port   uint16     // 0: every port
	FWMark uint32
	Family Family // of a mark; empty: any
}

// IsFWMark reports whether the entry is a firewall mark.
func (e GroupEntry) IsFWMark() bool { return !e.First.IsValid() }

// VirtualServer is a virtual_server block. It stands for one service in the
// kernel, or with a group for many.
type VirtualServer struct {
	Pos Pos

	// Either an address and a port, a mark, or the name of a group.
	Addr   netip.Addr // invalid for a mark and for a group
	Port   uint16
	FWMark uint32 // 0 with no address and no group: fwmark 0
	Group  string
	Family Family // empty for a group whose members tell it

	Protocol  Value[Protocol]
	Scheduler Value[string]
	Flags     Flags
	Forward   Value[Forwarding] // the default of the real servers

	PersistenceTimeout     Value[uint32] // seconds, 0: not persistent
	PersistenceGranularity Value[uint32] // prefix length; for IPv4 the netmask in host order; unset: one client
	PersistenceEngine      Value[string]

	DelayLoop        Value[time.Duration] // defaults of the checkers
	Warmup           Value[time.Duration]
	DelayBeforeRetry Value[time.Duration]
	ConnectTimeout   Value[time.Duration]
	Retry            Value[uint32]

	Weight     Value[int] // default of the real servers
	Alpha      Value[bool]
	Inhibit    Value[bool] // inhibit_on_failure
	Omega      Value[bool]
	HASuspend  Value[bool]
	Quorum     Value[uint32]
	Hysteresis Value[uint32]
	QuorumUp   Script
	QuorumDown Script

	SMTPAlert   Value[bool]
	VirtualHost Value[string]
	SNMPName    Value[string]

	Sorry       *RealServer // nil: none
	RealServers []RealServer
}

// IsFWMark reports whether the virtual server is one firewall mark.
func (v *VirtualServer) IsFWMark() bool { return !v.Addr.IsValid() && v.Group == "" }

// RealServer is a real_server block, or a sorry_server.
type RealServer struct {
	Pos  Pos
	Addr netip.Addr
	Port uint16 // as keepalived corrects it

	Weight  Value[int]
	Forward Value[Forwarding]
	Inhibit Value[bool] // on failure weight 0 instead of removal
	Alpha   Value[bool]

	UThreshold Value[uint32]
	LThreshold Value[uint32]

	DelayLoop        Value[time.Duration] // defaults of the checkers
	Warmup           Value[time.Duration]
	DelayBeforeRetry Value[time.Duration]
	ConnectTimeout   Value[time.Duration]
	Retry            Value[uint32]

	NotifyUp    Script
	NotifyDown  Script
	SMTPAlert   Value[bool]
	VirtualHost Value[string]
	SNMPName    Value[string]

	Checkers []Checker // all must pass; none: always up
}

// StartsDown reports whether keepalived withholds the real server until its
// checkers have passed once. Without a checker alpha has no effect.
func (r *RealServer) StartsDown() bool {
	for _, c := range r.Checkers {
		if c.Alpha.V {
			return true
		}
	}
	return false
}
