package checker_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

const (
	silence  = 1500 * time.Millisecond // for checks that must wait to the end
	generous = 30 * time.Second        // for checks that an answer ends
)

// letIn is what mends a REFUSED.
const letIn = "; let this host ask (the server's access control), or ask for a zone it serves"

func question() checker.Question {
	return checker.Question{Name: "example.com.", Type: dns.TypeA, Class: dns.ClassINET}
}

// asking is a check of a server with one question and one try.
func asking(s *dnstest.Server, timeout time.Duration) *checker.Check {
	return &checker.Check{Server: s.Addr(), Questions: []checker.Question{question()}, Timeout: timeout, Attempts: 1}
}

// good is the answer to a query.
func good(q *dnstest.Query) []byte { return dnstest.Reply(q.Wire, dns.RcodeSuccess) }

// bent is the answer with a change.
func bent(change func(b []byte) []byte) dnstest.Handler {
	return func(q *dnstest.Query) { q.Send(change(good(q))) }
}

// questions returns the answer's header with other questions behind it.
func questions(b []byte, list ...string) []byte {
	b = b[:12]
	binary.BigEndian.PutUint16(b[4:], uint16(len(list)))
	return append(b, strings.Join(list, "")...)
}

const (
	wireExampleCom = "\x07example\x03com\x00"
	wireAIN        = "\x00\x01\x00\x01"
)

