package checker

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// headerSize is the length of a DNS header (RFC 1035 section 4.1.1).
const headerSize = 12

// Stray is what came from the network and is not the answer.
type Stray struct {
	Kind   Outcome // WrongSource … BadTSIG
	Detail string  // for a person
}

// strays collects what came in vain: each kind once, with its first detail and
// a count, so that a flood costs no memory.
type strays struct {
	kinds  []Stray
	counts [outcomes]int
}

func (s *strays) add(stray Stray) {
	if s.counts[stray.Kind] == 0 {
		s.kinds = append(s.kinds, stray)
	}
	s.counts[stray.Kind]++
}

func (s *strays) String() string {
	parts := make([]string, len(s.kinds))
	for i, k := range s.kinds {
		parts[i] = k.Detail
		if n := s.counts[k.Kind]; n > 1 {
			parts[i] += fmt.Sprintf(" (%d such)", n)
		}
	}
	return strings.Join(parts, "; ")
}

// checkSource returns a stray when a datagram is not from the server that was
// asked. The usual cause is a name server bound to the wildcard address: it
// answers from whatever address the route prefers, and clients drop that.
func checkSource(server, from netip.AddrPort) *Stray {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if from.Port() == server.Port() && sameAddress(server.Addr().Unmap(), from.Addr()) {
		return nil
	}
	return &Stray{WrongSource, fmt.Sprintf("answer from %s instead of %s", from, server)}
}

// accept decides whether bytes from the server are the answer to the last of
// the tries that were sent. It is total: any bytes give a message or a stray,
// never both and never neither.
func accept(sent []query, key *TSIGKey, reply []byte) (*dns.Msg, *Stray) {
	now := sent[len(sent)-1]
	if len(reply) < headerSize {
		return nil, &Stray{Malformed, fmt.Sprintf("packet of %s, too short for DNS", count(len(reply), "byte"))}
	}
	if id := binary.BigEndian.Uint16(reply); id != now.id {
		for i, earlier := range sent[:len(sent)-1] {
			if id == earlier.id {
				return nil, &Stray{Late, fmt.Sprintf("late answer to try %d", i+1)}
			}
		}
		return nil, &Stray{WrongID, fmt.Sprintf("answer with message ID %d instead of %d", id, now.id)}
	}
	if reply[2]&0x80 == 0 {
		return nil, &Stray{NotResponse, "packet that is no response (QR=0)"}
	}
	m := new(dns.Msg)
	if err := unpack(m, reply); err != nil {
		return nil, &Stray{Malformed, fmt.Sprintf("malformed answer (%v)", err)}
	}
	if stray := checkQuestion(now.question, m); stray != nil {
		return nil, stray
	}
	if key != nil {
		if err := key.verify(reply, m, now.mac); err != nil {
			return nil, &Stray{BadTSIG, fmt.Sprintf("TSIG: %v, rcode %s", err, RcodeName(m.Rcode))}
		}
	}
	return m, nil
}

// unpack decodes strictly: a message that holds fewer records than its header
// counts is malformed. The library takes such a one for whole when the bytes
// end between two records.
func unpack(m *dns.Msg, b []byte) error {
	if err := m.Unpack(b); err != nil {
		return err
	}
	for i, have := range []int{len(m.Question), len(m.Answer), len(m.Ns), len(m.Extra)} {
		// A header alone is a refusal without its question, checkQuestion's matter.
		if want := int(binary.BigEndian.Uint16(b[4+2*i:])); have != want && len(b) > headerSize {
			return fmt.Errorf("header counts %d records in section %d, the packet has %d", want, i, have)
		}
	}
	return nil
}

// checkQuestion compares the question that comes back with the one that was
// asked; names without regard to case (RFC 4343).
func checkQuestion(asked Question, m *dns.Msg) *Stray {
	if m.Opcode != dns.OpcodeQuery {
		return &Stray{WrongQuestion, fmt.Sprintf("answer with opcode %s", dns.OpcodeToString[m.Opcode])}
	}
	if len(m.Question) != 1 {
		return &Stray{WrongQuestion, fmt.Sprintf("answer with %d questions in it, rcode %s", len(m.Question), RcodeName(m.Rcode))}
	}
	q := m.Question[0]
	if q.Qtype == asked.Type && q.Qclass == asked.Class && strings.EqualFold(q.Name, asked.Name) {
		return nil
	}
	got := Question{Name: q.Name, Type: q.Qtype, Class: q.Qclass}
	return &Stray{WrongQuestion, fmt.Sprintf("answer to the question %s", got)}
}
