// Package source answers one question: what is read, how did it go, and what is written of it? A [Source] describes itself; [Shared] lets
// all who ask at the same time have one reading.
package source

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Source is one thing that is read: it has a name, knows its metrics, reads, and writes them.
type Source struct {
	Name    string
	Metrics []metric.Described
	// Fetch reads, or takes what was read a moment ago, and returns how to put it on a sheet; nil if there is nothing to put. A source
	// without it is described and not read.
	Fetch func(context.Context) (State, func(*metric.Sheet))
}

// State is how the last reading of a source went.
type State struct {
	Name    string    `json:"name"`
	Up      bool      `json:"up"`
	Failure Failure   `json:"failure,omitempty"`
	Error   string    `json:"error,omitempty"`
	Seconds float64   `json:"duration_seconds"`
	At      time.Time `json:"at"`
}

// Failure is why a source could not be read, or not wholly.
type Failure string

// The failures. The set is closed: its values are those of a label.
const (
	Absent     Failure = "absent"     // what would be read is not there, such as an IPVS that is not loaded
	Permission Failure = "permission" // this process lacks a right
	Timeout    Failure = "timeout"    // no answer in time
	Other      Failure = "error"
)

var failures = [...]Failure{Absent, Permission, Timeout, Other}

func failureOf(err error) Failure {
	switch {
	case errors.Is(err, ipvs.ErrPermission), errors.Is(err, fs.ErrPermission):
		return Permission
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, os.ErrDeadlineExceeded):
		return Timeout
	case errors.Is(err, ipvs.ErrAbsent), errors.Is(err, fs.ErrNotExist):
		return Absent
	default:
		return Other
	}
}

// New is the source of what a shared reading holds; nil: it is not read.
func New[T any](name string, s *Shared[T], parts ...metric.Part[T]) Source {
	if s == nil {
		return Of(name, nil, parts...)
	}
	return Of(name, s.Get, parts...)
}

// Of is the source of what get returns; nil: it is not read.
func Of[T any](name string, get func(context.Context) Reading[T], parts ...metric.Part[T]) Source {
	src := Source{Name: name}
	for _, p := range parts {
		src.Metrics = append(src.Metrics, p.Describe()...)
	}
	if get == nil {
		return src
	}
	src.Fetch = func(ctx context.Context) (State, func(*metric.Sheet)) {
		r := get(ctx)
		if r.Value == nil {
			return stateOf(name, r), nil
		}
		return stateOf(name, r), func(s *metric.Sheet) {
			for _, p := range parts {
				p.Fill(r.Value, s)
			}
		}
	}
	return src
}

func stateOf[T any](name string, r Reading[T]) State {
	state := State{Name: name, Up: r.Err == nil, Seconds: r.Took.Seconds(), At: r.At}
	if r.Err != nil {
		// Of several errors each has a line of its own.
		state.Failure, state.Error = failureOf(r.Err), strings.ReplaceAll(r.Err.Error(), "\n", "; ")
	}
	return state
}

// FetchAll reads all sources at once, and returns when the last one has answered or ctx has ended.
func FetchAll(ctx context.Context, sources []Source) ([]State, []func(*metric.Sheet)) {
	states, renders := make([]State, len(sources)), make([]func(*metric.Sheet), len(sources))
	var wg sync.WaitGroup
	for i, src := range sources {
		wg.Go(func() { states[i], renders[i] = src.Fetch(ctx) })
	}
	wg.Wait()
	return states, renders
}

// Table is what is said of each source.
func Table() metric.Table[State] {
	return metric.Table[State]{
		Subject: "a source of this exporter",
		Labels:  []string{"source"},
		Values:  func(s State) []string { return []string{s.Name} },
		Rows: []metric.Row[State]{
			metric.Gauge("lvsdns_source_up", "1 if the last reading of this source gave all that it should.",
				func(s State) float64 { return metric.Truth(s.Up) }),
			metric.Gauge("lvsdns_source_duration_seconds", "How long the last reading of this source took.",
				func(s State) float64 { return s.Seconds }),
			metric.Series("lvsdns_source_failure", "1 for the reason why this source is not up: absent, permission, timeout or error.", []string{"reason"},
				func(s State, emit metric.Emit) {
					for _, f := range failures {
						emit(metric.Truth(s.Failure == f), string(f))
					}
				}),
		},
	}
}