// strayCases are packets that must never count, each with what the report says
// when nothing better comes.
func strayCases() []strayCase {
	const only = "no answer that counts, only: "
	return []strayCase{
		{"wrong ID", checker.WrongID, only + "answer with message ID N instead of N",
			bent(func(b []byte) []byte { b[1] ^= 1; return b })},
		{"wrong ID three times", checker.WrongID, only + "answer with message ID N instead of N (3 such)",
			func(q *dnstest.Query) {
				b := good(q)
				b[0] ^= 1
				q.Send(b)
				q.Send(b)
				q.Send(b)
			}},
		{"other name", checker.WrongQuestion, only + "answer to the question example.net. A",
			bent(func(b []byte) []byte { return questions(b, "\x07example\x03net\x00"+wireAIN) })},
		{"shorter name", checker.WrongQuestion, only + "answer to the question com. A",
			bent(func(b []byte) []byte { return questions(b, "\x03com\x00"+wireAIN) })},
		{"other type", checker.WrongQuestion, only + "answer to the question example.com. NS",
			bent(func(b []byte) []byte { return questions(b, wireExampleCom+"\x00\x02\x00\x01") })},
		{"other class", checker.WrongQuestion, only + "answer to the question example.com. CH A",
			bent(func(b []byte) []byte { return questions(b, wireExampleCom+"\x00\x01\x00\x03") })},
		{"no question", checker.WrongQuestion, only + "answer with 0 questions in it, rcode NOERROR",
			bent(func(b []byte) []byte { return questions(b) })},
		{"header alone that counts a question", checker.Malformed, only + "malformed answer (question 1: its name is cut short or is no domain name), rcode REFUSED",
			bent(func(b []byte) []byte { b[3] = dns.RcodeRefused; return b[:12] })},
		{"the right question and another", checker.WrongQuestion, only + "answer with 2 questions in it, rcode NOERROR",
			bent(func(b []byte) []byte { return questions(b, wireExampleCom+wireAIN, "\xc0\x0c\x00\x02\x00\x01") })},
		{"other opcode", checker.WrongQuestion, only + "answer with opcode NOTIFY",
			bent(func(b []byte) []byte { b[2] |= dns.OpcodeNotify << 3; return b })},

		{"the query itself", checker.NotResponse, only + "packet that is no response (QR=0)",
			func(q *dnstest.Query) { q.Send(q.Wire) }},
		{"other address", checker.WrongSource, only + "answer from 127.0.0.2:PORT instead of 127.0.0.1:PORT",
			func(q *dnstest.Query) {
				q.SendFrom(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), q.Server.Port()), good(q))
			}},
		{"other port", checker.WrongSource, only + "answer from 127.0.0.1:OTHER instead of 127.0.0.1:PORT",
			func(q *dnstest.Query) { q.SendFrom(netip.MustParseAddrPort("127.0.0.1:0"), good(q)) }},
		{"garbage from another port", checker.WrongSource, only + "answer from 127.0.0.1:OTHER instead of 127.0.0.1:PORT",
			func(q *dnstest.Query) { q.SendFrom(netip.MustParseAddrPort("127.0.0.1:0"), []byte{1}) }},

		{"nothing in it", checker.Malformed, only + "packet of 0 bytes, too short for DNS",
			bent(func([]byte) []byte { return nil })},
		{"one byte", checker.Malformed, only + "packet of 1 byte, too short for DNS",
			bent(func(b []byte) []byte { return b[:1] })},
		{"header less one", checker.Malformed, only + "packet of 11 bytes, too short for DNS",
			bent(func(b []byte) []byte { return b[:11] })},
		{"question cut short", checker.Malformed, only + "malformed answer (question 1: it is cut short)",
			bent(func(b []byte) []byte { return b[:len(b)-3] })},
		{"name cut short", checker.Malformed, only + "malformed answer (question 1: its name is cut short or is no domain name)",
			bent(func(b []byte) []byte { return b[:15] })},
		{"noise behind the header", checker.Malformed, only + "malformed answer (question 1: its name is cut short or is no domain name)",
			bent(func(b []byte) []byte { return append(b[:12], "\x3f\xde\xad\xbe\xef"...) })},
		{"more answers counted than sent", checker.Malformed, only + "malformed answer (record 1 of the answer section: its name is cut short or is no domain name)",
			bent(func(b []byte) []byte { b[7] = 5; return b })},
		{"more questions counted than sent", checker.Malformed, only + "malformed answer (question 2: its name is cut short or is no domain name)",
			bent(func(b []byte) []byte { b[5] = 2; return b })},
		{"name that points at itself", checker.Malformed, only + "malformed answer (question 1: its name is cut short or is no domain name)",
			bent(func(b []byte) []byte { return questions(b, "\xc0\x0c"+wireAIN) })},
		{"names that point at each other", checker.Malformed, only + "malformed answer (question 1: its name is cut short or is no domain name)",
			bent(func(b []byte) []byte { return questions(b, "\xc0\x0e\xc0\x0c"+wireAIN) })},
		{"answer whose name points at itself", checker.Malformed, only + "malformed answer (record 1 of the answer section: its name is cut short or is no domain name)",
			bent(func(b []byte) []byte { b[7] = 1; return append(b, 0xc0, byte(len(b)), 0, 6, 0, 1) })},
		{"rdata longer than the packet", checker.Malformed, only + "malformed answer (record 1 of the answer section: A data of 65535 bytes, and the message has 0 left)",
			bent(func(b []byte) []byte {
				b[7] = 1
				return append(b, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\xff\xff"...)
			})},
		{"all ones", checker.WrongQuestion, only + "answer with opcode OPCODE15",
			bent(func(b []byte) []byte { return append(b[:2], bytes.Repeat([]byte{0xff}, 498)...) })},
	}
}

type strayCase struct {
	name    string
	outcome checker.Outcome
	reason  string
	send    dnstest.Handler
}

// Each stray alone fails the check and is named; the timeout that ends the
// waiting is not the reason.
func TestStrayAlone(t *testing.T) {
	t.Parallel()
	cases := strayCases()
	var checks []*checker.Check
	for _, c := range cases {
		checks = append(checks, asking(dnstest.Start(t, "127.0.0.1:0", c.send), silence))
	}
	for i, r := range together(checks) {
		t.Run(cases[i].name, func(t *testing.T) {
			expect(t, r, cases[i].outcome, cases[i].reason)
			if r.Decided.Rcode != nil || r.Decided.Latency != nil {
				t.Errorf("a packet that does not count left an rcode or a latency: %+v", r.Decided)
			}
		})
	}
}

