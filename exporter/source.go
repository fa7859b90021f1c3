package exporter

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// source is one thing that is read: it has a name, knows its metrics, reads, and writes them.
type source struct {
	name    string
	metrics []described
	// fetch reads, or takes what was read a moment ago, and returns how to put it on a sheet; nil if there is nothing to put. A source
	// without it is described and not read.
	fetch func(context.Context) (SourceState, func(*sheet))
}

// SourceState is how the last reading of a source went.
type SourceState struct {
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

// newSource is the source of what a shared reading holds; nil: it is not read.
func newSource[T any](name string, s *shared[T], parts ...part[T]) source {
	if s == nil {
		return sourceOf(name, nil, parts...)
	}
	return sourceOf(name, s.get, parts...)
}

// sourceOf is the source of what get returns; nil: it is not read.
func sourceOf[T any](name string, get func(context.Context) reading[T], parts ...part[T]) source {
	src := source{name: name}
	for _, p := range parts {
		src.metrics = append(src.metrics, p.describe()...)
	}
	if get == nil {
		return src
	}
	src.fetch = func(ctx context.Context) (SourceState, func(*sheet)) {
		r := get(ctx)
		if r.value == nil {
			return sourceStateOf(name, r), nil
		}
		return sourceStateOf(name, r), func(s *sheet) {
			for _, p := range parts {
				p.fill(r.value, s)
			}
		}
	}
	return src
}

func sourceStateOf[T any](name string, r reading[T]) SourceState {
	state := SourceState{Name: name, Up: r.err == nil, Seconds: r.took.Seconds(), At: r.at}
	if r.err != nil {
		// Of several errors each has a line of its own.
		state.Failure, state.Error = failureOf(r.err), strings.ReplaceAll(r.err.Error(), "\n", "; ")
	}
	return state
}

// fetchAll reads all sources at once, and returns when the last one has answered or ctx has ended.
func fetchAll(ctx context.Context, sources []source) ([]SourceState, []func(*sheet)) {
	states, renders := make([]SourceState, len(sources)), make([]func(*sheet), len(sources))
	var wg sync.WaitGroup
	for i, src := range sources {
		wg.Go(func() { states[i], renders[i] = src.fetch(ctx) })
	}
	wg.Wait()
	return states, renders
}

// sourceTable is what is said of each source.
func sourceTable() table[SourceState] {
	return table[SourceState]{
		subject: "a source of this exporter",
		labels:  []string{"source"},
		values:  func(s SourceState) []string { return []string{s.Name} },
		rows: []row[SourceState]{
			gaugeRow("lvsdns_source_up", "1 if the last reading of this source gave all that it should.",
				func(s SourceState) float64 { return truth(s.Up) }),
			gaugeRow("lvsdns_source_duration_seconds", "How long the last reading of this source took.",
				func(s SourceState) float64 { return s.Seconds }),
			seriesRow("lvsdns_source_failure", "1 for the reason why this source is not up: absent, permission, timeout or error.", []string{"reason"},
				func(s SourceState, emit emit) {
					for _, f := range failures {
						emit(truth(s.Failure == f), string(f))
					}
				}),
		},
	}
}
