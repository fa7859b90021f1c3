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

// first is when a check runs first. keepalived waits a random part of warmup, so that not all run at once. Here they are spread
// evenly, by the golden ratio: neighbours in the configuration are far apart. What is out of service is asked early.
func first(c *health.Check, i, n int) time.Duration {
	window := c.Config.Warmup.V
	if !c.Up() {
		window = min(window, max(bootstrap, time.Duration(n)*time.Millisecond))
	}
	if c.Config.File != nil {
		return 0
	}
	_, part := math.Modf(float64(i) * (math.Sqrt(5) - 1) / 2)
	return bootstrap + time.Duration(part*float64(window))
}

// queue holds the checks by the time of their next run.
type queue []entry

type entry struct {
	check *health.Check
	at    time.Time
}

func (q *queue) add(c *health.Check, at time.Time) { heap.Push(q, entry{c, at}) }

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

// launch starts the probes that are due, no more than may run at a time.
func (r *run) launch(ctx context.Context, now time.Time) {
	for len(r.queue) > 0 && !r.queue[0].at.After(now) {
		c := heap.Pop(&r.queue).(entry).check
		if r.Local != nil && r.machine.Suspended(c, func(a netip.Addr) bool { return r.local[a] }) {
			r.queue.add(c, now.Add(c.Config.DelayLoop.V))
			continue
		}
		r.waiting = append(r.waiting, c)
	}
	for len(r.waiting) > 0 && r.flying < r.Parallel {
		c := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.flying++
		ask, age := r.probes[c], r.age
		go func() {
			began := time.Now()
			r.results <- outcome{c, ask(ctx), began, age}
		}()
	}
}
