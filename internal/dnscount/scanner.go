package dnscount

import "encoding/binary"

// scanner reads a message that comes in pieces, such as TCP segments or fragments, and keeps none of it: only where it
// is, and at most the few octets of a field that a piece has cut in two. What it finds is what Parse finds in the whole.
type scanner struct {
	Message
	left  uint32 // octets of the message that have not come yet
	skip  uint32 // octets that say nothing, to be passed over before step
	data  uint32 // octets of the OPT record's data after the current option
	step  step
	fill  uint8 // octets in word
	have  uint8
	buf   [headerSize]byte // the fixed field that is being read
	rest  [4]uint16        // questions and records to come, by section
	named uint16           // length of the name so far
	says  authority
	hash  folder
	word  uint64 // the last octets of the name, not hashed yet
}

// step is what the next octets are.
type step uint8

const (
	inHeader step = iota
	inName
	inPointer
	inQuestion
	inRecord
	inOption
	inEDE
	done
)

const last = 3 // section

// begin starts a message of so many octets.
func (s *scanner) begin(size int) {
	*s = scanner{Message: Message{Size: uint32(size)}, left: uint32(size)}
}

// feed reads the next octets, those at most that are left of the message, and returns how many.
func (s *scanner) feed(b []byte) int {
	if uint32(len(b)) > s.left {
		b = b[:s.left]
	}
	n := len(b)
	for len(b) > 0 && s.step != done {
		if s.skip > 0 {
			k := min(s.skip, uint32(len(b)))
			s.pass(b[:k])
			s.skip -= k
			s.left -= k
			b = b[k:]
			continue
		}
		k := 1
		switch s.step {
		case inName:
			s.label(b[0])
		case inPointer:
			s.octet(b[0])
			s.afterName()
		default:
			k = s.field(b)
		}
		s.left -= uint32(k)
		b = b[k:]
		s.settle()
	}
	s.left -= uint32(len(b))
	return n
}

// lose passes over octets that nobody saw.
func (s *scanner) lose(n uint32) {
	n = min(n, s.left)
	s.left -= n
	switch {
	case n == 0 || s.step == done:
	case n <= s.skip && !s.inLabel():
		// Data of a record: it would not have been looked at.
		s.skip -= n
	default:
		s.Seen |= IsCut
		s.step = done
	}
}

// finish ends a message of which all has come that will come.
func (s *scanner) finish() *Message {
	switch {
	case s.step == done:
	case s.left > 0:
		s.Seen |= IsCut
	case s.Size < headerSize:
		s.Defect = Short
	default:
		s.Defect = End
	}
	return &s.Message
}

// inLabel tells the octets of a label from other ones that are passed over.
func (s *scanner) inLabel() bool { return s.step == inName && s.named > 0 }

// settle looks ahead: what cannot fit into the message is a defect now, as the octets will never come.
func (s *scanner) settle() {
	if s.step != done && s.skip > s.left {
		s.stop(End)
	}
}

func (s *scanner) stop(d Defect) {
	s.Defect = d
	s.step, s.skip = done, 0
}

// pass is skipped octets: those of a label belong to the hash.
func (s *scanner) pass(b []byte) {
	if !s.inLabel() || s.Seen&HasQuestion != 0 {
		return
	}
	for _, c := range b {
		s.octet(c)
	}
}

// octet adds one to the hash of the name.
func (s *scanner) octet(c byte) {
	s.word |= uint64(c) << (8 * s.fill)
	if s.fill++; s.fill == 8 {
		s.hash.word(s.word)
		s.word, s.fill = 0, 0
	}
}

// label reads the octet that begins one.
func (s *scanner) label(n byte) {
	s.octet(n)
	switch {
	case n == 0:
		s.afterName()
	case n < 64:
		s.skip = uint32(n)
		if s.named += uint16(n) + 1; s.named >= 255 {
			s.stop(Label)
		}
	case n >= 0xc0:
		s.step = inPointer
	default:
		s.stop(Label)
	}
}

// need is how many octets the fixed field of a step has.
func (s step) need() int {
	switch s {
	case inHeader:
		return headerSize
	case inQuestion, inOption:
		return 4
	case inRecord:
		return recordSize
	case inEDE:
		return 2
	default:
		return 1
	}
}

// field reads octets of a fixed field, and acts on it when it is whole.
func (s *scanner) field(b []byte) int {
	need := s.step.need()
	k := copy(s.buf[s.have:need], b)
	if s.have += uint8(k); int(s.have) < need {
		return k
	}
	s.have = 0
	// What feed counts as read after this is not in left yet.
	after := s.left - uint32(k)
	switch s.step {
	case inHeader:
		s.header(s.buf[:])
		for i := range s.rest {
			s.rest[i] = binary.BigEndian.Uint16(s.buf[4+2*i:])
		}
		s.next()
	case inQuestion:
		if s.Seen&HasQuestion == 0 {
			s.question(s.nameHash(), s.buf[:])
		}
		s.next()
	case inRecord:
		s.record(after)
	case inOption:
		code, length := binary.BigEndian.Uint16(s.buf[:]), uint32(binary.BigEndian.Uint16(s.buf[2:]))
		s.data -= 4
		if length > s.data {
			s.stop(Option)
			break
		}
		s.data -= length
		s.option(code)
		s.skip = length
		if code == optionEDE && length >= 2 && s.Seen&HasEDE == 0 {
			s.step, s.skip = inEDE, 0
			s.data += length // the rest of the option is passed over after the code
			s.named = uint16(length)
			break
		}
		s.afterOption()
	case inEDE:
		s.ede(s.buf[:])
		s.data -= uint32(s.named)
		s.skip = uint32(s.named) - 2
		s.afterOption()
	case inName, inPointer, done: // of single octets, or none
	}
	return k
}

func (s *scanner) record(after uint32) {
	kind, data := binary.BigEndian.Uint16(s.buf[:]), uint32(binary.BigEndian.Uint16(s.buf[8:]))
	section := s.section()
	opt := section == last && kind == typeOPT
	if opt {
		s.opt(s.buf[:])
	}
	if data > after {
		s.stop(End)
		return
	}
	if section == 2 && s.Answers == 0 {
		s.says = s.says.after(kind)
		s.referral(s.says)
	}
	s.rest[section]--
	if opt && data > 0 {
		s.data = data
		s.afterOption()
		return
	}
	s.follow(data)
}

// afterOption goes on in the OPT record or after it.
func (s *scanner) afterOption() {
	switch {
	case s.data == 0:
		s.follow(s.skip)
	case s.data < 4:
		s.stop(Option)
	default:
		s.step = inOption
	}
}

func (s *scanner) afterName() {
	s.step = inRecord
	if s.section() == 0 {
		s.step = inQuestion
	}
}

// section is the one that is being read: questions, answers, authority, additional.
func (s *scanner) section() int {
	for i, n := range s.rest {
		if n > 0 {
			return i
		}
	}
	return len(s.rest)
}

// next ends a question, or the header.
func (s *scanner) next() {
	if s.step == inQuestion {
		s.rest[0]--
	}
	s.follow(0)
}

// follow goes on to the next question or record, after so many octets.
func (s *scanner) follow(skip uint32) {
	s.step, s.named, s.skip = inName, 0, skip
	s.hash, s.word, s.fill = 0, 0, 0
	if s.section() == len(s.rest) {
		s.step, s.skip = done, 0
	}
}

// nameHash is what fold makes of the name.
func (s *scanner) nameHash() uint32 {
	h := s.hash
	if s.fill > 0 {
		h.word(s.word)
	}
	return h.sum()
}
