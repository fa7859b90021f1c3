package checker

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// LatencyWeight maps how long an answer took to a real server's weight:
// FastWeight up to Fast, SlowWeight from Slow on, steps in between.
type LatencyWeight struct {
	Fast, Slow             time.Duration
	FastWeight, SlowWeight int // 0 to MaxWeight
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

// ParseLatencyWeight reads "latency:FAST=W,SLOW=W", as in
// "latency:5ms=100,200ms=10". Weights above MaxWeight are clamped to it.
func ParseLatencyWeight(s string) (LatencyWeight, error) {
	const form = `write it as latency:FAST=WEIGHT,SLOW=WEIGHT, for example latency:5ms=100,200ms=10`
	kind, rest, _ := strings.Cut(s, ":")
	fast, slow, ok := strings.Cut(rest, ",")
	if kind != "latency" || !ok {
		return LatencyWeight{}, fmt.Errorf("%q is not understood; %s", s, form)
	}
	var w LatencyWeight
	var err error
	if w.Fast, w.FastWeight, err = parseWeightPoint(fast); err != nil {
		return LatencyWeight{}, fmt.Errorf("%w; %s", err, form)
	}
	if w.Slow, w.SlowWeight, err = parseWeightPoint(slow); err != nil {
		return LatencyWeight{}, fmt.Errorf("%w; %s", err, form)
	}
	if w.Fast >= w.Slow {
		return LatencyWeight{}, fmt.Errorf("the first latency %v is not below the second %v; put the faster one first", w.Fast, w.Slow)
	}
	return w, nil
}

func parseWeightPoint(s string) (time.Duration, int, error) {
	d, w, ok := strings.Cut(s, "=")
	if !ok {
		return 0, 0, fmt.Errorf("%q has no =WEIGHT", s)
	}
	latency, err := ParseDuration(d)
	if err != nil {
		return 0, 0, err
	}
	weight, err := strconv.ParseUint(w, 10, 31)
	if err != nil {
		return 0, 0, fmt.Errorf("weight %q is not a whole number from 0 to %d", w, MaxWeight)
	}
	return latency, min(int(weight), MaxWeight), nil
}

// ParseDuration reads a positive duration with its unit ("2s", "500ms") and
// says how to mend one without.
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		if _, numErr := strconv.ParseFloat(s, 64); numErr == nil {
			return 0, fmt.Errorf("%q has no unit; write %ss or %sms", s, s, s)
		}
		return 0, fmt.Errorf("%q is no duration; write for example 2s or 500ms", s)
	}
	if d <= 0 {
		return 0, fmt.Errorf("%q is not above zero", s)
	}
	return d, nil
}
