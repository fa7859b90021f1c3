package checks

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/lvsdns/lvsdns/checker/report"
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
)

// Source is the source of the checks that report here; nil: nobody listens. conf are the checks of keepalived.conf.
func (c *Memory) Source(t source.Times, conf func(context.Context) map[Key]bool) source.Source {
	var all *source.Shared[View]
	if c != nil {
		t.Keep = 0 // it is in memory
		all = source.Share(t, func(ctx context.Context) (*View, error) { return c.View(conf(ctx)), c.state() })
	}
	return source.New("checks", all, metric.Whole(socketTable()), metric.Each(table(), func(v *View) []record { return v.Checks }))
}

// table has what lvsdns-check writes for node_exporter's textfile collector too, and how often the check ran.
func table() metric.Table[record] {
	t := metric.Table[record]{
		Bounded: true,
		Subject: "a check that reported here (lvsdns-check)",
		Labels:  []string{"server", "name", "type", "transport", "path"},
		Values: func(r record) []string {
			return []string{r.server, r.name, r.qtype, r.transport, r.path}
		},
	}
	for _, m := range report.Metrics() {
		made := metric.Metric{Name: m.Name, Help: m.Help}
		if m.ByOutcome {
			made.Labels = []string{"outcome"}
		}
		t.Rows = append(t.Rows, metric.Row[record]{Metric: made, Series: func(r record, emit metric.Emit) {
			value, ok := m.Value(r.measured())
			switch {
			case !ok:
			case m.ByOutcome:
				emit(value, r.outcome)
			default:
				emit(value)
			}
		}})
	}
	t.Rows = append(t.Rows, metric.Gauge("lvsdns_check_scheduled", "1 if keepalived.conf has the check or it runs at regular intervals; 0: it was run by hand, and disappears ten minutes after its last run.",
		func(r record) float64 { return metric.Truth(r.scheduled) }))
	t.Rows = append(t.Rows, metric.CounterSeries("lvsdns_check_runs_total", "Runs by outcome and by the rcode of the response; no rcode: there was no response.", []string{"outcome", "rcode"},
		func(r record, emit metric.Emit) {
			ways := slices.SortedFunc(maps.Keys(r.runs), func(a, b run) int {
				return cmp.Or(cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.rcode, b.rcode))
			})
			for _, way := range ways {
				emit(float64(r.runs[way]), way.outcome, way.rcode)
			}
		}))
	return t
}

func (r record) measured() report.Run {
	return report.Run{
		Outcome: r.outcome, Ended: metric.Unix(r.last), Duration: &r.duration, Latency: r.latency, Rcode: r.code, Weight: r.weight,
	}
}

func socketTable() metric.Table[*View] {
	return metric.One("the socket of the checks",
		metric.Gauge("lvsdns_check_known", "Checks that are remembered.",
			func(v *View) float64 { return float64(v.known) }),
		metric.Gauge("lvsdns_check_limit", "Checks that can be remembered; reports of more are refused. Fewer fit if their names are very long: together they have 4 KiB of the page times this number.",
			func(v *View) float64 { return float64(v.limit) }),
		metric.CounterSeries("lvsdns_check_datagrams_total", "Reports of checks by what became of them: accepted, malformed, oversize, refused (too many checks, or too long names), user (of somebody whose reports are not taken: see checks.users).", []string{"result"},
			func(v *View, emit metric.Emit) {
				for _, verdict := range verdicts {
					emit(float64(v.Datagrams[verdict]), string(verdict))
				}
			}),
	)
}
