package checker_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

// truncate answers UDP with the TC flag, and TCP as it is told.
func truncate(overTCP dnstest.Handler) dnstest.Handler {
	return func(q *dnstest.Query) {
		if q.TCP() {
			overTCP(q)
			return
		}
		b := good(q)
		b[2] |= 0x02
		q.Send(b)
	}
}

func answerOne(q *dnstest.Query) {
	q.Send(dnstest.Reply(q.Wire, dns.RcodeSuccess, netip.MustParseAddr("192.0.2.1")))
}

func silent(*dnstest.Query) {}

// streamCases are servers whose TCP side behaves in one way: what a truncated
// answer ends with, and what a check over TCP alone ends with.
var streamCases = []struct {
	name      string
	tcp       dnstest.Handler
	truncated checker.Outcome
	why       string
	alone     checker.Outcome
	whyAlone  string
}{
	{
		"answers", answerOne,
		checker.Pass, "NOERROR, 1 answer, 45 bytes, truncated over udp and whole over tcp",
		checker.Pass, "NOERROR, 1 answer, 45 bytes",
	},
	{
		"is truncated too", bent(func(b []byte) []byte { b[2] |= 0x02; return b }),
		checker.Truncated, "truncated over tcp, and no whole answer",
		checker.Truncated, "truncated over tcp, and no whole answer",
	},
	{
		"answers with another rcode", bent(func(b []byte) []byte { b[3] = dns.RcodeRefused; return b }),
		checker.Rcode, "tcp: REFUSED, expected NOERROR" + letIn,
		checker.Rcode, "REFUSED, expected NOERROR" + letIn,
	},
	{
		"hangs up", func(q *dnstest.Query) { q.Hangup() },
		checker.Truncated, "truncated over udp, and tcp gave no answer: the server closed the connection without an answer",
		checker.Closed, "the server closed the connection without an answer",
	},
	{
		"hangs up behind the length", func(q *dnstest.Query) { q.SendBytes([]byte{0, 29}); q.Hangup() },
		checker.Truncated, "truncated over udp, and tcp gave no answer: the server closed the connection in the middle of its answer",
		checker.Closed, "the server closed the connection in the middle of its answer",
	},
	{
		"hangs up in the length", func(q *dnstest.Query) { q.SendBytes([]byte{0}); q.Hangup() },
		checker.Truncated, "truncated over udp, and tcp gave no answer: the server closed the connection in the middle of its answer",
		checker.Closed, "the server closed the connection in the middle of its answer",
	},
	{
		"hangs up in the message", func(q *dnstest.Query) { q.SendBytes(append([]byte{0, 29}, good(q)[:20]...)); q.Hangup() },
		checker.Truncated, "truncated over udp, and tcp gave no answer: the server closed the connection in the middle of its answer",
		checker.Closed, "the server closed the connection in the middle of its answer",
	},
	{
		"resets", func(q *dnstest.Query) { q.Reset() },
		checker.Truncated, "truncated over udp, and tcp gave no answer: the server reset the connection",
		checker.Closed, "the server reset the connection",
	},
	{
		"sends noise and hangs up", func(q *dnstest.Query) { q.Send([]byte("HTTP/1.1 400 Bad Request")); q.Hangup() },
		checker.Truncated, "truncated over udp, and tcp gave no answer: the server closed the connection without an answer, only: answer with message ID N instead of N",
		checker.Closed, "the server closed the connection without an answer, only: answer with message ID N instead of N",
	},
	{
		"answers another question first", func(q *dnstest.Query) {
			q.Send(questions(good(q), "\x03com\x00"+wireAIN))
			answerOne(q)
		},
		checker.Pass, "NOERROR, 1 answer, 45 bytes, truncated over udp and whole over tcp",
		checker.Pass, "NOERROR, 1 answer, 45 bytes",
	},
	{
		"answers byte by byte", func(q *dnstest.Query) {
			for _, b := range append([]byte{0, 29}, good(q)...) {
				q.SendBytes([]byte{b})
			}
		},
		checker.Pass, "NOERROR, 0 answers, 29 bytes, truncated over udp and whole over tcp",
		checker.Pass, "NOERROR, 0 answers, 29 bytes",
	},
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	for _, c := range streamCases {
		t.Run(c.name, func(t *testing.T) {
			server := dnstest.Start(t, "127.0.0.1:0", truncate(c.tcp))
			expect(t, asking(server, generous).Run(context.Background()), c.truncated, c.why)
		})
	}
	t.Run("TCP port closed", func(t *testing.T) {
		server := dnstest.Start(t, "127.0.0.1:0", truncate(silent))
		server.CloseTCP()
		expect(t, asking(server, generous).Run(context.Background()),
			checker.Truncated, "truncated over udp, and tcp gave no answer: port closed (connection refused)")
	})
	t.Run("TCP silent", func(t *testing.T) {
		server := dnstest.Start(t, "127.0.0.1:0", truncate(silent))
		expect(t, asking(server, silence).Run(context.Background()),
			checker.Truncated, "truncated over udp, and tcp gave no answer: no answer")
	})
}

