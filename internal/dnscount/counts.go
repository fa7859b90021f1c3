package dnscount

// Bounds of histograms: the sizes at which DNS changes its ways are 512 (no EDNS), 1232 (DNS flag day 2020), 1400 (RFC 9715),
// 1472 (an Ethernet without fragments), and what tunnels leave of it.
var (
	EDNSSizes           = [...]uint64{512, 1220, 1232, 1280, 1400, 1410, 1452, 1472, 2048, 4096}
	ResponseSizes       = [...]uint64{128, 256, 512, 1232, 1400, 1472, 2048, 4096, 16384}
	Latencies           = [...]uint64{50e3, 100e3, 250e3, 500e3, 1e6, 2.5e6, 5e6, 10e6, 50e6, 250e6, 1e9, 5e9} // nanoseconds
	ConnectionQuestions = [...]uint64{0, 1, 2, 5, 10, 50, 100, 1000}
)

// Histogram counts values up to each of its bounds, not cumulative; those above all are in the bucket after the last.
type Histogram struct {
	Buckets [13]uint64
	Sum     uint64
}

func (h *Histogram) add(bounds []uint64, value, weight uint64) {
	i := 0
	for i < len(bounds) && value > bounds[i] {
		i++
	}
	h.Buckets[i] += weight
	h.Sum += value * weight
}

// Count is how many values there were.
func (h *Histogram) Count() (n uint64) {
	for _, b := range h.Buckets {
		n += b
	}
	return n
}

// Counts are the numbers of one virtual server. They only grow. Arrays are by the tables of names.go.
type Counts struct {
	// Seen is what IPVS counts as incoming packets, by transport: whole datagrams, segments, ICMP about either.
	Seen [len(Transports)]uint64

	Queries    [len(Transports)][len(Families)]uint64
	ByType     [len(Types)]uint64
	ByOpcode   [len(Opcodes)]uint64
	QueryFlags [len(QueryFlags)]uint64
	EDNS       [len(EDNSVersions)]uint64
	EDNSSize   Histogram
	Subnets    uint64 // queries with a client subnet (RFC 7871)
	Cookies    uint64 // queries with a cookie (RFC 7873)

	// What clients do about responses that they did not get or do not like; whether this host sees responses or not.
	Retransmits uint64 // UDP queries with ID, port and question of one a moment before
	Requeries   uint64 // UDP queries with another ID or port and the question of one that still waits
	Fallbacks   uint64 // queries over TCP with the question of one over UDP a moment before
	Downgrades  uint64 // UDP queries with less of EDNS than the same question had a moment before
	// What clients acknowledge over TCP.
	AckedBytes uint64    // octets of answers with their lengths
	AckedSize  Histogram // by ResponseSizes: answers to queries that a connection asked one at a time

	Responses      [len(Transports)][len(Rcodes)]uint64
	ResponseFlags  [len(ResponseFlags)]uint64
	Truncated      [len(Families)]uint64
	NoData         uint64
	ResponseSize   [len(Transports)]Histogram
	Latency        [len(Transports)]Histogram
	ExtendedErrors [len(ExtendedErrors)]uint64
	Transfers      uint64 // further messages of zone transfers; the first of each is a response
	Unanswered     uint64
	Orphans        uint64 // responses to no query that was seen, or to one that has its response
	WrongSource    uint64 // answers from an address that was not asked

	Connections    uint64
	Resets         uint64 // connections that one of the two ended by a reset
	PerConnection  Histogram
	Desyncs        uint64 // times that the beginning of the next message in a stream was lost
	Fragmented     [len(Directions)][len(Families)]uint64
	Fragments      [len(Positions)][len(Directions)]uint64
	Feedback       [len(Feedbacks)][len(FeedbackDirections)]uint64
	Malformed      [len(Defects)]uint64
	EvictedMatches uint64 // queries and responses that did not find each other in time because the table was full
}

// ServerCounts are the numbers of one real server of a virtual server, as a director knows them.
type ServerCounts struct {
	Queries [len(Transports)]uint64
}

// Totals are numbers of all packets that a Counter was given.
type Totals struct {
	Frames      uint64
	Undecodable uint64 // no IP packet, or a broken one
	Unwanted    uint64 // of no virtual server
	Unsampled   uint64 // left out by the sample
	// What had to make room in a table of fixed size: connections, queries that wait, fragments, questions
	// that may be repeated.
	FlowEvictions, MatchEvictions, FragmentEvictions, RepeatEvictions uint64
	// Unforwarded are queries on the way to a real server that cannot be told apart, by reason: its
	// address serves several virtual servers, or the MAC is not in the neighbour table.
	Unforwarded uint64
}

func (c *Counts) query(x *indexes, e *exchange, m *Message, w uint64) {
	c.Queries[e.transport][e.family] += w
	c.ByOpcode[opcodeIndex(m.Opcode())] += w
	if m.Has(HasQuestion) {
		c.ByType[index(x.types[:], m.Type, otherType)] += w
	} else {
		c.ByType[otherType] += w
	}
	for i, has := range [...]bool{m.Flags&flagRD != 0, m.Flags&flagCD != 0, m.Flags&flagAD != 0, m.Has(HasDO)} {
		if has {
			c.QueryFlags[i] += w
		}
	}
	switch {
	case !m.Has(HasEDNS):
		if !m.Has(IsCut) {
			c.EDNS[0] += w
		}
	case m.Version == 0:
		c.EDNS[1] += w
	default:
		c.EDNS[2] += w
	}
	if m.Has(HasEDNS) {
		c.EDNSSize.add(EDNSSizes[:], uint64(m.UDPSize), w)
	}
	if m.Has(HasSubnet) {
		c.Subnets += w
	}
	if m.Has(HasCookie) {
		c.Cookies += w
	}
	if m.Defect != Sound {
		c.Malformed[m.Defect] += w
	}
}

func (c *Counts) response(x *indexes, e *exchange, m *Message, w uint64) {
	c.Responses[e.transport][index(x.rcodes[:], m.Rcode, otherRcode)] += w
	for i, flag := range [...]uint16{flagAA, flagTC, flagRA, flagAD} {
		if m.Flags&flag != 0 {
			c.ResponseFlags[i] += w
		}
	}
	if m.Flags&flagTC != 0 {
		c.Truncated[e.family] += w
	}
	if m.NoData() {
		c.NoData += w
	}
	c.ResponseSize[e.transport].add(ResponseSizes[:], uint64(m.Size), w)
	if m.Has(HasEDE) {
		c.ExtendedErrors[index(x.edes[:], m.EDE, otherEDE)] += w
	}
	if m.Defect != Sound {
		c.Malformed[m.Defect] += w
	}
}
