package command

import (
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
)

func TestParseLatencyWeight(t *testing.T) {
	for text, want := range map[string]checker.LatencyWeight{
		"latency:5ms=100,200ms=10": {Fast: 5 * time.Millisecond, Slow: 200 * time.Millisecond, FastWeight: 100, SlowWeight: 10},
		"latency:1ms=0,1s=253":     {Fast: time.Millisecond, Slow: time.Second, FastWeight: 0, SlowWeight: 253},
		"latency:1ms=999999,1s=1":  {Fast: time.Millisecond, Slow: time.Second, FastWeight: 253, SlowWeight: 1}, // clamped
	} {
		if got, err := parseLatencyWeight(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
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
		if w, err := parseLatencyWeight(text); err == nil || err.Error() != want {
			t.Errorf("parseLatencyWeight(%q) = %v\n got %v\nwant %s", text, w, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"2s": 2 * time.Second, "500ms": 500 * time.Millisecond, "1.5s": 1500 * time.Millisecond, "1m": time.Minute, "80us": 80 * time.Microsecond,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("parseDuration(%q) = %v, %v; want %v", text, got, err, want)
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
		if got, err := parseDuration(text); err == nil || err.Error() != want {
			t.Errorf("parseDuration(%q) = %v\n got %v\nwant %s", text, got, err, want)
		}
	}
}
