package dnscount

import "encoding/binary"

// stream follows the messages in one direction of a connection (RFC 1035 section 4.2.2: two octets of length, then
// the message). It keeps none of the data: a message that lies in one segment is read there, one that
// spans segments is read by a scanner as they come.
type stream struct {
	next    uint32 // sequence number of what comes next
	first   uint32 // that of the first octet, if the SYN was seen
	hole    uint32 // what is missing is from here …
	holeEnd uint32 // … to here, and a message begins where it does
	sync    sync
	reading bool // scanner is in a message
	high    bool // the first octet of a length was seen, and is
	length  byte
	scanner scanner
}

type sync uint8

const (
	unknown sync = iota // the connection is older than this program
	inSync
	lost // until a segment looks like the beginning of a message
)

// maxHole is more than a receive window that a DNS client gets to see.
const maxHole = 1 << 20

// data reads a segment's data: b was captured of size octets.
func (c *Counter) data(f *flow, s *stream, e *exchange, seq uint32, b []byte, size int) {
	if len(b) > size {
		b = b[:size]
	}
	ahead := int32(seq - s.next)
	if e.direction == Query && (ahead > 0 || s.sync != inSync) {
		f.acks.blurred = true
	}
	switch {
	case s.sync == unknown:
		s.next = seq
		c.resync(s, e, b)
	case ahead < 0:
		if seq == s.hole && s.hole != s.holeEnd {
			c.mend(f, s, e, b)
		}
		behind := int(-int64(ahead))
		if behind >= size {
			return // all of it was there before
		}
		b, size, seq = b[min(behind, len(b)):], size-behind, s.next
	case s.sync == lost:
		c.resync(s, e, b)
	case ahead > 0:
		c.gap(f, s, e, seq, uint32(ahead), b)
	}
	if s.sync == inSync {
		c.messages(f, s, e, b)
	}
	s.next = seq + uint32(size)
	if missing := size - len(b); missing > 0 && s.sync == inSync {
		// The capture was cut.
		if c.skipped(f, s, e, uint32(missing)) {
			return
		}
		c.desync(s, e)
	}
}

// gap goes on after octets that were not seen.
func (c *Counter) gap(f *flow, s *stream, e *exchange, seq, missing uint32, b []byte) {
	switch {
	case c.skipped(f, s, e, missing):
	case !s.reading && !s.high && missing < maxHole && plausible(b, e.direction):
		// Both sides of the hole are the beginning of a message. If it comes later, it can be read.
		if s.hole != s.holeEnd {
			c.slots[e.service].counts.Desyncs += c.weight
		}
		s.hole, s.holeEnd = s.next, seq
	default:
		c.desync(s, e)
		c.resync(s, e, b)
	}
	s.next = seq
}

// skipped reports whether what is missing belongs to the message that is being read, which then goes on without.
func (c *Counter) skipped(f *flow, s *stream, e *exchange, missing uint32) bool {
	if !s.reading || missing > s.scanner.left {
		return false
	}
	s.scanner.lose(missing)
	if s.scanner.left == 0 {
		s.reading = false
		c.counted(f, s, e, s.scanner.finish(), nil)
	}
	return true
}

// desync gives up on where the next message begins. The one that was being read is counted for what is known.
func (c *Counter) desync(s *stream, e *exchange) {
	c.slots[e.service].counts.Desyncs += c.weight
	if s.reading {
		c.count(e, s.scanner.finish(), nil)
	}
	s.sync, s.reading, s.high = lost, false, false
}

// resync begins anew at a segment that looks right.
func (c *Counter) resync(s *stream, e *exchange, b []byte) {
	s.sync, s.reading, s.high = lost, false, false
	if plausible(b, e.direction) {
		s.sync = inSync
	}
}

// plausible reports whether octets look like the length of a message and the message.
func plausible(b []byte, d Direction) bool {
	if len(b) < 2+headerSize {
		return false
	}
	length := int(be16(b, 0))
	var m Message
	m.Parse(b[2:min(2+length, len(b))], length)
	const reserved = 0x0040
	return m.Defect == Sound && m.Has(HasQuestion) && be16(b, 6) == 1 && m.Flags&reserved == 0 && m.IsResponse() == (d == Response) &&
		opcodeIndex(m.Opcode()) < len(Opcodes)-1 && m.Class != 0 && (d == Response || m.Flags&15 == 0)
}

// mend reads what fills a hole.
func (c *Counter) mend(f *flow, s *stream, e *exchange, b []byte) {
	left := s.holeEnd - s.hole
	if uint32(len(b)) > left {
		b = b[:left]
	}
	for len(b) > 2 {
		length := int(be16(b, 0))
		if len(b) < 2+length {
			break
		}
		c.message.Parse(b[2:2+length], length)
		c.counted(f, s, e, &c.message, b[2:2+length])
		b = b[2+length:]
		s.hole += 2 + uint32(length)
	}
	if len(b) > 0 { // a message spans segments: too much to remember for what may be garbage
		s.hole = s.holeEnd
		c.slots[e.service].counts.Desyncs += c.weight
	}
}

// messages reads octets that follow on the last ones.
func (c *Counter) messages(f *flow, s *stream, e *exchange, b []byte) {
	for len(b) > 0 && s.sync == inSync {
		if s.reading {
			b = b[s.scanner.feed(b):]
			if s.scanner.left == 0 {
				s.reading = false
				c.counted(f, s, e, s.scanner.finish(), nil)
			}
			continue
		}
		var length int
		switch {
		case s.high:
			length, b = int(s.length)<<8|int(b[0]), b[1:]
			s.high = false
		case len(b) == 1:
			s.high, s.length = true, b[0]
			return
		default:
			length, b = int(binary.BigEndian.Uint16(b)), b[2:]
		}
		if length <= len(b) {
			c.message.Parse(b[:length], length)
			message := b[:length]
			b = b[length:]
			c.counted(f, s, e, &c.message, message)
			continue
		}
		s.scanner.begin(length)
		s.reading = true
	}
}

// counted counts a message of a stream, which is b unless it came in pieces.
func (c *Counter) counted(f *flow, s *stream, e *exchange, m *Message, b []byte) {
	if !c.count(e, m, b) {
		// What says "response" where queries belong is no DNS, or not where we think it begins.
		if m.Has(HasHeader) {
			c.desync(s, e)
		} else {
			c.slots[e.service].counts.Desyncs += c.weight // its header was lost
		}
		return
	}
	if e.direction == Response {
		return
	}
	c.asks(f, m)
	if m.Defect == Short {
		return
	}
	f.queries++
	if f.server == 0 {
		f.pending += c.weight
		return
	}
	c.slots[e.service].servers[f.server-1].counts.Queries[TCP] += c.weight
}
