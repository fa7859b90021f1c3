package plan

import (
	"math"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// FromKernel reads health from the table, as somebody who takes it over must: a real server that is there
// with a weight above 0 passes its checks, one that is absent or has weight 0 fails them, until a check of our own
// decides. One without a check is up. The kernel's weight stays where a check may have set it.
func FromKernel(c *keepalived.Config, names Names, t ipvs.Table) keepalived.State {
	seen := weights(names, t)
	return keepalived.State{
		Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
			s := keepalived.Standing{Up: len(r.Checkers) == 0 || seen[r] > 0, Weight: r.Weight.V}
			if seen[r] > 0 && Dynamic(r) {
				s.Weight = int(seen[r])
			}
			return s
		},
		Sorry: func(v *keepalived.VirtualServer) bool { return seen[v.Sorry] > 0 && !standsAlone(v, seen) },
	}
}

// weights are those of the real servers and sorry servers that are there.
func weights(names Names, t ipvs.Table) map[*keepalived.RealServer]uint32 {
	seen := map[*keepalived.RealServer]uint32{}
	for i := range t.Entries {
		e := &t.Entries[i]
		for _, d := range e.Destinations {
			if n, ok := names[e.Service.ServiceKey][d.DestinationKey]; ok {
				seen[n.Server] = max(seen[n.Server], d.Weight)
			}
		}
	}
	return seen
}

// Torn are the virtual servers whose sorry server serves beside real servers: whoever programmed them ended on the way from one to the
// other, and only checks can say which way that was.
func Torn(c *keepalived.Config, names Names, t ipvs.Table) map[*keepalived.VirtualServer]bool {
	seen, torn := weights(names, t), map[*keepalived.VirtualServer]bool{}
	for i := range c.VirtualServers {
		if v := &c.VirtualServers[i]; v.Sorry != nil && seen[v.Sorry] > 0 && standsAlone(v, seen) {
			torn[v] = true
		}
	}
	return torn
}

// standsAlone reports whether real servers serve beside the sorry server: then it is left over from something.
func standsAlone(v *keepalived.VirtualServer, seen map[*keepalived.RealServer]uint32) bool {
	for i := range v.RealServers {
		if seen[&v.RealServers[i]] > 0 {
			return true
		}
	}
	return false
}

// Dynamic reports whether a check of a real server may change its weight.
func Dynamic(r *keepalived.RealServer) bool {
	for _, k := range r.Checkers {
		if k.File != nil || k.Misc != nil && k.Misc.Dynamic.V {
			return true
		}
	}
	return false
}

// FromBelief reads health from keepalived's state dump. What the dump does not know is up, as at keepalived's start.
func FromBelief(c *keepalived.Config, b *keepalived.Belief) keepalived.State {
	pairs := keepalived.PairUp(c, b)
	return keepalived.State{
		Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
			s := pairs.Server(r)
			if s == nil {
				return keepalived.Standing{Up: true, Weight: r.Weight.V}
			}
			return keepalived.Standing{Up: s.Alive, Weight: int(min(max(s.EffectiveWeight, 0), math.MaxInt32))}
		},
		Sorry: func(v *keepalived.VirtualServer) bool {
			believed := pairs.Virtual(v)
			return believed != nil && !believed.QuorumUp
		},
	}
}
