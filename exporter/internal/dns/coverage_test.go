package dns

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestCoverage(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.1:53")
	now := time.Unix(1e9, 0)
	var c coverage
	for i, step := range []struct {
		seconds        int
		expected, seen uint64
		want           float64 // negative: not known
	}{
		{0, 5000, 0, -1}, // the kernel has counted for longer
		{5, 5050, 50, -1},
		{5, 5200, 200, 1},
		{30, 6000, 900, 0.9},
		{30, 7000, 1000, 0.5},
		{30, 8000, 2000, 2.0 / 3},
		{60, 9000, 3000, 1}, // what is older than two minutes no longer counts
		{5, 100, 3100, -1},  // ipvsadm -Z
		{5, 300, 3300, 1},
	} {
		now = now.Add(time.Duration(step.seconds) * time.Second)
		got, known := c.update(now, map[netip.AddrPort]uint64{at: step.expected}, map[netip.AddrPort]uint64{at: step.seen})[at]
		if !known {
			got = -1
		}
		if fmt.Sprintf("%.3f", got) != fmt.Sprintf("%.3f", step.want) {
			t.Errorf("step %d: coverage %.3f, want %.3f", i, got, step.want)
		}
	}
}
