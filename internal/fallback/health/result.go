package health

import (
	"math"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Result takes what a run of a check found. A pass counts at once. A failure counts when it has been repeated retry
// times at intervals of delay_before_retry; one that is down already is not retried.
func (m *Machine) Result(c *Check, r Result) Next {
	n := Next{After: c.Config.DelayLoop.V}
	weight := c.of.weight()
	c.reason = r.Reason
	if r.Unknown {
		return n
	}
	if c.Config.File != nil {
		r.Pass, c.adds = fileWeight(c.Config.File, r.Value)
	}
	switch {
	case r.Pass:
		c.retries = 0
		if c.Config.Misc != nil && c.Config.Misc.Dynamic.V {
			c.status, c.adds = r.Status, dynamicWeight(r.Status, c.Server.Weight.V)
		}
		c.up = true
	case c.up && c.retries < c.Config.Retry.V && c.Config.File == nil:
		c.retries++
		n.After = c.Config.DelayBeforeRetry.V
	default:
		c.retries = 0
		if c.Config.File == nil {
			c.status, c.adds = 0, 0
		}
		c.up = false
	}
	c.hasRun = true
	m.settle(c.of, r.Reason, &n)
	n.Changed = n.Changed || c.of.weight() != weight
	return n
}

// dynamicWeight is what a MISC_CHECK with misc_dynamic adds to the configured weight: statuses from 2 ask for a
// weight of two less, 0 leaves it alone.
func dynamicWeight(status, configured int) int64 {
	if status < 2 {
		return 0
	}
	return int64(status - 2 - configured)
}

// fileWeight is what the number in a tracked file does: times the weight it is added, and a product of -2^31 or less takes
// the real server out. Without a weight any number but 0 does (process_update_checker_track_file_status in track_file.c).
func fileWeight(f *keepalived.TrackedFile, value int64) (up bool, adds int64) {
	if f.Weight.V == 0 {
		return (value == 0) != f.Reverse.V, 0
	}
	value = min(max(value, math.MinInt32), math.MaxInt32)
	product := value * int64(f.Weight.V)
	if f.Reverse.V {
		product = -product
	}
	if product <= math.MinInt32 {
		return false, 0
	}
	return true, min(product, math.MaxInt32)
}

// settle draws the conclusions for the real server and its virtual server.
func (m *Machine) settle(s *server, reason string, n *Next) {
	up := true
	for _, c := range s.checks {
		up = up && c.up
	}
	v := s.of
	if up != s.up {
		s.up = up
		n.Changed = true
		e := Event{Kind: ServerUp, Virtual: v.vs, Server: s.rs, Script: s.rs.NotifyUp, Reason: reason}
		if !up {
			m.failures++
			s.failed = m.failures
			e.Kind, e.Script = ServerDown, s.rs.NotifyDown
		}
		n.Events = append(n.Events, e)
	}
	m.quorum(v, n)
}

// quorum decides, and says what changed.
func (m *Machine) quorum(v *virtual, n *Next) {
	reached := v.reaches(v.quorum)
	if reached == v.quorum {
		return
	}
	e := Event{Kind: QuorumUp, Virtual: v.vs, Script: v.vs.QuorumUp}
	if !reached {
		e.Kind, e.Script = QuorumDown, v.vs.QuorumDown
	}
	v.quorum = reached
	n.Changed = true
	n.Events = append(n.Events, e)
}

// reaches decides with hysteresis, in units of weight: the quorum is gained at quorum+hysteresis, and lost below
// quorum-hysteresis or when nothing is left.
func (v *virtual) reaches(before bool) bool {
	sum, quorum, hysteresis := v.sum(), int64(v.vs.Quorum.V), int64(v.vs.Hysteresis.V)
	if before {
		return sum > 0 && sum >= quorum-hysteresis
	}
	return sum >= quorum+hysteresis
}
