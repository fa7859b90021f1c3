package exporter

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/lvsdns/lvsdns/checker/report"
)

// source is the source of the checks that report here; nil: nobody listens. conf are the checks of keepalived.conf.
func (c *Checks) source(t times, conf func(context.Context) map[checkKey]bool) source {
	var all *shared[checksView]
	if c != nil {
		t.keep = 0 // it is in memory
		all = share(t, func(ctx context.Context) (*checksView, error) { return c.view(conf(ctx)), c.state() })
	}
	return newSource("checks", all, whole(checksTable()), each(checkTable(), func(v *checksView) []checkRecord { return v.checks }))
}

// checkTable has what lvsdns-check writes for node_exporter's textfile collector too, and how often the check ran.
func checkTable() table[checkRecord] {
	t := table[checkRecord]{
		bounded: true,
		subject: "a check that reported here (lvsdns-check)",
		labels:  []string{"server", "name", "type", "transport", "path"},
		values: func(r checkRecord) []string {
			return []string{r.server, r.name, r.qtype, r.transport, r.path}
		},
	}
	for _, m := range report.Metrics() {
		made := metric{name: m.Name, help: m.Help}
		if m.ByOutcome {
			made.labels = []string{"outcome"}
		}
		t.rows = append(t.rows, row[checkRecord]{metric: made, series: func(r checkRecord, emit emit) {
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
	t.rows = append(t.rows, gaugeRow("lvsdns_check_scheduled", "1 if keepalived.conf has the check or it runs at regular intervals; 0: it was run by hand, and disappears ten minutes after its last run.",
		func(r checkRecord) float64 { return truth(r.scheduled) }))
	t.rows = append(t.rows, counterSeriesRow("lvsdns_check_runs_total", "Runs by outcome and by the rcode of the response; no rcode: there was no response.", []string{"outcome", "rcode"},
		func(r checkRecord, emit emit) {
			ways := slices.SortedFunc(maps.Keys(r.runs), func(a, b run) int {
				return cmp.Or(cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.rcode, b.rcode))
			})
			for _, way := range ways {
				emit(float64(r.runs[way]), way.outcome, way.rcode)
			}
		}))
	return t
}

func (r checkRecord) measured() report.Run {
	return report.Run{
		Outcome: r.outcome, Ended: unix(r.last), Duration: &r.duration, Latency: r.latency, Rcode: r.code, Weight: r.weight,
	}
}

func checksTable() table[*checksView] {
	return one("the socket of the checks",
		gaugeRow("lvsdns_check_known", "Checks that are remembered.",
			func(v *checksView) float64 { return float64(v.known) }),
		gaugeRow("lvsdns_check_limit", "Checks that can be remembered; reports of more are refused. Fewer fit if their names are very long: together they have 4 KiB of the page times this number.",
			func(v *checksView) float64 { return float64(v.limit) }),
		counterSeriesRow("lvsdns_check_datagrams_total", "Reports of checks by what became of them: accepted, malformed, oversize, refused (too many checks, or too long names), user (of somebody whose reports are not taken: see checks.users).", []string{"result"},
			func(v *checksView, emit emit) {
				for _, verdict := range verdicts {
					emit(float64(v.datagrams[verdict]), string(verdict))
				}
			}),
	)
}
