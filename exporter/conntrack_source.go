package exporter

import (
	"context"
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/flows"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// trackerConfig says what is read of connection tracking, and for whom.
type trackerConfig struct {
	times   times
	kernel  Conntrack // nil: it is not read
	flows   FlowsConfig
	view    *shared[view]
	sysctls *shared[[]host.Sysctl]
	keep    func(ipvs.ServiceKey) bool
}

// tracker reads connection tracking.
type tracker struct {
	trackerConfig
	passes *passes
	all    *shared[conntrackView] // nil: it is not read
}

// newTracker makes a tracker that has read nothing yet.
func newTracker(c trackerConfig) *tracker {
	t := &tracker{trackerConfig: c}
	t.passes = &passes{config: c.flows, kernel: c.kernel, services: t.services, now: c.times.now}
	if c.kernel != nil {
		t.all = share(c.times, (&conntrackReader{kernel: c.kernel, wanted: c.flows.Wanted, passes: t.passes}).read)
	}
	return t
}

// source is the source of what connection tracking knows.
func (t *tracker) source() source {
	return newSource("conntrack", t.all, whole(conntrackTable()), each(trackedTable(), func(v *conntrackView) []tracked {
		// What others have read by now: a source that hangs must not hold this one up.
		return t.track(v, t.view.peek().value, t.sysctls.peek().value)
	}))
}

// pass makes one pass over the table of flows, if it is time for one.
func (t *tracker) pass(ctx context.Context) { t.passes.attempt(ctx) }

// watch reads the table of flows until ctx ends, because it takes too long for a scrape. It reads the counters too, so that none wraps twice
// while nobody scrapes.
func (t *tracker) watch(ctx context.Context) {
	if t.kernel != nil && t.flows.Interval > 0 {
		t.passes.run(ctx, func(ctx context.Context) { t.all.get(ctx) })
	}
}

// services are the virtual servers whose flows are counted; none without IPVS.
func (t *tracker) services(ctx context.Context) []conntrack.Service {
	ctx, cancel := context.WithTimeout(ctx, t.times.timeout)
	defer cancel()
	v := t.view.get(ctx).value
	if v == nil {
		return nil
	}
	return slices.DeleteFunc(flows.Services(v.table), func(s conntrack.Service) bool { return !t.shows(s.At) })
}

func (t *tracker) shows(at netip.AddrPort) bool { return t.keep(ipvs.At(ipvs.UDP, at)) }

// track judges the virtual servers of the moment, and finds what the last pass has counted for each.
func (t *tracker) track(v *conntrackView, table *view, sysctls *[]host.Sysctl) []tracked {
	if table == nil {
		return nil
	}
	kernel := flows.Kernel{Conntrack: -1, IPv4: v.size.Entries > 0, IPv6: v.size.Entries > 0}
	if sysctls != nil {
		for _, s := range *sysctls {
			if s.Name == "conntrack" {
				kernel.Conntrack = s.Value
			}
		}
	}
	counts := map[netip.AddrPort]*conntrack.Count{}
	if last := v.passes.last; last != nil {
		kernel.IPv4, kernel.IPv6 = seen(last.pass.IPv4[:]), seen(last.pass.IPv6[:])
		for i, s := range last.services {
			counts[s.At] = &last.pass.Services[i]
		}
	}
	var all []tracked
	for _, f := range flows.Track(table.table, kernel) {
		if t.shows(f.At) {
			all = append(all, tracked{f, counts[f.At]})
		}
	}
	return all
}

func seen(counts []uint64) bool {
	return slices.ContainsFunc(counts, func(n uint64) bool { return n > 0 })
}
