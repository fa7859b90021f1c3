package source

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Times are those of a reading.
type Times struct {
	Keep    time.Duration // how long it is good for
	Timeout time.Duration // of one read
	Now     func() time.Time
}

// Shared lets many callers have one reading. A read is never started while another is under
// way, so a hung one holds one goroutine, whatever the number of callers. A nil one has never read anything.
type Shared[T any] struct {
	Times
	read func(context.Context) (*T, error)

	mu     sync.Mutex
	last   Reading[T]
	flight chan struct{} // closed when the read under way has ended; nil if there is none
}

// Reading is what a read gave. Both value and err may be there: part of the value is missing then.
type Reading[T any] struct {
	Value *T
	Err   error
	At    time.Time // when it ended
	Took  time.Duration
}

// Share makes a shared reading.
func Share[T any](t Times, read func(context.Context) (*T, error)) *Shared[T] {
	return &Shared[T]{Times: t, read: read}
}

// Get returns a reading that is fresh enough, reads if there is none, and waits no longer than ctx.
func (s *Shared[T]) Get(ctx context.Context) Reading[T] {
	if s == nil {
		return Reading[T]{}
	}
	s.mu.Lock()
	if s.flight == nil {
		if !s.last.At.IsZero() && s.Now().Sub(s.last.At) < s.Keep {
			defer s.mu.Unlock()
			return s.last
		}
		s.flight = make(chan struct{})
		// The reading is for everybody: one caller that hangs up must not end it.
		go s.fly(context.WithoutCancel(ctx))
	}
	began, flight := s.Now(), s.flight
	s.mu.Unlock()

	select {
	case <-flight:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.last
	case <-ctx.Done():
		return Reading[T]{Err: fmt.Errorf("no answer yet: %w", ctx.Err()), At: s.Now(), Took: s.Now().Sub(began)}
	}
}

// Peek returns the last reading, however old, and never waits.
func (s *Shared[T]) Peek() Reading[T] {
	if s == nil {
		return Reading[T]{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// fly reads once. It lives as long as the read does, which timeout bounds if the read obeys its context.
func (s *Shared[T]) fly(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	began := s.Now()
	value, err := Guarded(ctx, s.read)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = Reading[T]{Value: value, Err: err, At: s.Now(), Took: s.Now().Sub(began)}
	close(s.flight)
	s.flight = nil
}

// Guarded makes a panic of one source that source's error: the others go on.
func Guarded[T any](ctx context.Context, read func(context.Context) (*T, error)) (value *T, err error) {
	defer func() {
		if p := recover(); p != nil {
			value, err = nil, fmt.Errorf("bug: %v\n%s", p, debug.Stack())
		}
	}()
	return read(ctx)
}
