package checker_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

// With a timeout of half a minute, only the kernel's report about the closed
// port can end this check in time.
func TestPortClosed(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			server := dnstest.Start(t, loopback(t, address), silent)
			server.CloseUDP()
			check := asking(server, generous)
			expect(t, check.Run(context.Background()), checker.Unreachable, "port closed (connection refused)")
			check.Attempts = 2
			expect(t, check.Run(context.Background()), checker.Unreachable, "port closed (connection refused) (2 tries)")
		})
	}
}

// loopback returns the address, and skips where this host lacks its family.
func loopback(t *testing.T, address string) string {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Skipf("this host has no IPv6 loopback: %v", err)
	}
	conn.Close()
	return address
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	server := dnstest.Start(t, loopback(t, "[::1]:0"), answerOne)
	for _, transport := range []checker.Transport{checker.UDP, checker.TCP, checker.Both} {
		check := asking(server, generous)
		check.Transport = transport
		expect(t, check.Run(context.Background()), checker.Pass, "NOERROR, 1 answer, 45 bytes")
	}
	other := dnstest.Start(t, "[::1]:0", func(q *dnstest.Query) { q.SendFrom(netip.MustParseAddrPort("[::1]:0"), good(q)) })
	expect(t, asking(other, silence).Run(context.Background()),
		checker.WrongSource, "no answer that counts, only: answer from [::1]:OTHER instead of [::1]:PORT")
}

func TestSource(t *testing.T) {
	t.Parallel()
	clients := make(chan netip.Addr, 2)
	server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
		clients <- q.Client.Addr()
		answerOne(q)
	})
	for _, c := range []struct {
		name    string
		from    checker.From
		outcome checker.Outcome
		reason  string
	}{
		{"own address", checker.From{Source: netip.MustParseAddr("127.0.0.7")}, checker.Pass, "NOERROR, 1 answer, 45 bytes"},
		{"own interface", checker.From{Interface: "lo"}, checker.Pass, "NOERROR, 1 answer, 45 bytes"},
		{"address of nobody", checker.From{Source: netip.MustParseAddr("192.0.2.77")}, checker.Local, "from 192.0.2.77: that address is not on this host, or has no port left"},
		{"no such interface", checker.From{Interface: "nosuch0"}, checker.Local, "interface nosuch0: no such device"},
	} {
		for _, transport := range []checker.Transport{checker.UDP, checker.TCP} {
			t.Run(c.name+" "+transport.String(), func(t *testing.T) {
				check := asking(server, generous)
				check.From, check.Transport = c.from, transport
				r := check.Run(context.Background())
				if r.Outcome != c.outcome || !strings.HasSuffix(r.Reason, c.reason) {
					t.Errorf("\n got %s: %s\nwant %s: …%s", r.Outcome, r.Reason, c.outcome, c.reason)
				}
				if r.Outcome != checker.Pass {
					return
				}
				if got := <-clients; c.from.Source.IsValid() && got != c.from.Source {
					t.Errorf("the query came from %s, want %s", got, c.from.Source)
				}
			})
		}
	}
}

// One deadline holds all tries, and each try gets its share.
func TestTries(t *testing.T) {
	t.Parallel()
	server := dnstest.Start(t, "127.0.0.1:0", silent)
	check := asking(server, 3*silence)
	check.Attempts = 3
	r := check.Run(context.Background())
	expect(t, r, checker.Timeout, "no answer (3 tries)")
	if n := server.Queries(); r.Decided.Attempts != 3 || n != 3 {
		t.Errorf("%d attempts and %d queries, want 3 of each", r.Decided.Attempts, n)
	}
}

func TestAnsweredOnTheLastTry(t *testing.T) {
	t.Parallel()
	server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
		if q.N == 3 {
			answerOne(q)
		}
	})
	check := asking(server, 3*silence)
	check.Attempts = 3
	r := check.Run(context.Background())
	expect(t, r, checker.Pass, "NOERROR, 1 answer, 45 bytes")
	if r.Decided.Attempts != 3 {
		t.Errorf("%d attempts, want 3", r.Decided.Attempts)
	}
}

