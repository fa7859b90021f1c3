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
		if len(r.waiting) == 0 || r.flying >= r.Parallel {
			return false
		}
		e := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.flying++
		ask, age := r.probes[e.check], r.age
		go func() {
			began := time.Now()
			r.ended <- outcome{e.check, ask(ctx), began, age, e.extra}
		}()
	}
	return len(r.waiting) > 0 && r.flying < r.Parallel
}
