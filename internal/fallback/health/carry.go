package health

import (
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Carry takes over what an earlier machine has found: a check that asks the same keeps its result and how often it has
// failed, whatever else of the configuration changed (migrate_checkers in keepalived's ipwrapper.c). It returns which
// checks these are, from the earlier machine's to this one's.
func (m *Machine) Carry(from *Machine) map[*Check]*Check {
	earlier := map[virtualName][]*virtual{}
	for _, v := range from.virtuals {
		earlier[nameOf(v.vs)] = append(earlier[nameOf(v.vs)], v)
	}
	m.failures = from.failures
	same := make(map[*Check]*Check, len(m.checks))
	for _, v := range m.virtuals {
		k := nameOf(v.vs)
		if len(earlier[k]) == 0 {
			continue
		}
		v.carry(earlier[k][0], same)
		earlier[k] = earlier[k][1:]
	}
	return same
}

// virtualName is what tells virtual servers apart. Several of one group and family may have the same: these count in their order.
type virtualName struct {
	addr     netip.Addr
	port     uint16
	mark     uint32
	group    string
	family   keepalived.Family
	protocol keepalived.Protocol
}

func nameOf(v *keepalived.VirtualServer) virtualName {
	return virtualName{v.Addr, v.Port, v.FWMark, v.Group, v.Family, v.Protocol.V}
}

func (v *virtual) carry(from *virtual, same map[*Check]*Check) {
	earlier := make(map[netip.AddrPort]*server, len(from.servers))
	for _, s := range from.servers {
		earlier[netip.AddrPortFrom(s.rs.Addr, s.rs.Port)] = s
	}
	for _, s := range v.servers {
		if o := earlier[netip.AddrPortFrom(s.rs.Addr, s.rs.Port)]; o != nil {
			s.carry(o, same)
		}
	}
	v.quorum = v.reaches(from.quorum)
}

func (s *server) carry(from *server, same map[*Check]*Check) {
	earlier, carried := from.checks, false
	for _, c := range s.checks {
		for i, o := range earlier {
			if !asksTheSame(o, c) {
				continue
			}
			c.carry(o)
			same[o], carried = c, true
			earlier = append(earlier[:i:i], earlier[i+1:]...) // of two that are the same each is carried once
			break
		}
	}
	if !carried {
		return
	}
	s.up = true
	for _, c := range s.checks {
		s.up = s.up && c.up
	}
	if !s.up {
		s.failed = from.failed
	}
}

func (c *Check) carry(from *Check) {
	c.up, c.hasRun, c.reason, c.status, c.adds = from.up, from.hasRun, from.reason, from.status, from.adds
	c.retries = min(from.retries, c.Config.Retry.V)
	if c.Config.Misc != nil && c.Config.Misc.Dynamic.V {
		c.adds = dynamicWeight(c.status, c.Server.Weight.V)
	}
}

// asksTheSame reports whether the result of one check is one of the other: how often it is asked does not count.
func asksTheSame(a, b *Check) bool {
	return a.Server.VirtualHost.V == b.Server.VirtualHost.V && a.Virtual.VirtualHost.V == b.Virtual.VirtualHost.V && keepalived.Same(question(*a.Config), question(*b.Config))
}

func question(k keepalived.Checker) keepalived.Checker {
	k.DelayLoop, k.Warmup, k.DelayBeforeRetry = keepalived.Value[time.Duration]{}, keepalived.Value[time.Duration]{}, keepalived.Value[time.Duration]{}
	k.Retry, k.Alpha, k.LogAllFailures = keepalived.Value[uint32]{}, keepalived.Value[bool]{}, keepalived.Value[bool]{}
	return k
}
