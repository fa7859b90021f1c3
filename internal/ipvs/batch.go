package ipvs

import (
	"context"
	"time"
)

// batchKey is where a context carries the session of a batch.
type batchKey struct{}

// Batch runs f with a context that makes all calls of this client in one turn: IPVS and its family are looked up once, not
// for each write, which halves the cost of a long list of writes. Nobody else gets a turn meanwhile. Each call still has
// its own timeout. The context must not be used by another goroutine, nor after f has returned.
func (c *Client) Batch(ctx context.Context, f func(context.Context) error) error {
	return c.session(ctx, "begin a batch", func(s *session) error {
		return f(context.WithValue(ctx, batchKey{}, s))
	})
}

// inBatch is the session of the batch that a call belongs to; nil: of none.
func (c *Client) inBatch(ctx context.Context) *session {
	if s, ok := ctx.Value(batchKey{}).(*session); ok && s.Client == c {
		return s
	}
	return nil
}

// renew gives the next call of a batch its timeout. Setting a deadline costs as much as an exchange, so it is done when half
// of it may be over; and so does looking at the clock where that is a system call, so it is done at every eighth.
func (s *session) renew() error {
	if s.calls++; s.calls%8 != 1 {
		return nil
	}
	now := time.Now()
	if now.Sub(s.renewed) < s.config.Timeout/2 || s.socket == nil || s.ctx.Err() != nil {
		return nil // a context that has ended has set a deadline of its own
	}
	s.renewed = now
	return s.socket.SetDeadline(now.Add(s.config.Timeout))
}
