package dnscount

// acks is what a client's acknowledgements say of the answers that it got (RFC 9293 section 3.4): with direct routing a
// director sees no octet of them, but each one is acknowledged on the way that the queries take.
//
// The FIN of the server takes a place in the sequence too. Which octet it is shows only when the connection is over, so
// the last one is never counted before that.
type acks struct {
	high    uint32 // the highest acknowledgement
	base    uint32 // where the answer that is awaited begins
	told    uint32 // octets up to here are counted
	asked   uint8  // queries since base: none or one
	known   bool
	blurred bool // queries were under way together, or some were not seen: answers cannot be told apart
	large   bool // a zone transfer is awaited: an answer of many messages
	alone   bool // the last acknowledgement was of one octet more
	fin     bool // of the client
	reset   bool
	over    bool
}

// maxAdvance is the largest window of TCP (RFC 7323 section 2.3).
const maxAdvance = 1 << 30

// leastAnswer is the octets of a length and of a header.
const leastAnswer = 2 + headerSize

// acknowledged takes the acknowledgement and the flags of a client's segment. Whatever the client makes up is counted for its
// virtual server only.
func (c *Counter) acknowledged(f *flow, p *packet) {
	a := &f.acks
	switch {
	case a.over || p.tcpFlags&(tcpSYN|tcpACK) != tcpACK && p.tcpFlags&tcpRST == 0:
		return
	case p.tcpFlags&tcpACK == 0:
	case !a.known:
		a.known, a.high, a.base, a.told = true, p.ack, p.ack, p.ack
		a.blurred = a.blurred || !f.begun
	default:
		switch ahead := int32(p.ack - a.high); {
		case ahead == 1 && a.fin: // the server's FIN alone: both are done
			c.last(f, a.high)
			return
		case ahead > 0 && ahead < maxAdvance:
			a.high, a.alone = p.ack, ahead == 1
			c.tell(f, a.high-1)
		}
	}
	a.fin = a.fin || p.tcpFlags&tcpFIN != 0
	if p.tcpFlags&tcpRST != 0 {
		a.reset = true
		c.settle(f)
	}
}

// tell counts octets up to a place.
func (c *Counter) tell(f *flow, to uint32) {
	if n := int32(to - f.acks.told); n > 0 {
		c.slots[f.service].counts.AckedBytes += uint64(n) * c.weight
		f.acks.told = to
	}
}

// asks begins the answer to a query of a connection.
func (c *Counter) asks(f *flow, m *Message) {
	a := &f.acks
	if !a.known || a.over {
		a.blurred = true
		return
	}
	if a.asked > 0 {
		if a.high == a.base {
			a.blurred = true
		}
		c.size(f, a.high)
	}
	// Who still asks got data, not a FIN.
	c.tell(f, a.high)
	a.base, a.asked, a.alone = a.high, 1, false
	a.large = m.Type == typeAXFR || m.Type == typeIXFR
}

// size counts the answer up to a place, if there is one and it is the only one.
func (c *Counter) size(f *flow, to uint32) {
	a := &f.acks
	n := int32(to - a.base)
	if a.asked == 0 || n <= 0 || a.large {
		return
	}
	if n < leastAnswer { // a part: what comes next is not told apart from the rest of it
		a.blurred = true
	}
	if !a.blurred {
		c.slots[f.service].counts.AckedSize.add(ResponseSizes[:], uint64(n-2), c.weight)
	}
	a.asked = 0
}

// settle counts the last answer of a connection, once.
func (c *Counter) settle(f *flow) {
	a := &f.acks
	if a.over || !a.known {
		return
	}
	end := a.high
	// After the client's own FIN the acknowledgement of the server's comes alone, and the connection is over then. Otherwise
	// the server was the first to end it, or sent its FIN with the last octets.
	if a.alone || a.fin && !a.reset {
		end--
	}
	if int32(end-a.told) < 0 {
		end = a.told
	}
	c.last(f, end)
}

func (c *Counter) last(f *flow, end uint32) {
	c.tell(f, end)
	c.size(f, end)
	f.acks.over = true
}
