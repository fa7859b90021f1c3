package checker

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

// rcodeSweep is each rcode that has a name, and one that has none, with the question and without.
func rcodeSweep() []swept {
	var rcodes []int
	for rcode := range dns.RcodeToString {
		rcodes = append(rcodes, rcode)
	}
	rcodes = append(rcodes, 4095)
	slices.Sort(rcodes)
	var cases []swept
	for _, rcode := range rcodes {
		withQuestion := func(wire []byte) []byte {
			if rcode < 16 {
				return dnstest.ReplyWith(wire, byte(rcode), nil, nil)
			}
			opt := dnstest.Record{Owner: "\x00", Type: dns.TypeOPT, Class: 1232, TTL: uint32(rcode) >> 4 << 24}
			return dnstest.ReplyWith(wire, byte(rcode&0xf), nil, []dnstest.Record{opt})
		}
		cases = append(cases,
			swept{key: RcodeName(rcode) + "-question", rcode: rcode, reply: withQuestion},
			swept{key: RcodeName(rcode) + "-none", rcode: rcode, reply: func(wire []byte) []byte {
				m, b := len(throughQuestion(wire)), withQuestion(wire)
				binary.BigEndian.PutUint16(b[4:], 0)
				return append(b[:headerSize:headerSize], b[m:]...)
			}})
	}
	return cases
}

// throughQuestion returns the header and the question of an answer.
func throughQuestion(wire []byte) []byte { return dnstest.Reply(wire, 0) }

// TestSweepRcodes: every rcode, with the question and without, over three transports.
func TestSweepRcodes(t *testing.T) {
	t.Parallel()
	data := difference{`(NOERROR|NXDOMAIN)-none`, "data, or that there is none, is believed only with the question (RFC 5452 section 9.1); dig shows everything"}
	refusal := difference{
		`.*-none`,
		"a resolver asks another server and need not know why; who looks after this one must know that it refuses, and Unbound does so without the question",
	}
	for _, transport := range []Transport{UDP, TCP, TLS} {
		t.Run(transport.String(), func(t *testing.T) {
			s := sweep{cases: rcodeSweep(), question: dns.TypeA, transport: transport, differences: []difference{data}}
			if transport == UDP { // delv knows no other way to ask
				s.delv = func(swept) bool { return true }
				s.differences = append(s.differences, refusal)
			}
			s.run(t)
		})
	}
}

// truncationSweep is one truncated answer, cut at a dozen places; over TCP it is whole.
func truncationSweep() []swept {
	whole := func(wire []byte) []byte {
		return dnstest.ReplyWith(wire, 0,
			[]dnstest.Record{{Type: dns.TypeA, Data: "\xc0\x00\x02\x01"}, {Type: dns.TypeA, Data: "\xc0\x00\x02\x02"}},
			[]dnstest.Record{{Owner: "\x00", Type: dns.TypeOPT, Class: 1232, Data: "\x00\x03\x00\x02db"}})
	}
	const header, question, record = 0, 1, 16 // an A record with a pointer for a name
	cuts := []struct {
		name   string
		behind int  // the header or the question
		at     int  // octets from there
		counts bool // the header counts what is gone
	}{
		{"header-alone", header, 0, false},
		{"header-that-counts", header, 0, true},
		{"in-the-name", header, 5, true},
		{"behind-the-name", question, -4, true},
		{"in-the-class", question, -1, true},
		{"question-alone", question, 0, false},
		{"question-that-counts", question, 0, true},
		{"in-an-owner", question, 1, true},
		{"in-a-type", question, 8, true},
		{"in-data", question, record - 2, true},
		{"between-records", question, record, true},
		{"in-the-OPT", question, 2*record + 11 + 3, true},
	}
	var cases []swept
	for _, c := range cuts {
		cases = append(cases, swept{key: c.name, tcp: whole, reply: func(wire []byte) []byte {
			b, end := whole(wire), headerSize
			if c.behind == question {
				end = len(throughQuestion(wire))
			}
			b = b[:end+c.at]
			b[2] |= 0x02
			if !c.counts {
				copy(b[4:], []byte{0, byte(c.behind), 0, 0, 0, 0, 0, 0})
			}
			return b
		}})
	}
	return cases
}

// TestSweepTruncation: whatever is left of a truncated answer, TCP decides (RFC 2181 section 9).
func TestSweepTruncation(t *testing.T) {
	t.Parallel()
	s := sweep{
		cases: truncationSweep(), question: dns.TypeA, expect: Expect{MinAnswers: 2}, delv: func(swept) bool { return true },
		differences: []difference{{`header-|in-the-(name|class)|behind-the-name`, "a resolver throws away a question that is cut, and asks another server; dig asks over TCP, too"}},
	}
	s.run(t)
}
