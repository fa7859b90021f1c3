package checker

import (
	"slices"
	"testing"
	"time"
)

func TestLatencyWeight(t *testing.T) {
	for w, want := range map[LatencyWeight][]int{
		// In the order in which they appear as the latency grows.
		{5 * time.Millisecond, 200 * time.Millisecond, 100, 10}:   {100, 78, 55, 33, 10},
		{5 * time.Millisecond, 200 * time.Millisecond, 10, 100}:   {10, 33, 55, 78, 100}, // the slow one gets more: odd, and asked for
		{time.Millisecond, time.Second, 253, 1}:                   {253, 190, 127, 64, 1},
		{time.Millisecond, time.Second, 7, 7}:                     {7},
		{time.Millisecond, time.Second, 2, 1}:                     {2, 1},
		{time.Millisecond, time.Second, 100, 0}:                   {100, 75, 50, 25, 1, 0}, // 0 only from 1s on
		{time.Millisecond, time.Second, 0, 100}:                   {0, 1, 25, 50, 75, 100}, // 0 only up to 1ms
		{time.Millisecond, time.Second, 1, 0}:                     {1, 0},
		{500 * time.Microsecond, 1500 * time.Microsecond, 50, 10}: {50, 40, 30, 20, 10},
	} {
		got := []int{w.At(0)}
		for d := time.Duration(0); d <= w.Slow+time.Millisecond; d += 50 * time.Microsecond {
			weight := w.At(d)
			if weight != got[len(got)-1] {
				got = append(got, weight)
			}
			if weight == 0 && !(d <= w.Fast && w.FastWeight == 0) && !(d >= w.Slow && w.SlowWeight == 0) {
				t.Errorf("%+v: weight 0 at %v takes the server out, and nobody asked for it there", w, d)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: weights %v, want %v", w, got, want)
		}
		if far := w.At(time.Hour); far != w.SlowWeight {
			t.Errorf("%+v: weight %d at an hour, want %d", w, far, w.SlowWeight)
		}
	}
}
