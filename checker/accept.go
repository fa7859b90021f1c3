package checker

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/checker/internal/words"
	"github.com/miekg/dns"
)

// headerSize is the length of a DNS header (RFC 1035 section 4.1.1).
const headerSize = 12

// stray is what came from the network and is not the answer.
type stray struct {
	kind   Outcome // WrongSource … BadTSIG
	detail string  // for a person
}

// strays collects what came in vain: each kind once, with its first detail and
// a count, so that a flood costs no memory.
type strays struct {
	kinds  []stray
	counts [outcomes]int
}

func (s *strays) add(one stray) {
	if s.counts[one.kind] == 0 {
		s.kinds = append(s.kinds, one)
	}
	s.counts[one.kind]++
}

func (s *strays) String() string {
	parts := make([]string, len(s.kinds))
	for i, k := range s.kinds {
		parts[i] = k.detail
		if n := s.counts[k.kind]; n > 1 {
			parts[i] += fmt.Sprintf(" (%d such)", n)
		}
	}
	return strings.Join(parts, "; ")
}

// checkSource returns a stray when a datagram is not from the server that was
// asked. The usual cause is a name server bound to the wildcard address: it
// answers from whatever address the route prefers, and clients drop that.
func checkSource(server, from netip.AddrPort) *stray {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if from.Port() == server.Port() && sameAddress(server.Addr().Unmap(), from.Addr()) {
		return nil
	}
	return &stray{WrongSource, fmt.Sprintf("answer from %s instead of %s", from, server)}
}

// accept decides whether bytes from the server are the answer to the last of
// the tries that were sent. It is total: any bytes give a message or a stray,
// never both and never neither. What it returns holds no more than counts: of a
// truncated answer, and of an error without a question, there are no records.
func accept(sent []query, key *TSIGKey, reply []byte) (*dns.Msg, *stray) {
	now := sent[len(sent)-1]
	if len(reply) < headerSize {
		return nil, &stray{Malformed, fmt.Sprintf("packet of %s, too short for DNS", words.Count(len(reply), "byte"))}
	}
	if id := binary.BigEndian.Uint16(reply); id != now.id {
		for i, earlier := range sent[:len(sent)-1] {
			if id == earlier.id {
				return nil, &stray{Late, fmt.Sprintf("late answer to try %d", i+1)}
			}
		}
		return nil, &stray{WrongID, fmt.Sprintf("answer with message ID %d instead of %d", id, now.id)}
	}
	if reply[2]&0x80 == 0 {
		return nil, &stray{NotResponse, "packet that is no response (QR=0)"}
	}
	r, m := newMessage(reply)
	if m.Opcode != dns.OpcodeQuery {
		return nil, &stray{WrongQuestion, fmt.Sprintf("answer with opcode %s", opcodeName(m.Opcode))}
	}
	if m.Truncated && key == nil {
		return acceptTruncated(now.question, r, m)
	}
	if no := acceptWhole(now.question, r, m); no != nil {
		return nil, no
	}
	if key != nil {
		if err := key.verify(reply[:r.last], m, now.mac, time.Now()); err != nil {
			return nil, &stray{BadTSIG, fmt.Sprintf("TSIG: %v, rcode %s", err, RcodeName(m.Rcode))}
		}
	}
	if m.Truncated || len(m.Question) == 0 {
		m.Answer, m.Ns = nil, nil
	}
	return m, nil
}

// acceptTruncated reads no further than the question, if there is one: wherever the server has cut the rest, it says
// no more than "ask over TCP" (RFC 2181 section 9).
func acceptTruncated(asked Question, r *message, m *dns.Msg) (*dns.Msg, *stray) {
	questions, err := r.questions()
	if err != nil || len(questions) == 0 {
		return m, nil
	}
	m.Question = questions
	if no := checkQuestion(asked, m); no != nil {
		return nil, no
	}
	return m, nil
}

// acceptWhole reads everything. An error may come without the question: many servers refuse, or do not understand, with
// a header alone (RFC 1035 section 4.1.1). Data is believed only with it (RFC 5452 section 9.1), and that there is
// none is data too.
func acceptWhole(asked Question, r *message, m *dns.Msg) *stray {
	malformed := func(err error) *stray {
		detail := fmt.Sprintf("malformed answer (%v)", err)
		if m.Rcode != dns.RcodeSuccess {
			detail += ", rcode " + RcodeName(m.Rcode)
		}
		return &stray{Malformed, detail}
	}
	var err error
	if m.Question, err = r.questions(); err != nil {
		return malformed(err)
	}
	if len(m.Question) > 0 {
		if no := checkQuestion(asked, m); no != nil {
			return no
		}
	}
	if err := r.records(m); err != nil {
		return malformed(err)
	}
	if len(m.Question) == 0 && !m.Truncated && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError) {
		return checkQuestion(asked, m)
	}
	return nil
}

// checkQuestion compares the question that comes back with the one that was
// asked; names without regard to case (RFC 4343).
func checkQuestion(asked Question, m *dns.Msg) *stray {
	if len(m.Question) != 1 {
		return &stray{WrongQuestion, fmt.Sprintf("answer with %d questions in it, rcode %s", len(m.Question), RcodeName(m.Rcode))}
	}
	q := m.Question[0]
	if q.Qtype == asked.Type && q.Qclass == asked.Class && strings.EqualFold(q.Name, asked.Name) {
		return nil
	}
	got := Question{Name: q.Name, Type: q.Qtype, Class: q.Qclass}
	return &stray{WrongQuestion, fmt.Sprintf("answer to the question %s", got)}
}

// opcodeName returns an opcode by name, OPCODEn for one without a name.
func opcodeName(o int) string {
	if name, ok := dns.OpcodeToString[o]; ok {
		return name
	}
	return "OPCODE" + strconv.Itoa(o)
}
