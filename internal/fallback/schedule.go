package fallback

import (
	"container/heap"
	"context"
	"math"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
)

const (
	// bootstrap is how long keepalived waits before any first check (BOOTSTRAP_DELAY in check_api.h).
	bootstrap = time.Second
	// fileInterval is how often a tracked file is read; keepalived is told of its changes.
	fileInterval = 500 * time.Millisecond
)

// turn is how many probes start before results are looked at. A processor that cannot keep up then falls behind in starting them, rather than
// starting so many that none has its answer in time.
const turn = 16

// first is when a check has its first turn. keepalived waits a random part of warmup, so that not all run at once. Here they are spread
// evenly, by the golden ratio: neighbours in the configuration are far apart. What is out of service is asked early as well, for the
// sake of who waits for it; its turns stay where they are, or all of them would come in one burst for ever.
func first(c *health.Check, i, n int) (early, regular time.Duration) {
	if c.Config.File != nil {
		return 0, 0
	}
	_, part := math.Modf(float64(i) * (math.Sqrt(5) - 1) / 2)
	within := func(window time.Duration) time.Duration { return bootstrap + time.Duration(part*float64(window)) }
	regular = within(c.Config.Warmup.V)
	if c.Up() {
		return regular, regular
	}
	return within(min(c.Config.Warmup.V, max(bootstrap, time.Duration(n)*time.Millisecond))), regular
}

// queue holds the checks by the time of their next run.
type queue []entry

type entry struct {
	check *health.Check
	at    time.Time
	extra bool // once, and not one of its turns
}

func (q *queue) add(e entry) { heap.Push(q, e) }

// wait is the time until the next one is due.
func (q queue) wait(now time.Time) time.Duration {
	if len(q) == 0 {
		return time.Hour
	}
	return max(0, q[0].at.Sub(now))
}

// Len, Less, Swap, Push and Pop are those of [heap.Interface].
func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is for package heap.
func (q *queue) Push(x any) { *q = append(*q, x.(entry)) }

// Pop is for package heap.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// schedule gives each check of a new configuration its next turn. One that is the same as before keeps its own, be it waited for, due or in the
// air, so that however often the configuration is read again, no check comes later for that.
func (r *run) schedule(same map[*health.Check]*health.Check, now time.Time) {
	has := make(map[*health.Check]bool, len(same))
	keep := func(old *health.Check, extra bool) *health.Check {
		check := same[old]
		if r.probes[check] == nil {
			return nil
		}
		has[check] = has[check] || !extra
		return check
	}
	var waiting []entry
	for _, e := range r.waiting {
		if e.check = keep(e.check, e.extra); e.check != nil {
			waiting = append(waiting, e)
		}
	}
	earlier := r.queue
	r.queue, r.waiting = nil, waiting
	for _, e := range earlier {
		old := e.check
		if e.check = keep(old, e.extra); e.check == nil {
			continue
		}
		if delay := e.check.Config.DelayLoop.V; delay != old.Config.DelayLoop.V && e.at.After(now.Add(delay)) {
			e.at = now.Add(delay)
		}
		r.queue.add(e)
	}
	for f := range r.flights {
		f.check = keep(f.check, f.extra)
	}
	all := r.machine.Checks()
	for i, check := range all {
		if r.probes[check] == nil || has[check] {
			continue
		}
		early, turn := first(check, i, len(all))
		r.queue.add(entry{check, now.Add(turn), false})
		if turn-early >= bootstrap {
			r.queue.add(entry{check, now.Add(early), true})
		}
	}
}

// launch starts probes that are due, no more than may run at a time, and reports whether more could be started.
func (r *run) launch(ctx context.Context, now time.Time) bool {
	for len(r.queue) > 0 && !r.queue[0].at.After(now) {
		e := heap.Pop(&r.queue).(entry)
		if r.Local != nil && r.machine.Suspended(e.check, func(a netip.Addr) bool { return r.local[a] }) {
			if !e.extra {
				e.at = now.Add(e.check.Config.DelayLoop.V)
				r.queue.add(e)
			}
			continue
		}
		r.waiting = append(r.waiting, e)
	}
	for range turn {
		if len(r.waiting) == 0 || len(r.flights) >= r.Parallel {
			return false
		}
		e := r.waiting[0]
		r.waiting = r.waiting[1:]
		f, ask := &flight{e.check, e.extra}, r.probes[e.check]
		r.flights[f] = true
		go func() {
			began := time.Now()
			r.ended <- outcome{f, ask(ctx), began}
		}()
	}
	return len(r.waiting) > 0 && len(r.flights) < r.Parallel
}
