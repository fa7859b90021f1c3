package dnscount

// Every set here is closed: what a client can send must not decide how many series there are.

// Transport is what carried a message.
type Transport uint8

// The transports.
const (
	UDP Transport = iota
	TCP
)

func (t Transport) String() string { return Transports[t] }

// Direction is the way of a packet as seen from the virtual server.
type Direction uint8

// The directions: to the virtual server and from it.
const (
	Query Direction = iota
	Response
)

// Positions of a fragment.
const (
	First        = iota // has the ports
	Later               // belongs to a first one that was seen
	Unattributed        // its first one was not seen
	Outer               // of the packet around another, as tunnels make them
)

// Kinds of ICMP feedback.
const (
	FragNeeded      = iota // IPv4: does not fit and must not be fragmented
	PacketTooBig           // IPv6
	ReassemblyTime         // some fragments never came
	PortUnreachable        // nobody there, or nobody who wants this address's answer
	OtherFeedback
)

// Defect is why a message is malformed.
type Defect uint8

// The defects.
const (
	Sound          Defect = iota
	Short                 // shorter than a header
	Label                 // a label of a reserved type, or a name longer than 255 octets
	End                   // the message ends before what its counts promise
	Option                // EDNS options do not fit their record
	WrongDirection        // a response to the virtual server, or a query from it
	Length                // the lengths of UDP and IP disagree
)

// The tables below give the name of each index, as it is in a label.
var (
	Transports = [...]string{"udp", "tcp"}
	Families   = [...]string{"ipv4", "ipv6"}
	Directions = [...]string{"query", "response"}
	Positions  = [...]string{"first", "later", "unattributed", "outer"}
	Feedbacks  = [...]string{"frag_needed", "packet_too_big", "reasm_timeout", "port_unreachable", "other"}
	// FeedbackDirections: a Query is what the virtual server receives, a Response what it sends.
	FeedbackDirections = [...]string{"received", "sent"}
	Defects            = [...]string{"none", "short", "label", "end", "option", "direction", "length"}
	Opcodes            = [...]string{"query", "iquery", "status", "notify", "update", "dso", "other"}
	QueryFlags         = [...]string{"rd", "cd", "ad", "do"}
	ResponseFlags      = [...]string{"aa", "tc", "ra", "ad"}
	EDNSVersions       = [...]string{"none", "v0", "other"}
	Types              = [...]string{
		"A", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "AAAA", "SRV", "NAPTR", "DS", "RRSIG", "DNSKEY", "TLSA",
		"SVCB", "HTTPS", "IXFR", "AXFR", "ANY", "CAA", "other",
	}
	Rcodes = [...]string{
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "NOTAUTH", "NOTZONE", "BADVERS", "BADCOOKIE", "other",
	}
	// ExtendedErrors are codes of RFC 8914 and its registry.
	ExtendedErrors = [...]string{
		"stale_answer", "dnssec_bogus", "signature_expired", "dnskey_missing", "blocked", "censored", "filtered",
		"prohibited", "no_reachable_authority", "network_error", "other",
	}
)

// Their numbers on the wire, in the same order without the last name.
var (
	typeNumbers  = [...]uint16{1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 43, 46, 48, 52, 64, 65, 251, 252, 255, 257}
	rcodeNumbers = [...]uint16{0, 1, 2, 3, 4, 5, 6, 9, 10, 16, 23}
	edeNumbers   = [...]uint16{3, 6, 7, 9, 15, 16, 17, 18, 22, 23}
)

const (
	otherType  = uint8(len(Types) - 1)
	otherRcode = uint8(len(Rcodes) - 1)
	otherEDE   = uint8(len(ExtendedErrors) - 1)
)

// indexes turns numbers into indexes of names, without a search.
type indexes struct {
	types  [258]uint8
	rcodes [24]uint8
	edes   [24]uint8
}

func newIndexes() *indexes {
	x := &indexes{}
	fill(x.types[:], typeNumbers[:], otherType)
	fill(x.rcodes[:], rcodeNumbers[:], otherRcode)
	fill(x.edes[:], edeNumbers[:], otherEDE)
	return x
}

func fill(table []uint8, numbers []uint16, other uint8) {
	for i := range table {
		table[i] = other
	}
	for i, n := range numbers {
		table[n] = uint8(i)
	}
}

func index(table []uint8, number uint16, other uint8) uint8 {
	if int(number) < len(table) {
		return table[number]
	}
	return other
}

func opcodeIndex(op uint16) int {
	switch op {
	case 0, 1, 2:
		return int(op)
	case 4, 5, 6:
		return int(op) - 1
	}
	return len(Opcodes) - 1
}
