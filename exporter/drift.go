package exporter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
	"github.com/lvsdns/lvsdns/internal/site"
	"github.com/lvsdns/lvsdns/notify"
)

// differences is one comparison.
type differences struct {
	found []drift.Difference
}

// driftReader compares what the other sources read. Its fields are touched by one read at a time: see shared.
type driftReader struct {
	root    string
	view    *shared[view]
	totals  *shared[totals]
	config  *shared[keepalived.Config]
	belief  *shared[keepalived.Belief] // nil: keepalived is not asked
	checks  *Checks
	planned *planned
	marks   func(context.Context, *notify.Document) marks
	journal *shared[notify.Document] // nil: lvsdns-notify's is not read

	steady   drift.Steady
	watch    drift.Watch
	readings []drift.Reading // of the totals, the last three that are far enough apart
	readAt   time.Time
}

// read compares what the other sources have read.
func (d *driftReader) read(ctx context.Context) (*differences, error) {
	config, view := d.config.get(ctx), d.view.get(ctx)
	if config.value == nil || view.value == nil {
		return nil, fmt.Errorf("nothing to compare: %w", errors.Join(config.err, view.err))
	}
	in := drift.Input{Config: config.value, Kernel: view.value.table, Limited: view.value.limited}
	var errs [3]error
	belief := d.belief.get(ctx)
	in.Belief, errs[0] = belief.value, belief.err
	in.Scripts = site.Keepalived{Root: d.root}.Scripts(config.value)
	in.Estimator.Sysctls, errs[1] = host.ReadEstimatorSysctls(d.root)
	in.Flows, errs[2] = host.ReadFlowSysctls(d.root)
	in.Estimator.Stalled = d.stands(d.totals.get(ctx))
	if d.checks != nil {
		var now time.Time
		in.Checks, in.Listened, now = d.checks.forDrift(d.planned.of(config.value))
		in.Overdue = d.watch.Look(in, now)
	}
	if noted := d.journal.get(ctx).value; noted != nil {
		in.Told = told(noted, d.marks(ctx, noted))
	}
	return &differences{d.steady.Find(in)}, errors.Join(errs[:]...)
}

// stands judges the last three readings; too few of them say nothing.
func (d *driftReader) stands(r reading[totals]) bool {
	const apart = 3 * time.Second // the estimator moves the counters every two
	if r.value != nil && r.at.Sub(d.readAt) >= apart {
		d.readings, d.readAt = append(d.readings, drift.Reading{Shown: r.value.sum, PerCPU: r.value.cpus}), r.at
		d.readings = d.readings[max(0, len(d.readings)-3):]
	}
	return len(d.readings) == 3 && drift.Stalled(d.readings[0], d.readings[1], d.readings[2])
}

// maxDrift is how many differences get a series of their own. More than that is one trouble, not many.
const maxDrift = 1000

// driftSource is the source of the differences.
func driftSource(found *shared[differences]) source {
	return newSource("drift", found, most(driftTable(), (*differences).grouped),
		each(one("drift in all", driftSummaryRow()), func(d *differences) [][]drift.Difference { return [][]drift.Difference{d.found} }))
}

// grouped are the differences by kind and server, and how many are above maxDrift.
func (d *differences) grouped() (all []counted, dropped int) {
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

func driftTable() table[counted] {
	return table[counted]{
		subject: "a difference between keepalived.conf, what keepalived believes, and the kernel",
		labels:  append([]string{"kind", "severity"}, serverLabelNames()...),
		values: func(c counted) []string {
			l := c.Labels()
			return []string{string(c.Kind), string(c.Severity()), l.VIP, l.VPort, l.Proto, l.FWMark, l.Family, l.RIP, l.RPort}
		},
		rows: []row[counted]{
			gaugeRow("lvsdns_drift", "How many differences of this kind there are at this server now; absent when there are none.",
				func(c counted) float64 { return float64(c.n) }),
		},
	}
}

func driftSummaryRow() row[[]drift.Difference] {
	return seriesRow("lvsdns_drift_differences", "How many differences of this kind there are now in all.", []string{"kind", "severity"},
		func(found []drift.Difference, emit emit) {
			counts := drift.Summary(found)
			for _, k := range drift.Kinds() {
				emit(float64(counts[k]), string(k), string(k.Severity()))
			}
		})
}
