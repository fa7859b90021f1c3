package checker

import (
	"slices"
	"testing"
	"time"
)

func TestLatencyWeight(t *testing.T) {
	for text, want := range map[string][]int{
		// In the order in which they appear as the latency grows.
		"latency:5ms=100,200ms=10":   {100, 78, 55, 33, 10},
		"latency:5ms=10,200ms=100":   {10, 33, 55, 78, 100}, // the slow one gets more: odd, and asked for
		"latency:1ms=253,1s=1":       {253, 190, 127, 64, 1},
		"latency:1ms=999999,1s=1":    {253, 190, 127, 64, 1}, // clamped
		"latency:1ms=7,1s=7":         {7},
		"latency:1ms=2,1s=1":         {2, 1},
		"latency:1ms=100,1s=0":       {100, 75, 50, 25, 1, 0}, // 0 only from 1s on
		"latency:1ms=0,1s=100":       {0, 1, 25, 50, 75, 100}, // 0 only up to 1ms
		"latency:1ms=1,1s=0":         {1, 0},
		"latency:500us=50,1500us=10": {50, 40, 30, 20, 10},
	} {
		w, err := ParseLatencyWeight(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := []int{w.At(0)}
		for d := time.Duration(0); d <= w.Slow+time.Millisecond; d += 50 * time.Microsecond {
			weight := w.At(d)
			if weight != got[len(got)-1] {
				got = append(got, weight)
			}
			if weight == 0 && !(d <= w.Fast && w.FastWeight == 0) && !(d >= w.Slow && w.SlowWeight == 0) {
				t.Errorf("%s: weight 0 at %v takes the server out, and nobody asked for it there", text, d)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: weights %v, want %v", text, got, want)
		}
		if far := w.At(time.Hour); far != w.SlowWeight {
			t.Errorf("%s: weight %d at an hour, want %d", text, far, w.SlowWeight)
		}
	}
}

func TestParseLatencyWeightRefuses(t *testing.T) {
	const form = "; write it as latency:FAST=WEIGHT,SLOW=WEIGHT, for example latency:5ms=100,200ms=10"
	for text, want := range map[string]string{
		"":                             `"" is not understood` + form,
		"load:1=2,3=4":                 `"load:1=2,3=4" is not understood` + form,
		"latency":                      `"latency" is not understood` + form,
		"latency:5ms=100":              `"latency:5ms=100" is not understood` + form,
		"latency:5ms,200ms=10":         `"5ms" has no =WEIGHT` + form,
		"latency:5ms=100,200ms":        `"200ms" has no =WEIGHT` + form,
		"latency:5=100,200ms=10":       `"5" has no unit; write 5s or 5ms` + form,
		"latency:5ms=100,x=10":         `"x" is no duration; write for example 2s or 500ms` + form,
		"latency:0s=100,1s=10":         `"0s" is not above zero` + form,
		"latency:5ms=-1,200ms=10":      `weight "-1" is not a whole number from 0 to 253` + form,
		"latency:5ms=1.5,200ms=10":     `weight "1.5" is not a whole number from 0 to 253` + form,
		"latency:5ms=1,200ms=9,1s=1":   `weight "9,1s=1" is not a whole number from 0 to 253` + form,
		"latency:5ms=100,5ms=10":       "the first latency 5ms is not below the second 5ms; put the faster one first",
		"latency:200ms=10,5ms=100":     "the first latency 200ms is not below the second 5ms; put the faster one first",
		"latency:1ms=99999999999,1s=1": `weight "99999999999" is not a whole number from 0 to 253` + form,
	} {
		if w, err := ParseLatencyWeight(text); err == nil || err.Error() != want {
			t.Errorf("ParseLatencyWeight(%q) = %v\n got %v\nwant %s", text, w, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"2s": 2 * time.Second, "500ms": 500 * time.Millisecond, "1.5s": 1500 * time.Millisecond, "1m": time.Minute, "80us": 80 * time.Microsecond,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":      `"" is no duration; write for example 2s or 500ms`,
		"2":     `"2" has no unit; write 2s or 2ms`,
		"0.5":   `"0.5" has no unit; write 0.5s or 0.5ms`,
		"2 s":   `"2 s" is no duration; write for example 2s or 500ms`,
		"2sec":  `"2sec" is no duration; write for example 2s or 500ms`,
		"0":     `"0" is not above zero`,
		"0s":    `"0s" is not above zero`,
		"-1s":   `"-1s" is not above zero`,
		"1e99s": `"1e99s" is no duration; write for example 2s or 500ms`,
	} {
		if got, err := ParseDuration(text); err == nil || err.Error() != want {
			t.Errorf("ParseDuration(%q) = %v\n got %v\nwant %s", text, got, err, want)
		}
	}
}