func TestTCP(t *testing.T) {
	t.Parallel()
	for _, c := range streamCases {
		t.Run(c.name, func(t *testing.T) {
			server := dnstest.Start(t, "127.0.0.1:0", truncate(c.tcp))
			server.CloseUDP()
			check := asking(server, generous)
			check.Transport = checker.TCP
			expect(t, check.Run(context.Background()), c.alone, c.whyAlone)
		})
	}
	t.Run("silent", func(t *testing.T) {
		server := dnstest.Start(t, "127.0.0.1:0", silent)
		check := asking(server, silence)
		check.Transport = checker.TCP
		expect(t, check.Run(context.Background()), checker.Timeout, "no answer")
	})
	t.Run("second try", func(t *testing.T) {
		server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
			if q.N == 1 {
				q.Hangup()
				return
			}
			answerOne(q)
		})
		check := asking(server, generous)
		check.Transport, check.Attempts = checker.TCP, 2
		r := check.Run(context.Background())
		expect(t, r, checker.Pass, "NOERROR, 1 answer, 45 bytes")
		if r.Decided.Attempts != 2 {
			t.Errorf("%d attempts, want 2", r.Decided.Attempts)
		}
	})
}

func TestBoth(t *testing.T) {
	t.Parallel()
	rcodes := func(udp, tcp byte) dnstest.Handler {
		return func(q *dnstest.Query) {
			if q.TCP() {
				udp = tcp
			}
			q.Send(dnstest.Reply(q.Wire, udp))
		}
	}
	for _, c := range []struct {
		name    string
		handler dnstest.Handler
		prepare func(*dnstest.Server)
		timeout time.Duration
		outcome checker.Outcome
		reason  string
		queries int
	}{
		{"both answer", rcodes(0, 0), nil, generous, checker.Pass, "NOERROR, 0 answers, 29 bytes", 2},
		{"TCP fails", rcodes(0, 2), nil, generous, checker.Disagree, "NOERROR over udp but SERVFAIL over tcp, for example.com. A", 2},
		{"UDP fails", rcodes(2, 0), nil, generous, checker.Disagree, "SERVFAIL over udp but NOERROR over tcp, for example.com. A", 2},
		{"both fail", rcodes(5, 5), nil, generous, checker.Rcode, "udp: REFUSED, expected NOERROR" + letIn, 2},
		{"TCP port closed", rcodes(0, 0), (*dnstest.Server).CloseTCP, generous, checker.Unreachable, "tcp: port closed (connection refused)", 1},
		{"UDP port closed", rcodes(0, 0), (*dnstest.Server).CloseUDP, generous, checker.Unreachable, "port closed (connection refused)", 0},
		{"TCP silent", func(q *dnstest.Query) {
			if !q.TCP() {
				q.Send(good(q))
			}
		}, nil, silence, checker.Timeout, "tcp: no answer", 2},
		{"truncated over UDP", truncate(answerOne), nil, generous, checker.Pass, "NOERROR, 1 answer, 45 bytes, truncated over udp and whole over tcp", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := dnstest.Start(t, "127.0.0.1:0", c.handler)
			if c.prepare != nil {
				c.prepare(server)
			}
			check := asking(server, c.timeout)
			check.Transport = checker.Both
			expect(t, check.Run(context.Background()), c.outcome, c.reason)
			if n := server.Queries(); n != c.queries {
				t.Errorf("the server got %d queries, want %d", n, c.queries)
			}
		})
	}
}
