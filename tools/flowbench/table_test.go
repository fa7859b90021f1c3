package main

import (
	"strings"
	"testing"
	"time"
)

// TestGoals has numbers on both sides of each goal.
func TestGoals(t *testing.T) {
	ms := time.Millisecond
	flat := func(n time.Duration) latencies { return latencies{all: []time.Duration{n, n, n}} }
	good := results{
		passes:   []cost{{user: 100 * ms, system: 650 * ms}, {user: time.Hour}, {user: 1 * ms, system: 2 * ms}},
		rivals:   []cost{{user: 500 * ms, system: 500 * ms}},
		exporter: exporterCost{idle: 20_000, peak: 20_000 + 24<<10, pass: 750 * ms},
		idle:     []latencies{flat(100), flat(ms)}, busy: []latencies{flat(200), flat(2 * ms)},
		counted: counts{
			made: map[string]int{"replied": 3, "stale": 1}, pass: map[string]int{"replied": 3, "stale": 1}, tool: map[string]int{"replied": 3},
		},
	}
	bad := results{
		passes: []cost{{user: 751 * ms}}, rivals: []cost{{user: 500 * ms, system: 500 * ms}},
		exporter: exporterCost{idle: 20_000, peak: 20_000 + 25<<10, pass: 760 * ms},
		idle:     []latencies{flat(ms)}, busy: []latencies{flat(2*ms + 100_000)},
		counted: counts{made: map[string]int{"replied": 3}, pass: map[string]int{"replied": 2}, tool: map[string]int{"replied": 3}},
	}
	for _, tt := range []struct {
		r        results
		met, not int
	}{{good, 5, 0}, {bad, 0, 5}} {
		var b strings.Builder
		tt.r.print(&b, options{entries: 3, rounds: len(tt.r.idle)}, "0.1", "0.2")
		_, goals, _ := strings.Cut(b.String(), "\nGoals\n")
		if met, not := strings.Count(goals, ": met\n"), strings.Count(goals, ": NOT MET\n"); met != tt.met || not != tt.not {
			t.Errorf("%d goals met, %d not; want %d and %d\n%s", met, not, tt.met, tt.not, b.String())
		}
	}
}

func TestReadPass(t *testing.T) {
	got, allocations, err := readPass("10 1 2 3 4 56\n")
	if err != nil || allocations != 56 || got["unreplied"] != 1 || got["replied"] != 2 || got["assured"] != 3 || got["stale"] != 4 {
		t.Errorf("%v %d %v", got, allocations, err)
	}
	if _, _, err := readPass("nothing"); err == nil {
		t.Error("no error of a line without numbers")
	}
}
