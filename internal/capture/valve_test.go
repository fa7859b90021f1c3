package capture

import (
	"math"
	"testing"
	"time"
)

func TestValve(t *testing.T) {
	type while struct {
		seconds int
		load    load // of each
		want    uint8
	}
	good := load{packets: 1000, busy: 0.1}
	full := load{packets: 1000, busy: 0.7}
	some := load{packets: 1000, lost: 2, busy: 0.9}
	few := load{packets: 100000, lost: 5, busy: 0.9}
	heavy := load{packets: 1000, lost: 500, busy: 1}
	for _, tt := range []struct {
		name   string
		limit  uint8
		whiles []while
	}{
		{"nothing is lost", 0, []while{{300, good, 0}}},
		{"few are lost", 0, []while{{300, few, 0}}},
		{"some are lost", 0, []while{{9, some, 0}, {1, some, 1}, {9, some, 1}, {1, some, 2}}},
		{"many are lost", 0, []while{{1, heavy, 1}, {1, heavy, 2}, {1, heavy, 3}}},
		{"a bound", 2, []while{{10, heavy, 2}}},
		{"the built-in bound", 0, []while{{30, heavy, 10}}},
		{"calm again", 0, []while{{2, heavy, 2}, {59, good, 2}, {1, good, 1}, {59, good, 1}, {1, good, 0}, {100, good, 0}}},
		{"still busy", 0, []while{{2, heavy, 2}, {600, full, 2}}},
		{"calm is broken", 0, []while{{1, heavy, 1}, {50, good, 1}, {1, few, 1}, {59, good, 1}, {1, good, 0}}},
		{"no traffic", 0, []while{{1, heavy, 1}, {60, load{}, 0}}},
	} {
		v := valve{limit: tt.limit}
		for i, w := range tt.whiles {
			for range w.seconds {
				w.load.time = time.Second
				v.step(w.load)
			}
			if v.shift != w.want {
				t.Errorf("%s: after part %d the sample is 1/%d, want 1/%d", tt.name, i+1, 1<<v.shift, 1<<w.want)
				break
			}
		}
	}
}

// TestPause: packets gather as long as an eighth of a ring holds them, and nobody wakes up for few of them.
func TestPause(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name         string
		blocks       int
		octets       int
		passed, want time.Duration
	}{
		{"silence", 64, 0, time.Second, 200 * time.Millisecond},
		{"the first packets ever", 64, 100, math.MaxInt64, 200 * time.Millisecond},
		{"15,000 queries a second", 64, mib, 170 * time.Millisecond, 200 * time.Millisecond},
		{"more than that", 64, 4 * mib, 200 * time.Millisecond, 100 * time.Millisecond},
		{"as much as there is room for", 64, 16 * mib, 8 * time.Millisecond, time.Millisecond},
		{"a clock that was set back", 64, mib, -time.Second, time.Millisecond},
		{"a ring of one MiB", 4, 0, time.Second, 13107200},
		{"a ring of which blocks do not last", 2, 0, time.Second, 6553600},
	} {
		c := New(Config{Blocks: tt.blocks}).config
		if got := c.pause(tt.octets, tt.passed); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
