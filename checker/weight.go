package checker

import (
	"math"
	"time"
)

// LatencyWeight maps how long an answer took to a real server's weight:
// FastWeight up to Fast, SlowWeight from Slow on, steps in between.
type LatencyWeight struct {
	Fast, Slow             time.Duration
	FastWeight, SlowWeight int
}

// weightSteps is how many steps lie between the two weights. Few, because
// keepalived writes to the kernel and to its log on each change.
const weightSteps = 4

// At returns the weight for a latency. It is never 0 unless 0 is one of the
// two weights asked for and the latency is at or beyond that end: weight 0
// takes a server out of service.
func (w LatencyWeight) At(latency time.Duration) int {
	switch {
	case latency <= w.Fast:
		return w.FastWeight
	case latency >= w.Slow:
		return w.SlowWeight
	}
	part := float64(latency-w.Fast) / float64(w.Slow-w.Fast)
	step := math.Round(part*weightSteps) / weightSteps
	weight := float64(w.FastWeight) + step*float64(w.SlowWeight-w.FastWeight)
	return max(int(math.Round(weight)), 1)
}
