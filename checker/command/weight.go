package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
)

// parseLatencyWeight reads "latency:FAST=W,SLOW=W", as in
// "latency:5ms=100,200ms=10". Weights above exit.MaxWeight are clamped to it.
func parseLatencyWeight(s string) (checker.LatencyWeight, error) {
	const form = `write it as latency:FAST=WEIGHT,SLOW=WEIGHT, for example latency:5ms=100,200ms=10`
	kind, rest, _ := strings.Cut(s, ":")
	fast, slow, ok := strings.Cut(rest, ",")
	if kind != "latency" || !ok {
		return checker.LatencyWeight{}, fmt.Errorf("%q is not understood; %s", s, form)
	}
	var w checker.LatencyWeight
	var err error
	if w.Fast, w.FastWeight, err = parseWeightPoint(fast); err != nil {
		return checker.LatencyWeight{}, fmt.Errorf("%w; %s", err, form)
	}
	if w.Slow, w.SlowWeight, err = parseWeightPoint(slow); err != nil {
		return checker.LatencyWeight{}, fmt.Errorf("%w; %s", err, form)
	}
	if w.Fast >= w.Slow {
		return checker.LatencyWeight{}, fmt.Errorf("the first latency %v is not below the second %v; put the faster one first", w.Fast, w.Slow)
	}
	return w, nil
}

func parseWeightPoint(s string) (time.Duration, int, error) {
	d, w, ok := strings.Cut(s, "=")
	if !ok {
		return 0, 0, fmt.Errorf("%q has no =WEIGHT", s)
	}
	latency, err := parseDuration(d)
	if err != nil {
		return 0, 0, err
	}
	weight, err := strconv.ParseUint(w, 10, 31)
	if err != nil {
		return 0, 0, fmt.Errorf("weight %q is not a whole number from 0 to %d", w, exit.MaxWeight)
	}
	return latency, min(int(weight), exit.MaxWeight), nil
}

// parseDuration reads a positive duration with its unit ("2s", "500ms") and
// says how to mend one without.
func parseDuration(s string) (time.Duration, error) {
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
