package exporter

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/flows"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Conntrack is the kernel's table of flows. *conntrack.Client is one.
type Conntrack interface {
	Size() (conntrack.Size, error)
	Timeouts() (conntrack.Timeouts, error)
	Counters(context.Context) ([]conntrack.CPU, error)
	Expectations(context.Context) (int, error)
	Pass(ctx context.Context, services []conntrack.Service, most int) (conntrack.Pass, error)
}

// FlowsConfig says how flows are counted.
type FlowsConfig struct {
	Interval   time.Duration // between passes over the table; 0: none are made
	MaxEntries int           // a larger table is not read
	Wanted     conntrack.Timeouts
}

// conntrackView is what is known of connection tracking.
type conntrackView struct {
	loaded       bool // false: the kernel has no connection tracking, and what follows is empty
	size         conntrack.Size
	timeouts     conntrack.Timeouts
	wanted       conntrack.Timeouts // 0: none
	expectations *int               // nil: not known
	totals       conntrack.Totals
	passes       passesView
}

// tracked is one virtual server.
type tracked struct {
	flows.Tracking
	count *conntrack.Count // nil: no pass has counted it
}

// conntrackReader reads views. Its sums are touched by one read at a time: see shared.
type conntrackReader struct {
	kernel Conntrack
	wanted conntrack.Timeouts
	passes *passes

	totals conntrack.Totals
}

func (r *conntrackReader) read(ctx context.Context) (*conntrackView, error) {
	v := &conntrackView{wanted: r.wanted}
	var err error
	if v.size, err = r.kernel.Size(); errors.Is(err, conntrack.ErrAbsent) {
		v.size = conntrack.Size{}
		return v, nil // a director may well do without
	} else if err != nil {
		return nil, err
	}
	v.loaded = true
	var errs [4]error
	v.timeouts, errs[0] = r.kernel.Timeouts()
	var cpus []conntrack.CPU
	if cpus, errs[1] = r.kernel.Counters(ctx); errs[1] == nil {
		r.totals.Add(cpus)
	}
	v.totals = r.totals
	var n int
	if n, errs[2] = r.kernel.Expectations(ctx); errs[2] == nil {
		v.expectations = &n
	}
	v.passes, errs[3] = r.passes.view()
	return v, errors.Join(errs[:]...)
}

// wireConntrack makes the source, and what Watch runs.
func (e *Exporter) wireConntrack(sysctls *shared[[]host.Sysctl]) {
	c := &e.config
	e.passes = &passes{config: c.Flows, kernel: c.Conntrack, services: e.flowServices, now: c.Now}
	e.conntrack = share(c, (&conntrackReader{kernel: c.Conntrack, wanted: c.Flows.Wanted, passes: e.passes}).read)
	e.sources = append(e.sources, newSource("conntrack", e.conntrack, func(v *conntrackView, s *sheet) {
		conntrackTable().fill(s, 0, v)
		// What others have read by now: a source that hangs must not hold this one up.
		trackedTable().fill(s, c.MaxSeries, e.track(v, e.view.peek().value, sysctls.peek().value)...)
	}))
}

// Watch reads the table of flows in the background until ctx ends, because it takes too long for a scrape. It reads the counters too, so
// that none wraps twice while nobody scrapes. And it looks who sends reports of checks that are not taken.
func (e *Exporter) Watch(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	if e.config.Checks != nil {
		group.Go(func() { e.watchStrangers(ctx, 10*time.Second) })
	}
	if e.passes != nil && e.config.Flows.Interval > 0 {
		e.passes.run(ctx, func(ctx context.Context) { e.conntrack.get(ctx) })
	}
}

// flowServices are the virtual servers whose flows are counted; none without IPVS.
func (e *Exporter) flowServices(ctx context.Context) []conntrack.Service {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	v := e.view.get(ctx).value
	if v == nil {
		return nil
	}
	return slices.DeleteFunc(flows.Services(v.table), func(s conntrack.Service) bool { return !e.shows(s.At) })
}

func (e *Exporter) shows(at netip.AddrPort) bool { return e.config.Keep(ipvs.At(ipvs.UDP, at)) }

// track judges the virtual servers of the moment, and finds what the last pass has counted for each.
func (e *Exporter) track(v *conntrackView, table *view, sysctls *[]host.Sysctl) []tracked {
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
	for _, t := range flows.Track(table.table, kernel) {
		if e.shows(t.At) {
			all = append(all, tracked{t, counts[t.At]})
		}
	}
	return all
}

func seen(counts []uint64) bool {
	return slices.ContainsFunc(counts, func(n uint64) bool { return n > 0 })
}