// Each stray in front of a good answer, or behind it, changes nothing.
func TestStrayBesideTheAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range strayCases() {
		t.Run(c.name, func(t *testing.T) {
			server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
				c.send(q)
				q.Send(good(q))
				c.send(q)
			})
			r := asking(server, generous).Run(context.Background())
			expect(t, r, checker.Pass, "NOERROR, 0 answers, 29 bytes")
		})
	}
}

// An answer to an earlier try does not count: the tries have IDs of their own.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		timeout time.Duration
		second  func(first, second *dnstest.Query)
		outcome checker.Outcome
		reason  string
	}{
		{
			"alone", 2 * silence, func(first, _ *dnstest.Query) { first.Send(good(first)) },
			checker.Late, "no answer that counts, only: late answer to try 1 (2 tries)",
		},
		{
			"twice, and a stray", 2 * silence, func(first, _ *dnstest.Query) {
				first.Send(good(first))
				first.Send(good(first))
				first.Send(nil)
			},
			checker.Late, "no answer that counts, only: late answer to try 1 (2 such); packet of 0 bytes, too short for DNS (2 tries)",
		},
		{
			"then the answer in time", 2 * silence, func(first, second *dnstest.Query) {
				first.Send(dnstest.Reply(first.Wire, dns.RcodeServerFailure))
				second.Send(good(second))
			},
			checker.Pass, "NOERROR, 0 answers, 29 bytes",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var first *dnstest.Query
			server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
				if q.N == 1 {
					first = q
				} else {
					c.second(first, q)
				}
			})
			check := asking(server, c.timeout)
			check.Attempts = 2
			r := check.Run(context.Background())
			expect(t, r, c.outcome, c.reason)
			if r.Decided.Attempts != 2 {
				t.Errorf("%d attempts, want 2", r.Decided.Attempts)
			}
		})
	}
}

// A server that answers everything twice is a good server.
func TestDuplicateAnswer(t *testing.T) {
	t.Parallel()
	server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
		q.Send(good(q))
		q.Send(good(q))
	})
	for range 3 {
		expect(t, asking(server, generous).Run(context.Background()), checker.Pass, "NOERROR, 0 answers, 29 bytes")
	}
}

// Letters of a name may come back in another case (RFC 4343), and bytes behind
// the message are no reason to take a server out.
func TestAnswerTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func([]byte) []byte{
		"name in upper case": func(b []byte) []byte { return bytes.Replace(b, []byte("example"), []byte("EXAMPLE"), 1) },
		"bytes behind it":    func(b []byte) []byte { return append(b, 0, 0, 0) },
		"flags of all kinds": func(b []byte) []byte { b[2] |= 0x05; b[3] |= 0xb0; return b },
	} {
		t.Run(name, func(t *testing.T) {
			server := dnstest.Start(t, "127.0.0.1:0", bent(change))
			if r := asking(server, generous).Run(context.Background()); r.Outcome != checker.Pass {
				t.Errorf("%s: %s", r.Outcome, r.Reason)
			}
		})
	}
}

// together runs checks side by side, so that waiting for silence costs its
// time once.
func together(checks []*checker.Check) []checker.Result {
	reports := make([]checker.Result, len(checks))
	var running sync.WaitGroup
	for i, c := range checks {
		running.Go(func() { reports[i] = c.Run(context.Background()) })
	}
	running.Wait()
	return reports
}

// expect compares outcome and reason; what differs from run to run (IDs and
// ports) has a stand-in.
func expect(t *testing.T, r checker.Result, outcome checker.Outcome, reason string) {
	t.Helper()
	got := strings.ReplaceAll(r.Reason, fmt.Sprintf(":%d", r.Server.Port()), ":PORT")
	got = regexp.MustCompile(`(127\.0\.0\.\d|\[::1\]):\d+`).ReplaceAllString(got, "$1:OTHER")
	got = regexp.MustCompile(`ID \d+ instead of \d+`).ReplaceAllString(got, "ID N instead of N")
	if r.Outcome != outcome || got != reason {
		t.Errorf("\n got %s: %s\nwant %s: %s", r.Outcome, got, outcome, reason)
	}
}
