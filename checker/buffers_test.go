package checker_test

import (
	"context"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/dnstest"
)

// TestBuffers: a check with buffers from a process of many finds what it finds without.
func TestBuffers(t *testing.T) {
	t.Parallel()
	var kept checker.Buffers
	check := func(s *dnstest.Server, timeout time.Duration) checker.Result {
		c := asking(s, timeout)
		c.Buffers = &kept
		return c.Run(context.Background())
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			good := dnstest.Start(t, loopback(t, address), answerOne)
			expect(t, check(good, generous), checker.Pass, "NOERROR, 1 answer, 45 bytes")
			mixed := dnstest.Start(t, address, func(q *dnstest.Query) {
				q.Send([]byte("not DNS"))
				answerOne(q)
			})
			if r := check(mixed, generous); r.Outcome != checker.Pass {
				t.Errorf("after a stray datagram: %s: %s", r.Outcome, r.Reason)
			}
			expect(t, check(dnstest.Start(t, address, silent), silence), checker.Timeout, "no answer")
			closed := dnstest.Start(t, address, silent)
			closed.CloseUDP()
			expect(t, check(closed, generous), checker.Unreachable, "port closed (connection refused)")
		})
	}
}

// TestBuffersCancel: what waits for an answer ends when it is told to.
func TestBuffersCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	c := asking(dnstest.Start(t, "127.0.0.1:0", func(*dnstest.Query) { cancel() }), generous)
	c.Buffers = new(checker.Buffers)
	expect(t, c.Run(ctx), checker.Terminated, "stopped before there was an answer")
}
