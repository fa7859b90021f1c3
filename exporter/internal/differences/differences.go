// Package differences answers one question: what differs between keepalived.conf, what keepalived believes, and the kernel? It gathers what
// the other sources have read for internal/drift, and believes a difference only if it was there before keepalived was asked, too.
package differences

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/exporter/internal/hook"
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
	"github.com/lvsdns/lvsdns/internal/site"
	"github.com/lvsdns/lvsdns/notify"
)

// Comparison is one comparison.
type Comparison struct {
	found []drift.Difference
}

// Reader compares what the other sources read. Its fields are touched by one read at a time: see [source.Shared].
type Reader struct {
	Root    string
	View    *source.Shared[servers.View]
	Totals  *source.Shared[servers.Totals]
	Config  *source.Shared[keepalived.Config]
	Belief  *source.Shared[keepalived.Belief] // nil: keepalived is not asked
	Checks  *checks.Memory
	Planned *checks.Planned
	Marks   func(context.Context, *notify.Document) servers.Marks
	Journal *source.Shared[notify.Document] // nil: lvsdns-notify's is not read

	Steady   drift.Steady
	watch    drift.Watch
	readings []drift.Reading // of the totals, the last three that are far enough apart
	readAt   time.Time
}

// Read compares what the other sources have read.
func (d *Reader) Read(ctx context.Context) (*Comparison, error) {
	config, view := d.Config.Get(ctx), d.View.Get(ctx)
	if config.Value == nil || view.Value == nil {
		return nil, fmt.Errorf("nothing to compare: %w", errors.Join(config.Err, view.Err))
	}
	in := drift.Input{Config: config.Value, Kernel: view.Value.Table, Limited: view.Value.Limited}
	var errs [3]error
	belief := d.Belief.Get(ctx)
	in.Belief, errs[0] = belief.Value, belief.Err
	in.Scripts = site.Keepalived{Root: d.Root}.Scripts(config.Value)
	in.Estimator.Sysctls, errs[1] = host.ReadEstimatorSysctls(d.Root)
	in.Flows, errs[2] = host.ReadFlowSysctls(d.Root)
	in.Estimator.Stalled = d.stands(d.Totals.Get(ctx))
	if d.Checks != nil {
		var now time.Time
		in.Checks, in.Listened, now = d.Checks.ForDrift(d.Planned.Of(config.Value))
		in.Overdue = d.watch.Look(in, now)
	}
	if noted := d.Journal.Get(ctx).Value; noted != nil {
		in.Told = hook.Told(noted, d.Marks(ctx, noted))
	}
	return &Comparison{d.Steady.Find(in)}, errors.Join(errs[:]...)
}

// stands judges the last three readings; too few of them say nothing.
func (d *Reader) stands(r source.Reading[servers.Totals]) bool {
	const apart = 3 * time.Second // the estimator moves the counters every two
	if r.Value != nil && r.At.Sub(d.readAt) >= apart {
		d.readings, d.readAt = append(d.readings, drift.Reading{Shown: r.Value.Sum, PerCPU: r.Value.CPUs}), r.At
		d.readings = d.readings[max(0, len(d.readings)-3):]
	}
	return len(d.readings) == 3 && drift.Stalled(d.readings[0], d.readings[1], d.readings[2])
}

// maxDrift is how many differences get a series of their own. More than that is one trouble, not many.
const maxDrift = 1000

// Source is the source of the differences.
func Source(found *source.Shared[Comparison]) source.Source {
	return source.New("drift", found, metric.Most(table(), (*Comparison).grouped),
		metric.Each(metric.One("drift in all", summaryRow()), func(d *Comparison) [][]drift.Difference { return [][]drift.Difference{d.found} }))
}

// grouped are the differences by kind and server, and how many are above maxDrift.
func (d *Comparison) grouped() (all []counted, dropped int) {
	found := d.found
	if len(found) > maxDrift {
		dropped = len(found) - maxDrift
		found = found[:maxDrift]
	}
	type group struct {
		kind   drift.Kind
		labels lvs.Labels
	}
	at := map[group]int{}
	for _, f := range found {
		g := group{f.Kind, f.Labels()}
		i, known := at[g]
		if !known {
			i = len(all)
			at[g] = i
			all = append(all, counted{Difference: f})
		}
		all[i].n++
	}
	return all, dropped
}

// counted is n differences of one kind at one server.
type counted struct {
	drift.Difference
	n int
}

func table() metric.Table[counted] {
	return metric.Table[counted]{
		Subject: "a difference between keepalived.conf, what keepalived believes, and the kernel",
		Labels:  append([]string{"kind", "severity"}, metric.ServerLabelNames()...),
		Values: func(c counted) []string {
			l := c.Labels()
			return []string{string(c.Kind), string(c.Severity()), l.VIP, l.VPort, l.Proto, l.FWMark, l.Family, l.RIP, l.RPort}
		},
		Rows: []metric.Row[counted]{
			metric.Gauge("lvsdns_drift", "How many differences of this kind there are at this server now; absent when there are none.",
				func(c counted) float64 { return float64(c.n) }),
		},
	}
}

func summaryRow() metric.Row[[]drift.Difference] {
	return metric.Series("lvsdns_drift_differences", "How many differences of this kind there are now in all.", []string{"kind", "severity"},
		func(found []drift.Difference, emit metric.Emit) {
			counts := drift.Summary(found)
			for _, k := range drift.Kinds() {
				emit(float64(counts[k]), string(k), string(k.Severity()))
			}
		})
}
