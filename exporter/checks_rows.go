package exporter

import (
	"cmp"
	"maps"
	"slices"
)

func checkTable() table[checkRecord] {
	return table[checkRecord]{
		subject: "a check that reported here (lvsdns-check)",
		labels:  []string{"server", "name", "type", "transport", "path"},
		values: func(r checkRecord) []string {
			return []string{r.server, r.name, r.qtype, r.transport, r.path}
		},
		rows: []row[checkRecord]{
			gaugeRow("lvsdns_check_success", "1 if the last run passed.",
				func(r checkRecord) float64 { return truth(r.passed()) }),
			gaugeRow("lvsdns_check_duration_seconds", "How long the last run took.",
				func(r checkRecord) float64 { return r.duration }),
			gaugeRow("lvsdns_check_last_run_timestamp_seconds", "When the last run ended. A check that no longer runs stops here.",
				func(r checkRecord) float64 { return float64(r.last.UnixMilli()) / 1000 }),
			counterSeriesRow("lvsdns_check_runs_total", "Runs by outcome and by the rcode of the response; no rcode: there was no response.", []string{"outcome", "rcode"},
				func(r checkRecord, emit emit) {
					ways := slices.SortedFunc(maps.Keys(r.runs), func(a, b run) int {
						return cmp.Or(cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.rcode, b.rcode))
					})
					for _, way := range ways {
						emit(float64(r.runs[way]), way.outcome, way.rcode)
					}
				}),
		},
	}
}

func checksTable() table[*checksView] {
	return one("the socket of the checks",
		gaugeRow("lvsdns_check_known", "Checks that are remembered.",
			func(v *checksView) float64 { return float64(len(v.checks)) }),
		gaugeRow("lvsdns_check_limit", "Checks that can be remembered; reports of more are refused.",
			func(v *checksView) float64 { return float64(v.limit) }),
		counterSeriesRow("lvsdns_check_datagrams_total", "Reports of checks by what became of them: accepted, malformed, oversize, refused (too many checks).", []string{"result"},
			func(v *checksView, emit emit) {
				for _, verdict := range verdicts {
					emit(float64(v.datagrams[verdict]), string(verdict))
				}
			}),
	)
}
