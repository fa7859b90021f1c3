package ipvs

import (
	"context"
	"errors"
	"syscall"
	"testing"
)

// TestBatch: the family is looked up once, an answer that refuses ends nothing, and the turn is given back.
func TestBatch(t *testing.T) {
	k := &kernel{answer: func(question) ([][]byte, error) { return nil, nil }}
	c := k.newClient(t)
	s := Service{ServiceKey: dns("192.0.2.1"), Scheduler: "rr"}
	err := c.Batch(t.Context(), func(ctx context.Context) error {
		if err := c.NewService(ctx, s); err != nil {
			return err
		}
		// A family that has another number now would be found by a look-up; in the batch nobody looks.
		k.set(func() { k.answer = func(question) ([][]byte, error) { return nil, syscall.EEXIST } })
		if err := c.NewService(ctx, s); !errors.Is(err, ErrExists) {
			t.Errorf("twice: %v", err)
		}
		k.setAnswer(func(question) ([][]byte, error) { return nil, nil })
		k.set(func() { k.family++ })
		return c.SetService(ctx, s)
	})
	if err == nil {
		t.Error("the family was looked up again in the batch")
	}
	if err := c.SetService(t.Context(), s); err != nil {
		t.Errorf("after the batch: %v", err)
	}
	if k.dialed != 1 || k.asked != 3 {
		t.Errorf("%d sockets and %d questions, want 1 and 3", k.dialed, k.asked)
	}
	stop := errors.New("enough")
	if err := c.Batch(t.Context(), func(context.Context) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of the function: %v", err)
	}
}
