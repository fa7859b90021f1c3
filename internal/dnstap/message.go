package dnstap

import (
	"net/netip"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// message is what counts of a dnstap message; octets are those of the frame. The numbers of fields, kinds and protocols
// are of dnstap.proto (https://github.com/dnstap/dnstap.pb).
type message struct {
	kind       uint64
	protocol   uint64
	client     []byte // addresses: 4 or 16 octets
	server     []byte
	clientPort uint32
	serverPort uint32
	asked      stamp
	answered   stamp
	query      []byte
	response   []byte
}

// stamp is a time since 1970.
type stamp struct {
	seconds     uint64
	nanoseconds uint32
}

// Fields of Dnstap.
const fieldMessage = 14

// Fields of Message.
const (
	fieldKind         = 1
	fieldProtocol     = 3
	fieldClient       = 4
	fieldServer       = 5
	fieldClientPort   = 6
	fieldServerPort   = 7
	fieldAskedSeconds = 8
	fieldAskedNanos   = 9
	fieldQuery        = 10
	fieldSentSeconds  = 12
	fieldSentNanos    = 13
	fieldResponse     = 14
)

// decode reads a frame, and reports whether it is one of protocol buffers. It does not copy: what it finds is part of b. A
// generated decoder makes ten objects of each message, which a busy name server's collector has to throw away again.
func decode(b []byte) (m message, ok bool) {
	ok = fields(b, func(number int, v value) bool {
		return number != fieldMessage || v.kind != protowire.BytesType || fields(v.octets, m.field)
	})
	return m, ok
}

// field takes a field of Message. One that has another type than it should is not known, and one that comes twice counts
// as it comes last.
func (m *message) field(number int, v value) bool {
	switch v.kind {
	case protowire.VarintType:
		switch number {
		case fieldKind:
			m.kind = v.number
		case fieldProtocol:
			m.protocol = v.number
		case fieldClientPort:
			m.clientPort = uint32(v.number)
		case fieldServerPort:
			m.serverPort = uint32(v.number)
		case fieldAskedSeconds:
			m.asked.seconds = v.number
		case fieldSentSeconds:
			m.answered.seconds = v.number
		}
	case protowire.Fixed32Type:
		switch number {
		case fieldAskedNanos:
			m.asked.nanoseconds = uint32(v.number)
		case fieldSentNanos:
			m.answered.nanoseconds = uint32(v.number)
		}
	case protowire.BytesType:
		switch number {
		case fieldClient:
			m.client = v.octets
		case fieldServer:
			m.server = v.octets
		case fieldQuery:
			m.query = v.octets
		case fieldResponse:
			m.response = v.octets
		}
	default: // no field that we know has it
	}
	return true
}

// value is that of a field: a number, or octets.
type value struct {
	kind   protowire.Type
	number uint64
	octets []byte
}

// fields gives each field of a message to take, and reports whether the message is sound and take was content.
func fields(b []byte, take func(int, value) bool) bool {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		v := value{kind: kind}
		switch kind {
		case protowire.VarintType:
			v.number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var short uint32
			short, n = protowire.ConsumeFixed32(b)
			v.number = uint64(short)
		case protowire.BytesType:
			v.octets, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 || !take(int(number), v) {
			return false
		}
		b = b[n:]
	}
	return true
}

// Kinds of messages between a name server and its clients, as it sees them. The others are between a resolver and the
// servers that it asks, or of tools.
const (
	authQuery      = 1
	authResponse   = 2
	clientQuery    = 5
	clientResponse = 6
	updateQuery    = 13
	updateResponse = 14
)

// read makes of a message what is counted, or says why not.
func (m *message) read() (t dnscount.Told, refused Reason, ok bool) {
	at := m.asked
	switch m.kind {
	case authQuery, clientQuery, updateQuery:
		t.Direction, t.Data = dnscount.Query, m.query
	case authResponse, clientResponse, updateResponse:
		t.Direction, t.Data, at = dnscount.Response, m.response, m.answered
	default:
		return t, OtherKind, false
	}
	if len(t.Data) == 0 {
		return t, NoMessage, false
	}
	var known bool
	t.Client, known = endpoint(m.client, m.clientPort)
	if t.Server, ok = endpoint(m.server, m.serverPort); !known || !ok || t.Server.Addr().IsUnspecified() {
		return t, NoAddress, false
	}
	t.Transport = transports[min(m.protocol, uint64(len(transports)-1))]
	t.Time = at.nano()
	return t, 0, true
}

func endpoint(address []byte, port uint32) (netip.AddrPort, bool) {
	a, ok := netip.AddrFromSlice(address)
	return netip.AddrPortFrom(a.Unmap(), uint16(port)), ok && port > 0 && port < 1<<16
}

// nano is in nanoseconds; 0 for what is no time of this century.
func (s stamp) nano() int64 {
	if s.seconds > 4e9 || s.nanoseconds >= 1e9 {
		return 0
	}
	return int64(s.seconds)*1e9 + int64(s.nanoseconds)
}

// Protocols are what a name server says that a message came by, by their numbers; the last one is what dnstap.proto does not
// know yet.
var Protocols = [...]string{"unknown", "udp", "tcp", "dot", "doh", "dnscrypt_udp", "dnscrypt_tcp", "doq", "other"}

// transports are what carries the protocols.
var transports = [len(Protocols)]dnscount.Transport{2: dnscount.TCP, 3: dnscount.TCP, 4: dnscount.TCP, 6: dnscount.TCP}
