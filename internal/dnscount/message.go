package dnscount

import "encoding/binary"

// Message is what is worth knowing of a DNS message.
type Message struct {
	ID    uint16
	Flags uint16 // the second 16 bits of the header (RFC 1035 section 4.1.1)
	// Rcode is the header's four bits, with the eight of the OPT record above them (RFC 6891 section 6.1.3).
	Rcode    uint16
	Type     uint16 // of the first question
	Class    uint16
	UDPSize  uint16 // of the OPT record
	EDE      uint16 // the first extended error (RFC 8914)
	Answers  uint16 // as the header counts them
	Question uint32 // a hash of name and type, in which case does not count
	Size     uint32 // of the whole message, even if not all of it was seen
	Seen     Seen
	Version  uint8 // of EDNS
	Defect   Defect
}

// Seen is a set of things that a message has.
type Seen uint16

// What a message may have.
const (
	HasHeader Seen = 1 << iota
	HasQuestion
	HasEDNS
	HasDO
	HasCookie
	HasSubnet
	HasEDE
	HasReferral // NS and no SOA in the authority section; only told of messages without answers
	IsCut       // some of it was not captured: what comes late in a message, such as EDNS, may be missing
)

const (
	flagQR = 0x8000
	flagAA = 0x0400
	flagTC = 0x0200
	flagRD = 0x0100
	flagRA = 0x0080
	flagAD = 0x0020
	flagCD = 0x0010

	headerSize = 12
	recordSize = 10 // of a record without its name and data
)

const (
	typeNS   = 2
	typeSOA  = 6
	typeOPT  = 41
	typeIXFR = 251
	typeAXFR = 252
)

// Options of EDNS.
const (
	optionSubnet = 8
	optionCookie = 10
	optionEDE    = 15
)

// Opcode is that of the header.
func (m *Message) Opcode() uint16 { return m.Flags >> 11 & 15 }

// IsResponse tells by the QR bit.
func (m *Message) IsResponse() bool { return m.Flags&flagQR != 0 }

// Has reports whether the message has all of these.
func (m *Message) Has(s Seen) bool { return m.Seen&s == s }

// header takes what the header says.
func (m *Message) header(b []byte) {
	_ = b[headerSize-1]
	m.Seen |= HasHeader
	m.ID = binary.BigEndian.Uint16(b)
	m.Flags = binary.BigEndian.Uint16(b[2:])
	m.Rcode = m.Flags & 15
	m.Answers = binary.BigEndian.Uint16(b[6:])
}

// Parse reads a message of which b is the beginning or all, and size the length on the wire. Whatever the
// bytes, what was read before a defect stays.
func (m *Message) Parse(b []byte, size int) {
	*m = Message{Size: uint32(size)}
	if len(b) > size {
		b = b[:size]
	}
	if len(b) < headerSize {
		if m.Seen = IsCut; size < headerSize {
			m.Seen, m.Defect = 0, Short
		}
		return
	}
	m.header(b)
	off := headerSize
	for i := range binary.BigEndian.Uint16(b[4:]) {
		end := m.name(b, off, size)
		if end < 0 {
			return
		}
		if end+4 > len(b) {
			m.ended(end+4, size)
			return
		}
		if i == 0 {
			m.question(fold(b[off:end]), b[end:])
		}
		off = end + 4
	}
	var says authority
	for section := 6; section <= 10; section += 2 {
		for range binary.BigEndian.Uint16(b[section:]) {
			// Nearly every name of a record is the root of an OPT record or a pointer.
			switch {
			case off < len(b) && b[off] == 0:
				off++
			case off+1 < len(b) && b[off] >= 0xc0:
				off += 2
			default:
				if off = m.name(b, off, size); off < 0 {
					return
				}
			}
			if off+recordSize > len(b) {
				m.ended(off+recordSize, size)
				return
			}
			kind, data := binary.BigEndian.Uint16(b[off:]), int(binary.BigEndian.Uint16(b[off+8:]))
			if section == 10 && kind == typeOPT {
				m.opt(b[off:])
			}
			off += recordSize
			if off+data > size {
				m.Defect = End
				return
			}
			if section == 10 && kind == typeOPT && !m.options(b, off, data) {
				return
			}
			if section == 8 && m.Answers == 0 {
				says = says.after(kind)
				m.referral(says)
			}
			off += data
		}
	}
	if off > len(b) {
		m.ended(off, size)
	}
}

// authority is what the records of that section have said so far.
type authority uint8

