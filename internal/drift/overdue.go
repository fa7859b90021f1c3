package drift

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Overdue are the real servers that get no clients although their checks pass, each once for every service that it belongs to.
type Overdue map[subject]bool

// Watch follows how long real servers get no clients. A check that keepalived kills, or that is no lvsdns-check any more, reports
// nothing: what it said before its server went out says nothing of the server now. The zero value is ready.
type Watch struct{ out map[subject]outage }

type outage struct {
	since  time.Time
	passed time.Time // when all its checks were first seen to have passed since then
}

// Look compares in.Kernel with in.Config, and with the reports in.Checks as they were at now. A real server is overdue at the second
// look at which all its checks have passed since it went out: keepalived takes a moment after the first.
func (w *Watch) Look(in Input, now time.Time) Overdue {
	out, overdue := map[subject]outage{}, Overdue{}
	reports := reportsOf(in.Checks)
	weight := map[subject]uint32{}
	for _, e := range in.Kernel.Entries {
		for _, d := range e.Destinations {
			weight[subject{e.Service.ServiceKey, d.DestinationKey}] = d.Weight
		}
	}
	for _, v := range expand(in.Config) {
		for i := range v.servers {
			s := &v.servers[i]
			k := subject{v.ServiceKey, s.DestinationKey}
			if weight[k] > 0 {
				continue
			}
			o, known := w.out[k]
			switch {
			case !known:
				o.since = now
			case !reports.passedSince(s, now.Sub(o.since)):
				o.passed = time.Time{}
			case o.passed.IsZero():
				o.passed = now
			case o.passed.Before(now):
				overdue[k] = true
			}
			out[k] = o
		}
	}
	w.out = out
	return overdue
}

// reports are what checks said, by the server that was asked.
type reports map[netip.Addr][]Check

func reportsOf(checks []Check) reports {
	all := reports{}
	for _, k := range checks {
		at := ipvs.To(k.Server).Addr
		all[at] = append(all[at], k)
	}
	return all
}

// of reports whether a server was heard of within that time; a server without a port stands for any port.
func (r reports) of(asked netip.AddrPort, within time.Duration) bool {
	return slices.ContainsFunc(r[asked.Addr()], func(k Check) bool {
		return k.Age < within && (asked.Port() == 0 || asked.Port() == k.Server.Port())
	})
}

// failed reports whether one of a real server's checks said lately that it fails.
func (r reports) failed(s *server) bool {
	limit := patience(s.rs)
	return slices.ContainsFunc(r[s.Addr], func(k Check) bool { return k.Age < limit && !k.Passed })
}

// passedSince reports whether all checks of a real server said within that time that it passes. The report of one that was not heard of
// since may be of any of them.
func (r reports) passedSince(s *server, within time.Duration) bool {
	for _, k := range s.rs.Checkers {
		asks, ok := askedBy(k)
		if !ok || !r.of(asks, within) || slices.ContainsFunc(r[asks.Addr()], func(k Check) bool { return k.Age >= within || !k.Passed }) {
			return false
		}
	}
	return len(s.rs.Checkers) > 0
}
