package act

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// errSuperseded is why a job is called off.
var errSuperseded = errors.New("the state has changed meanwhile")

// result is what became of a job.
type result struct {
	job        Job
	notes      []notify.ActionNote
	told       []string // of each action, not for the journal
	found      []notify.SysctlFound
	superseded bool
}

// run does the steps of a job, all at once but for those that wait for others, and returns when each of them has
// ended or run out of time.
func run(ctx context.Context, job Job, now func() time.Time) result {
	r := result{job: job, notes: make([]notify.ActionNote, len(job.Steps)), told: make([]string, len(job.Steps))}
	ended := make([]chan struct{}, len(job.Steps))
	for i := range ended {
		ended[i] = make(chan struct{})
	}
	var mu sync.Mutex
	call := job.Call
	call.Found = func(key, value string) {
		mu.Lock()
		defer mu.Unlock()
		r.found = append(r.found, notify.SysctlFound{Key: key, Found: value, At: now()})
	}
	var wg sync.WaitGroup
	for i, s := range job.Steps {
		wg.Go(func() {
			defer close(ended[i])
			if s.After {
				for _, before := range ended[:i] {
					<-before
				}
			}
			call := call
			call.Tell = func(text string) {
				mu.Lock()
				defer mu.Unlock()
				r.told[i] = strings.TrimPrefix(r.told[i]+"; "+text, "; ")
			}
			r.notes[i] = step(ctx, s, call, now)
		})
	}
	wg.Wait()
	mu.Lock() // An action that ran out of time may still be at it.
	defer mu.Unlock()
	cause := context.Cause(ctx)
	r.superseded = errors.Is(cause, errSuperseded) || errors.Is(cause, context.Canceled)
	return result{r.job, r.notes, slices.Clone(r.told), r.found[:len(r.found):len(r.found)], r.superseded}
}

// step does one step. An action that does not heed its deadline is left behind.
func step(ctx context.Context, s Step, call Call, now func() time.Time) notify.ActionNote {
	n := notify.ActionNote{Subject: call.Subject, Action: s.Name, State: call.State, At: now()}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Timeout, fmt.Errorf("not done after %v", s.Timeout))
	defer cancel()
	type answer struct {
		text string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				answered <- answer{err: fmt.Errorf("bug: %v at %.400s", p, debug.Stack())}
			}
		}()
		if ctx.Err() != nil {
			answered <- answer{err: context.Cause(ctx)}
			return
		}
		text, err := s.Action.Do(ctx, call)
		answered <- answer{text, err}
	}()
	var a answer
	select {
	case a = <-answered:
	case <-ctx.Done():
		// Most actions end as soon as they are told to, and know better what they were at.
		select {
		case a = <-answered:
		case <-time.After(100 * time.Millisecond):
			a.err = context.Cause(ctx)
		}
	}
	n.Seconds = now().Sub(n.At).Seconds()
	n.OK, n.Result = a.err == nil, a.text
	if a.err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(a.err, cause) {
			a.err = fmt.Errorf("%w: %w", cause, a.err)
		}
		n.Result = words.OneLine(a.err)
	}
	return n
}
