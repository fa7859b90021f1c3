package exporter

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// times are those of a reading.
type times struct {
	keep    time.Duration // how long it is good for
	timeout time.Duration // of one read
	now     func() time.Time
}

// shared lets many callers have one reading. A read is never started while another is under
// way, so a hung one holds one goroutine, whatever the number of callers. A nil one has never read anything.
type shared[T any] struct {
	times
	read func(context.Context) (*T, error)

	mu     sync.Mutex
	last   reading[T]
	flight chan struct{} // closed when the read under way has ended; nil if there is none
}

// reading is what a read gave. Both value and err may be there: part of the value is missing then.
type reading[T any] struct {
	value *T
	err   error
	at    time.Time // when it ended
	took  time.Duration
}

// share makes a shared reading.
func share[T any](t times, read func(context.Context) (*T, error)) *shared[T] {
	return &shared[T]{times: t, read: read}
}

// get returns a reading that is fresh enough, reads if there is none, and waits no longer than ctx.
func (s *shared[T]) get(ctx context.Context) reading[T] {
	if s == nil {
		return reading[T]{}
	}
	s.mu.Lock()
	if s.flight == nil {
		if !s.last.at.IsZero() && s.now().Sub(s.last.at) < s.keep {
			defer s.mu.Unlock()
			return s.last
		}
		s.flight = make(chan struct{})
		// The reading is for everybody: one caller that hangs up must not end it.
		go s.fly(context.WithoutCancel(ctx))
	}
	began, flight := s.now(), s.flight
	s.mu.Unlock()

	select {
	case <-flight:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.last
	case <-ctx.Done():
		return reading[T]{err: fmt.Errorf("no answer yet: %w", ctx.Err()), at: s.now(), took: s.now().Sub(began)}
	}
}

// peek returns the last reading, however old, and never waits.
func (s *shared[T]) peek() reading[T] {
	if s == nil {
		return reading[T]{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// fly reads once. It lives as long as the read does, which timeout bounds if the read obeys its context.
func (s *shared[T]) fly(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	began := s.now()
	value, err := guarded(ctx, s.read)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = reading[T]{value: value, err: err, at: s.now(), took: s.now().Sub(began)}
	close(s.flight)
	s.flight = nil
}

// guarded makes a panic of one source that source's error: the others go on.
func guarded[T any](ctx context.Context, read func(context.Context) (*T, error)) (value *T, err error) {
	defer func() {
		if p := recover(); p != nil {
			value, err = nil, fmt.Errorf("bug: %v\n%s", p, debug.Stack())
		}
	}()
	return read(ctx)
}
