// Package tracking answers one question: what does connection tracking know of the UDP flows to each virtual server, and does that mean anything?
package tracking

import (
	"context"
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/flows"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Config says what is read of connection tracking, and for whom.
type Config struct {
	Times   source.Times
	Kernel  Kernel // nil: it is not read
	Flows   Flows
	View    *source.Shared[servers.View]
	Sysctls *source.Shared[[]host.Sysctl]
	Keep    func(ipvs.ServiceKey) bool
}

// Tracker reads connection tracking.
type Tracker struct {
	Config
	passes *passes
	all    *source.Shared[view] // nil: it is not read
}

// New makes a tracker that has read nothing yet.
func New(c Config) *Tracker {
	t := &Tracker{Config: c}
	t.passes = &passes{config: c.Flows, kernel: c.Kernel, services: t.services, now: c.Times.Now}
	if c.Kernel != nil {
		t.all = source.Share(c.Times, (&reader{kernel: c.Kernel, wanted: c.Flows.Wanted, passes: t.passes}).read)
	}
	return t
}

// Source is the source of what connection tracking knows.
func (t *Tracker) Source() source.Source {
	return source.New("conntrack", t.all, metric.Whole(kernelTable()), metric.Each(trackedTable(), func(v *view) []tracked {
		// What others have read by now: a source that hangs must not hold this one up.
		return t.track(v, t.View.Peek().Value, t.Sysctls.Peek().Value)
	}))
}

// Pass makes one pass over the table of flows, if it is time for one.
func (t *Tracker) Pass(ctx context.Context) { t.passes.attempt(ctx) }

// Watch reads the table of flows until ctx ends, because it takes too long for a scrape. It reads the counters too, so that none wraps twice
// while nobody scrapes.
func (t *Tracker) Watch(ctx context.Context) {
	if t.Kernel != nil && t.Flows.Interval > 0 {
		t.passes.run(ctx, func(ctx context.Context) { t.all.Get(ctx) })
	}
}

// services are the virtual servers whose flows are counted; none without IPVS.
func (t *Tracker) services(ctx context.Context) []conntrack.Service {
	ctx, cancel := context.WithTimeout(ctx, t.Times.Timeout)
	defer cancel()
	v := t.View.Get(ctx).Value
	if v == nil {
		return nil
	}
	return slices.DeleteFunc(flows.Services(v.Table), func(s conntrack.Service) bool { return !t.shows(s.At) })
}

func (t *Tracker) shows(at netip.AddrPort) bool { return t.Keep(ipvs.At(ipvs.UDP, at)) }

// track judges the virtual servers of the moment, and finds what the last pass has counted for each.
func (t *Tracker) track(v *view, table *servers.View, sysctls *[]host.Sysctl) []tracked {
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
	for _, f := range flows.Track(table.Table, kernel) {
		if t.shows(f.At) {
			all = append(all, tracked{f, counts[f.At]})
		}
	}
	return all
}

func seen(counts []uint64) bool {
	return slices.ContainsFunc(counts, func(n uint64) bool { return n > 0 })
}