const (
	nothing authority = iota
	delegates
	hasSOA
)

func (a authority) after(kind uint16) authority {
	switch {
	case kind == typeSOA:
		return hasSOA
	case kind == typeNS && a == nothing:
		return delegates
	}
	return a
}

func (m *Message) referral(a authority) {
	m.Seen &^= HasReferral
	if a == delegates {
		m.Seen |= HasReferral
	}
}

// ended notes that reading needs octets up to an end: those that were not captured, or those that are not there.
func (m *Message) ended(end, size int) {
	if end > size {
		m.Defect = End
	} else {
		m.Seen |= IsCut
	}
}

// question takes the first question; b begins with its type.
func (m *Message) question(hash uint32, b []byte) {
	m.Type, m.Class = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	m.Question = hash + uint32(m.Type)*0x9e3779b1
	m.Seen |= HasQuestion
}

// name returns where a name ends that starts at off, or -1.
func (m *Message) name(b []byte, off, size int) int {
	start := off
	for off < len(b) {
		switch n := int(b[off]); {
		case n == 0:
			return off + 1
		case n < 64:
			// With the root, a name has at most 255 octets (RFC 1035 section 2.3.4).
			if off += n + 1; off-start >= 255 {
				m.Defect = Label
				return -1
			}
		case n >= 0xc0:
			if off+2 > len(b) {
				m.ended(off+2, size)
				return -1
			}
			return off + 2
		default:
			m.Defect = Label
			return -1
		}
	}
	m.ended(off+1, size)
	return -1
}

// opt takes an OPT record; b begins with its type. Of several the last one counts.
func (m *Message) opt(b []byte) {
	m.UDPSize = binary.BigEndian.Uint16(b[2:])
	m.Rcode = m.Flags&15 | uint16(b[4])<<4
	m.Version = b[5]
	m.Seen = m.Seen&^HasDO | HasEDNS
	if b[6]&0x80 != 0 {
		m.Seen |= HasDO
	}
}

// options reads those of an OPT record, and reports whether reading goes on.
func (m *Message) options(b []byte, off, size int) bool {
	for size > 0 {
		if size < 4 {
			m.Defect = Option
			return false
		}
		if off+4 > len(b) {
			m.Seen |= IsCut
			return false
		}
		code, length := binary.BigEndian.Uint16(b[off:]), int(binary.BigEndian.Uint16(b[off+2:]))
		off, size = off+4, size-4
		if length > size {
			m.Defect = Option
			return false
		}
		if code == optionEDE && length >= 2 && m.Seen&HasEDE == 0 {
			if off+2 > len(b) {
				m.Seen |= IsCut
				return false
			}
			m.ede(b[off:])
		}
		m.option(code)
		off, size = off+length, size-length
	}
	return true
}

func (m *Message) ede(b []byte) {
	m.EDE = binary.BigEndian.Uint16(b)
	m.Seen |= HasEDE
}

func (m *Message) option(code uint16) {
	switch code {
	case optionSubnet:
		m.Seen |= HasSubnet
	case optionCookie:
		m.Seen |= HasCookie
	}
}

// NoData reports a response that says: the name exists, but not this type of it (RFC 2308 section 2.2).
func (m *Message) NoData() bool {
	return m.Rcode == 0 && m.Answers == 0 && m.Opcode() == 0 && m.Flags&flagTC == 0 && m.Has(HasQuestion) && !m.Has(HasReferral)
}

// fold hashes a name, in which case does not count: servers may answer in another case than they were asked. Other
// octets that differ in that bit only count as equal too, and nobody is harmed by it.
func fold(b []byte) uint32 {
	var h folder
	i := 0
	for ; i+8 <= len(b); i += 8 {
		h.word(binary.LittleEndian.Uint64(b[i:]))
	}
	switch n := len(b) - i; {
	case n == 0:
	case len(b) >= 8: // the last eight octets, without those that were there before
		h.word(binary.LittleEndian.Uint64(b[len(b)-8:]) >> (8 * (8 - n)))
	default:
		var w uint64
		for i, c := range b {
			w |= uint64(c) << (8 * i)
		}
		h.word(w)
	}
	return h.sum()
}

// folder is the hash of fold in the making.
type folder uint64

func (h *folder) word(w uint64) {
	x := (uint64(*h) ^ (w | 0x2020202020202020)) * 0x9e3779b97f4a7c15
	*h = folder(x ^ x>>32)
}

func (h folder) sum() uint32 { return uint32(uint64(h) >> 16) }
