package checks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/unixsock"
)

// waiting is how many reports may have been read and not yet been taken. The kernel holds ten (sysctl net.unix.max_dgram_qlen), which a
// director's checks fill in the time that one page takes.
const waiting = 256

// Listen takes reports of checks until ctx ends. A socket that cannot be made is tried again every so often, and so is one
// whose file somebody has removed; until it is there, the source "checks" says why.
func (c *Memory) Listen(ctx context.Context) error {
	const retry = 5 * time.Second
	for ctx.Err() == nil {
		err := c.listenOnce(ctx, retry)
		c.SetListening(time.Time{}, err)
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
	return nil
}

// listenOnce reads as fast as reports come: it never waits for somebody who looks at what is known, nor for what strangers send. It looks
// every so often whether the socket has its name still, however much comes.
func (c *Memory) listenOnce(ctx context.Context, look time.Duration) error {
	// Everybody may write: the kernel says who did.
	conn, name, err := unixsock.ListenDatagram(c.config.Socket, 0o666)
	if err != nil {
		return fmt.Errorf("listen for checks (checks.socket): %w", err)
	}
	defer conn.Close()
	defer name.Remove()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()

	reports := make(chan []byte, waiting)
	var taking sync.WaitGroup
	defer taking.Wait()
	defer close(reports)
	taking.Go(func() {
		for datagram := range reports {
			c.Take(datagram)
		}
	})
	c.SetListening(c.config.Now(), nil)
	buf := make([]byte, maxDatagram)
	for ctx.Err() == nil {
		if err := conn.SetReadDeadline(time.Now().Add(look)); err != nil {
			return err
		}
		if ctx.Err() != nil { // The deadline may have come after the one that says so.
			return nil
		}
		for err = nil; err == nil; {
			var n int
			var user uint32
			var whole bool
			n, user, whole, err = unixsock.Read(conn, buf)
			switch {
			case err != nil:
			case !c.users.trusts(user):
				c.users.turnAway(user)
			case !whole:
				c.mu.Lock()
				c.count(Oversize)
				c.mu.Unlock()
			default:
				reports <- bytes.Clone(buf[:n])
			}
		}
		switch {
		case ctx.Err() != nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("read from %s: %w", c.config.Socket, err)
		case !name.There():
			return fmt.Errorf("%s was removed or replaced", c.config.Socket)
		}
	}
	return nil
}
