package tracking

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
)

// flowsResult is what became of the attempt to read the whole table of flows.
type flowsResult string

// The results. The set is closed: its values are those of a label.
const (
	flowsDone   flowsResult = "done"
	flowsTooBig flowsResult = "too_big" // the table has more entries than may be read; not read
	flowsSparse flowsResult = "sparse"  // not read, because the last pass has found that it costs far too much for what it finds
	flowsFailed flowsResult = "failed"
)

var flowsResults = [...]flowsResult{flowsDone, flowsTooBig, flowsSparse, flowsFailed}

// The hash table holds the entries of all network namespaces, and the kernel walks over those of others with softirqs off. Few entries of
// our own in a large table show as much time for each: a usual one takes 2 to 3 µs.
const (
	sparseFrom  = 20 * time.Millisecond
	sparseEach  = 25 * time.Microsecond
	sparsePause = 10 // intervals
)

// freshFor is for how many intervals the numbers of a pass are shown. After that an absent number says more.
const freshFor = 3

// passes makes passes over the table of flows, and remembers the last one that was finished.
type passes struct {
	config   Flows
	kernel   Kernel
	services func(context.Context) []conntrack.Service
	now      func() time.Time

	mu      sync.Mutex
	last    *finished
	result  flowsResult // of the last attempt; empty: there was none
	err     error       // of the last attempt
	resume  time.Time   // when to try again after a sparse one
	results map[flowsResult]uint64
}

// finished is a pass and what it was made for.
type finished struct {
	pass     conntrack.Pass
	services []conntrack.Service
	at       time.Time // when it ended
}

// passesView is a copy of what is known.
type passesView struct {
	last    *finished // nil: none, or too old to be true
	age     *time.Duration
	result  flowsResult
	results [len(flowsResults)]uint64
	most    int
}

// run makes a pass at once and then after each interval, and tells others meanwhile.
func (p *passes) run(ctx context.Context, after func(context.Context)) {
	for {
		p.attempt(ctx)
		after(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(p.config.Interval):
		}
	}
}

// attempt makes one pass, if it is time for one. The pass ends before the next one is due.
func (p *passes) attempt(ctx context.Context) {
	if p.now().Before(p.resume) {
		p.note(flowsSparse, nil, nil)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, p.config.Interval)
	defer cancel()
	services := p.services(ctx)
	pass, err := p.kernel.Pass(ctx, services, p.config.MaxEntries)
	switch {
	case ctx.Err() == context.Canceled: // we are told to end
	case errors.Is(err, conntrack.ErrAbsent): // nothing to read is no failure
	case errors.Is(err, conntrack.ErrTooBig):
		p.note(flowsTooBig, nil, nil)
	case err != nil:
		p.note(flowsFailed, nil, err)
	default:
		if sparse(&pass) {
			p.resume = p.now().Add(sparsePause * p.config.Interval)
		}
		p.note(flowsDone, &finished{pass, services, p.now()}, nil)
	}
}

func sparse(p *conntrack.Pass) bool {
	return p.CPU > sparseFrom && p.CPU > sparseEach*time.Duration(p.Entries())
}

func (p *passes) note(result flowsResult, last *finished, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.results == nil {
		p.results = map[flowsResult]uint64{}
	}
	p.results[result]++
	p.result, p.err = result, err
	if last != nil {
		p.last = last
	}
}

// view copies, and says what went wrong with the last attempt.
func (p *passes) view() (passesView, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := passesView{result: p.result, most: p.config.MaxEntries}
	for i, r := range flowsResults {
		v.results[i] = p.results[r]
	}
	if p.last != nil {
		age := p.now().Sub(p.last.at)
		v.age = &age
		pause := time.Duration(freshFor)
		if p.result == flowsSparse {
			pause += sparsePause
		}
		if age <= pause*p.config.Interval {
			v.last = p.last
		}
	}
	return v, p.err
}
