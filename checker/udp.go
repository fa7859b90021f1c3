package checker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/lvsdns/lvsdns/checker/fault"
	"github.com/miekg/dns"
)

// retryPause keeps a try that was refused at once from using up all tries in
// one instant: a name server that restarts is back a moment later.
const retryPause = 100 * time.Millisecond

// udp asks one question over UDP: all tries from one socket, each under its own
// message ID, each with an equal share of the time that is left.
func (c *Check) udp(ctx context.Context, q Question) leg {
	met := leg{transport: UDP}
	conn, err := c.From.listenUDP(ctx, c.Server)
	if err != nil {
		met.err = legError(err, c.from())
		return met
	}
	defer conn.Close()
	defer interruptible(ctx, conn)()

	var sent []query
	c.eachTry(ctx, &met, func(end time.Time) error {
		start := time.Now()
		next, err := newQuery(q, c.Ask, freshID(sent), start)
		if err != nil {
			return &Failure{Local, err.Error()}
		}
		sent = append(sent, next)
		if err := setDeadline(ctx, conn, end); err != nil {
			return err
		}
		if _, err := conn.WriteToUDPAddrPort(next.wire, c.Server); err != nil {
			return fault.Blame(conn, err)
		}
		met.reply, met.size, err = c.receive(conn, sent, &met.strays)
		met.latency = time.Since(start)
		return fault.Blame(conn, err)
	})
	return met
}

// receive reads datagrams until one is the answer.
func (c *Check) receive(conn *net.UDPConn, sent []query, seen *strays) (*dns.Msg, int, error) {
	for {
		m, n, stray, err := c.receiveOne(conn, sent)
		if err != nil || stray == nil {
			return m, n, err
		}
		seen.add(*stray)
	}
}

func (c *Check) receiveOne(conn *net.UDPConn, sent []query) (*dns.Msg, int, *stray, error) {
	if err := c.Buffers.await(conn); err != nil {
		return nil, 0, nil, err
	}
	buf := c.Buffers.get()
	defer c.Buffers.put(buf)
	n, from, err := conn.ReadFromUDPAddrPort(buf[:])
	if err != nil {
		return nil, 0, nil, err
	}
	if stray := checkSource(c.Server, from); stray != nil {
		return nil, n, stray, nil
	}
	m, stray := accept(sent, c.Ask.TSIG, buf[:n])
	return m, n, stray, nil
}

// eachTry runs try until one is answered, at most c.Attempts times, and leaves
// the last error in the leg.
func (c *Check) eachTry(ctx context.Context, leg *leg, try func(end time.Time) error) {
	deadline, _ := ctx.Deadline()
	attempts := max(c.Attempts, 1)
	for leg.attempts < attempts {
		share := time.Until(deadline) / time.Duration(attempts-leg.attempts)
		leg.attempts++
		err := try(time.Now().Add(share))
		if err == nil {
			leg.err = nil
			return
		}
		leg.reply, leg.latency = nil, 0
		if errors.Is(ctx.Err(), context.Canceled) {
			leg.err = &Failure{Terminated, "stopped before there was an answer"}
			return
		}
		leg.err = legError(err, "asking "+c.from())
		if time.Until(deadline) <= 0 {
			return
		}
		if leg.err.Outcome != Timeout && leg.attempts < attempts {
			wait(ctx, min(retryPause, share))
		}
	}
}

// from names this host's end for an error message.
func (c *Check) from() string {
	if c.From.Source.IsValid() {
		return fmt.Sprintf("from %s", c.From.Source)
	}
	return "from this host"
}

// freshID returns a message ID that none of the earlier tries has.
func freshID(sent []query) uint16 {
	for {
		id := uint16(rand.Uint32())
		used := false
		for _, q := range sent {
			used = used || q.id == id
		}
		if !used {
			return id
		}
	}
}

// setDeadline sets the end of one try. A context that has ended may have set
// the deadline of an interruptible connection already: it must not be undone.
func setDeadline(ctx context.Context, conn net.Conn, end time.Time) error {
	if err := conn.SetDeadline(end); err != nil {
		return err
	}
	return ctx.Err()
}

// interruptible ends reads and writes on conn when the context is cancelled;
// the function it returns lets go of the context.
func interruptible(ctx context.Context, conn net.Conn) (release func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
