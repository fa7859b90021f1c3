package dnstest

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
)

// Message is the header of a DNS message and its first question.
type Message struct {
	ID                  uint16
	QR, AA, TC, RD, RA  bool
	Opcode, Rcode       int // the header's four bits of each
	Questions           int // as the header counts them
	Answers, NS, Extras int
	Name                string // labels in lower case, each with a dot behind it; a dot or \ inside is escaped with \
	Type, Class         uint16
}

// Parse decodes the header and the first question (RFC 1035 sections 4.1.1 and
// 4.1.2). It was written from the RFC alone, as a second opinion about what a
// program accepts.
func Parse(b []byte) (Message, error) {
	if len(b) < 12 {
		return Message{}, errors.New("no header")
	}
	bits := binary.BigEndian.Uint16(b[2:])
	m := Message{
		ID: binary.BigEndian.Uint16(b),
		QR: bits>>15 == 1, Opcode: int(bits >> 11 & 15),
		AA: bits>>10&1 == 1, TC: bits>>9&1 == 1, RD: bits>>8&1 == 1, RA: bits>>7&1 == 1,
		Rcode:     int(bits & 15),
		Questions: int(binary.BigEndian.Uint16(b[4:])), Answers: int(binary.BigEndian.Uint16(b[6:])),
		NS: int(binary.BigEndian.Uint16(b[8:])), Extras: int(binary.BigEndian.Uint16(b[10:])),
	}
	if m.Questions == 0 {
		return m, nil
	}
	name, end, err := parseName(b, 12)
	if err != nil {
		return m, err
	}
	if len(b) < end+4 {
		return m, errors.New("question cut short")
	}
	m.Name, m.Type, m.Class = name, binary.BigEndian.Uint16(b[end:]), binary.BigEndian.Uint16(b[end+2:])
	return m, nil
}

// parseName reads a name at an offset and returns where it ends.
func parseName(b []byte, at int) (name string, end int, err error) {
	var labels strings.Builder
	for jumps, size := 0, 1; ; {
		if at >= len(b) {
			return "", 0, errors.New("name cut short")
		}
		length := int(b[at])
		switch {
		case length == 0:
			if jumps == 0 {
				end = at + 1
			}
			return labels.String(), end, nil
		case length < 64:
			if at+1+length > len(b) {
				return "", 0, errors.New("label cut short")
			}
			for _, c := range b[at+1 : at+1+length] {
				switch {
				case 'A' <= c && c <= 'Z':
					c += 'a' - 'A'
				case c == '.' || c == '\\':
					labels.WriteByte('\\')
				}
				labels.WriteByte(c)
			}
			labels.WriteByte('.')
			at += 1 + length
			if size += 1 + length; size > 255 {
				return "", 0, errors.New("name too long")
			}
		case length >= 192:
			if at+1 >= len(b) {
				return "", 0, errors.New("pointer cut short")
			}
			if jumps == 0 {
				end = at + 2
			}
			if jumps++; jumps > 127 {
				return "", 0, errors.New("pointers in a circle")
			}
			at = (length-192)<<8 | int(b[at+1])
		default:
			return "", 0, errors.New("no such kind of label")
		}
	}
}

// Records returns what is behind the questions of a message: the answer, authority and additional sections (RFC 1035
// section 4.1.3), with the owners as text, as in Message.
func Records(b []byte) (sections [3][]Record, err error) {
	m, err := Parse(b)
	if err != nil {
		return sections, err
	}
	at := 12
	for range m.Questions {
		if _, at, err = parseName(b, at); err != nil {
			return sections, err
		}
		at += 4
	}
	for i, count := range []int{m.Answers, m.NS, m.Extras} {
		for range count {
			name, end, err := parseName(b, at)
			if err != nil {
				return sections, err
			}
			if len(b) < end+10 || len(b) < end+10+int(binary.BigEndian.Uint16(b[end+8:])) {
				return sections, errors.New("record cut short")
			}
			at = end + 10 + int(binary.BigEndian.Uint16(b[end+8:]))
			sections[i] = append(sections[i], Record{
				Owner: name, Type: binary.BigEndian.Uint16(b[end:]), Class: binary.BigEndian.Uint16(b[end+2:]),
				TTL: binary.BigEndian.Uint32(b[end+4:]), Data: string(b[end+10 : at]),
			})
		}
	}
	return sections, nil
}

// Record is a resource record as a server sends it, right or wrong.
type Record struct {
	Owner string // as on the wire; empty: the name that is asked for
	Type  uint16
	Class uint16 // 0: IN
	TTL   uint32
	Data  string
}

// SOA is the start of authority that an answer to such a question holds.
var SOA = Record{Type: 6, TTL: 60, Data: "\x00\x00" + strings.Repeat("\x00\x00\x00\x01", 5)}

// Reply returns the answer to a query with an rcode and A records for its
// name: the query's ID, RD and question, QR set, no OPT record. It panics on a
// query that it cannot read, because then the test is wrong.
func Reply(query []byte, rcode byte, answers ...netip.Addr) []byte {
	records := make([]Record, len(answers))
	for i, a := range answers {
		records[i] = Record{Type: 1, TTL: 60, Data: string(a.AsSlice())}
	}
	return ReplyWith(query, rcode, records, nil)
}

// ReplyWith is Reply with any records in the answer and the additional section.
func ReplyWith(query []byte, rcode byte, answer, additional []Record) []byte {
	_, end, err := parseName(query, 12)
	if err != nil {
		panic("dnstest: reply to " + err.Error())
	}
	b := append([]byte(nil), query[:end+4]...)
	b[2] = b[2]&0x01 | 0x80
	b[3] = rcode
	copy(b[4:12], []byte{0, 1, 0, byte(len(answer)), 0, 0, 0, byte(len(additional))})
	for _, r := range append(answer[:len(answer):len(answer)], additional...) {
		if r.Owner == "" {
			r.Owner = "\xc0\x0c" // a pointer to the question
		}
		b = append(b, r.Owner...)
		b = binary.BigEndian.AppendUint16(b, r.Type)
		b = binary.BigEndian.AppendUint16(b, max(r.Class, 1))
		b = binary.BigEndian.AppendUint32(b, r.TTL)
		b = binary.BigEndian.AppendUint16(b, uint16(len(r.Data)))
		b = append(b, r.Data...)
	}
	return b
}
