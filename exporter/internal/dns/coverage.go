package dns

import (
	"net/netip"
	"time"
)

// coverage compares two counters of the same packets over one to two minutes.
type coverage struct {
	old, recent snapshot
}

type snapshot struct {
	at       time.Time
	expected map[netip.AddrPort]uint64
	seen     map[netip.AddrPort]uint64
}

const (
	coverageWindow = time.Minute
	// coverageLeast is how many packets say something: the two counters are not read at the same moment.
	coverageLeast = 100
	// blindShare is a coverage that loss does not explain.
	blindShare = 0.1
)

// update returns the share of packets that was seen, of the virtual servers that had enough of them.
func (c *coverage) update(now time.Time, expected, seen map[netip.AddrPort]uint64) map[netip.AddrPort]float64 {
	latest := snapshot{now, expected, seen}
	if c.recent.at.IsZero() {
		c.old, c.recent = latest, latest
	}
	if now.Sub(c.recent.at) >= coverageWindow {
		c.old, c.recent = c.recent, latest
	}
	shares := map[netip.AddrPort]float64{}
	for at, n := range expected {
		base, known := c.old.expected[at]
		baseSeen, knownSeen := c.old.seen[at]
		if !known || !knownSeen || n < base || seen[at] < baseSeen {
			// New, or begun anew: count from here.
			c.old.expected[at], c.old.seen[at] = n, seen[at]
			c.recent.expected[at], c.recent.seen[at] = n, seen[at]
			continue
		}
		if n-base >= coverageLeast {
			shares[at] = float64(seen[at]-baseSeen) / float64(n-base)
		}
	}
	return shares
}