// The questions stand side by side: one silent zone takes no time from the
// others.
func TestQuorum(t *testing.T) {
	t.Parallel()
	server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
		m, err := dnstest.Parse(q.Wire)
		switch {
		case err != nil:
			t.Error(err)
		case m.Name == "refused.example.com.":
			q.Send(dnstest.Reply(q.Wire, dns.RcodeRefused))
		case m.Name != "silent.example.com.":
			answerOne(q)
		}
	})
	const (
		refused  = "refused.example.com. A: REFUSED, expected NOERROR" + letIn
		noAnswer = "silent.example.com. A: no answer"
	)
	cases := []struct {
		name    string
		names   string
		quorum  int
		outcome checker.Outcome
		reason  string
		decided string
	}{
		{"all pass", "a b c", 0, checker.Pass, "3 of 3 questions passed, 3 needed", ""},
		{"all are needed", "a refused c", 0, checker.Rcode, "2 of 3 questions passed, 3 needed; failed: " + refused, "refused.example.com."},
		{"two are enough", "a refused c", 2, checker.Pass, "2 of 3 questions passed, 2 needed; failed: " + refused, ""},
		{"one times out", "silent b c", 2, checker.Pass, "2 of 3 questions passed, 2 needed; failed: " + noAnswer, ""},
		{"two fail", "silent b refused", 2, checker.Timeout, "1 of 3 questions passed, 2 needed; failed: " + noAnswer + "; " + refused, "silent.example.com."},
		{"one is enough", "silent b refused", 1, checker.Pass, "1 of 3 questions passed, 1 needed; failed: " + noAnswer + "; " + refused, "b.example.com."},
		{"none passes", "refused refused", 1, checker.Rcode, "0 of 2 questions passed, 1 needed; failed: " + refused + "; " + refused, "refused.example.com."},
		{"a quorum above the number is all", "a refused", 9, checker.Rcode, "1 of 2 questions passed, 2 needed; failed: " + refused, "refused.example.com."},
	}
	var checks []*checker.Check
	for _, c := range cases {
		check := asking(server, silence)
		check.Questions, check.Quorum = nil, c.quorum
		for name := range strings.FieldsSeq(c.names) {
			check.Questions = append(check.Questions, checker.Question{Name: name + ".example.com.", Type: dns.TypeA, Class: dns.ClassINET})
		}
		checks = append(checks, check)
	}
	for i, r := range together(checks) {
		c := cases[i]
		t.Run(c.name, func(t *testing.T) {
			expect(t, r, c.outcome, c.reason)
			if c.decided != "" && r.Decided.Question.Name != c.decided {
				t.Errorf("%s decided, want %s", r.Decided.Question.Name, c.decided)
			}
			if len(r.Questions) != len(checks[i].Questions) {
				t.Errorf("the report has %d questions, want %d", len(r.Questions), len(checks[i].Questions))
			}
		})
	}
}

func TestWeight(t *testing.T) {
	t.Parallel()
	server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
		m, _ := dnstest.Parse(q.Wire)
		q.Send(dnstest.Reply(q.Wire, byte(m.Type)&dns.RcodeServerFailure)) // SOA is 6: SERVFAIL; A is 1: NOERROR
	})
	check := asking(server, generous)
	check.Questions[0].Type = dns.TypeSOA
	check.WeightBy = &checker.LatencyWeight{Fast: generous, FastWeight: 70, Slow: 2 * generous, SlowWeight: 1}
	if r := check.Run(context.Background()); r.Outcome != checker.Rcode || r.Weight != nil {
		t.Errorf("a failure has the weight %v (%s)", r.Weight, r.Reason)
	}
	check.Questions[0].Type = dns.TypeA
	if r := check.Run(context.Background()); r.Outcome != checker.Pass || r.Weight == nil || *r.Weight != 70 {
		t.Errorf("the pass has the weight %v (%s), want 70", r.Weight, r.Reason)
	}
}

// A cancelled check ends, whenever that comes, and says that it was not the
// server.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, transport := range []checker.Transport{checker.UDP, checker.TCP} {
		for _, when := range []string{"before", "while waiting", "in the pause"} {
			t.Run(transport.String()+" "+when, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
					if when == "in the pause" && q.TCP() {
						q.Hangup() // and the pause before the next try begins
						time.AfterFunc(20*time.Millisecond, cancel)
						return
					}
					cancel()
				})
				runs := 1
				if when == "before" {
					cancel()
					runs = 500 // the cancellation used to get lost in one of 200
				}
				check := asking(server, time.Hour)
				check.Transport, check.Attempts = transport, 2
				done := make(chan checker.Result)
				go func() {
					for range runs {
						done <- check.Run(ctx)
					}
				}()
				for range runs {
					select {
					case r := <-done:
						r.Reason = strings.TrimSuffix(r.Reason, " (2 tries)")
						expect(t, r, checker.Terminated, "stopped before there was an answer")
					case <-time.After(generous):
						t.Fatal("the check goes on")
					}
				}
			})
		}
	}
}

func TestNoQuestion(t *testing.T) {
	t.Parallel()
	check := checker.Check{Server: netip.MustParseAddrPort("127.0.0.1:53"), Timeout: time.Second}
	if r := check.Run(context.Background()); r.Outcome != checker.Internal || r.Reason != "no question" {
		t.Errorf("%s: %s", r.Outcome, r.Reason)
	}
}

// A panic while asking fails the check; it must not end the process, whose
// status would be 2. Here the client for TLS is missing.
func TestPanic(t *testing.T) {
	t.Parallel()
	server := dnstest.Start(t, "127.0.0.1:0", silent)
	for _, questions := range []int{1, 3} {
		check := asking(server, generous)
		check.Transport = checker.TLS
		for len(check.Questions) < questions {
			check.Questions = append(check.Questions, question())
		}
		r := check.Run(context.Background())
		if r.Outcome != checker.Internal || !strings.Contains(r.Reason, "panic: runtime error: invalid memory address") {
			t.Errorf("%d questions: %s: %s", questions, r.Outcome, r.Reason)
		}
	}
}
