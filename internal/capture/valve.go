package capture

import (
	"time"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// valve decides how large the sample is: small when packets are lost, larger again when there is time.
type valve struct {
	shift uint8
	limit uint8 // 0: dnscount.MaxSample

	window        time.Duration // since the last decision
	packets, lost uint64
	calm          time.Duration
}

// load is what a while was like.
type load struct {
	time          time.Duration
	packets, lost uint64  // packets that the filter let through, and those of them that found no room
	busy          float64 // share of the time that counting took
}

const (
	lossBearable = 0.001 // in lossWindow
	lossHeavy    = 0.05  // at once
	lossWindow   = 10 * time.Second
	calmWindow   = time.Minute
	busyCalm     = 0.5
)

// step takes account of a while, and returns the size of the sample from now on: one transaction in 1 << shift.
func (v *valve) step(l load) uint8 {
	v.window += l.time
	v.packets, v.lost = v.packets+l.packets, v.lost+l.lost
	limit := v.limit
	if limit == 0 {
		limit = dnscount.MaxSample
	}
	heavy := float64(l.lost) > lossHeavy*float64(l.packets)
	bearable := float64(v.lost) <= lossBearable*float64(v.packets)
	switch {
	case heavy || v.window >= lossWindow && !bearable:
		v.shift = min(v.shift+1, limit)
		v.window, v.packets, v.lost, v.calm = 0, 0, 0, 0
	case l.lost > 0 || l.busy >= busyCalm:
		v.calm = 0
	default:
		v.calm += l.time
	}
	if v.window >= lossWindow {
		v.window, v.packets, v.lost = 0, 0, 0
	}
	// Twice as many packets will come: there must be room for them.
	if v.calm >= calmWindow && v.shift > 0 {
		v.shift--
		v.calm = 0
	}
	return v.shift
}
