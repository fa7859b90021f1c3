package exporter

import (
	"maps"
	"slices"
	"strings"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

func connectionsTable() table[*connectionsView] {
	read := func(v *connectionsView) bool { return v.value != nil }
	told := func(name string, r row[*connectionsView]) row[*connectionsView] {
		return only(func(v *connectionsView) bool {
			if v.value == nil {
				return false
			}
			_, known := v.value.status[name]
			return known
		}, r)
	}
	status := func(name string) func(*connectionsView) float64 {
		return func(v *connectionsView) float64 { return float64(v.value.status[name]) }
	}
	return one("the passes over the connection table",
		counterSeriesRow("lvsdns_ipvs_connection_passes_total", "Passes by how they ended: complete, part (the budget was used up), failed.", []string{"result"},
			func(v *connectionsView, emit emit) {
				for _, end := range passEnds {
					emit(float64(v.ended[end]), string(end))
				}
			}),
		only(read, gaugeRow("lvsdns_ipvs_connection_pass_complete", "1 if the last pass read the whole table; 0: its budget was used up, and its numbers are of the part that it read.",
			func(v *connectionsView) float64 { return truth(v.value.Complete) })),
		only(read, gaugeRow("lvsdns_ipvs_connection_pass_coverage_ratio", "Which part of the table the last pass read; an estimate if not 1.",
			func(v *connectionsView) float64 { return v.value.coverage })),
		only(read, gaugeRow("lvsdns_ipvs_connection_pass_entries", "Entries that the last pass read.",
			func(v *connectionsView) float64 { return float64(v.value.Entries) })),
		only(read, gaugeRow("lvsdns_ipvs_connection_pass_duration_seconds", "How long the last pass took, with its rests: it reads for a fifth of the time.",
			func(v *connectionsView) float64 { return v.took.Seconds() })),
		only(read, gaugeRow("lvsdns_ipvs_connection_pass_timestamp_seconds", "When the last pass ended.",
			func(v *connectionsView) float64 { return float64(v.at.UnixMilli()) / 1000 })),
		gaugeRow("lvsdns_ipvs_connection_pass_limit_entries", "Entries that a pass may read.",
			func(v *connectionsView) float64 { return float64(v.budget.Entries) }),
		gaugeRow("lvsdns_ipvs_connection_pass_limit_seconds", "How long a pass may read.",
			func(v *connectionsView) float64 { return v.budget.Time.Seconds() }),
		told("Conns", gaugeRow("lvsdns_ipvs_connection_table_entries", "Entries of the connection table, as the kernel says; absent on kernels without /proc/net/ip_vs_status.",
			status("Conns"))),
		seriesRow("lvsdns_ipvs_connection_table_chains", "Buckets of the connection table by how many entries they hold (7: seven or more); absent on kernels without /proc/net/ip_vs_status.", []string{"length"},
			func(v *connectionsView, emit emit) {
				if v.value == nil {
					return
				}
				if n, known := v.value.status["Conn buckets empty"]; known {
					emit(float64(n), "0")
				}
				for _, name := range slices.Sorted(maps.Keys(v.value.status)) {
					if length, found := strings.CutPrefix(name, "Conn buckets len-"); found {
						emit(float64(v.value.status[name]), length)
					}
				}
			}),
		told("Stats thread slots", gaugeRow("lvsdns_ipvs_estimator_threads", "Kernel threads that move the counters; absent on kernels without /proc/net/ip_vs_status.",
			status("Stats thread slots"))),
		told("Stats thread ests", gaugeRow("lvsdns_ipvs_estimator_thread_capacity", "Virtual and real servers whose counters one such thread may move; absent on kernels without /proc/net/ip_vs_status.",
			status("Stats thread ests"))),
		told("Stats chain max len", gaugeRow("lvsdns_ipvs_estimator_chain_limit", "Counters that such a thread moves at a time; absent on kernels without /proc/net/ip_vs_status.",
			status("Stats chain max len"))),
	)
}

func heldTable() table[ipvs.Held] {
	return table[ipvs.Held]{
		bounded: true,
		subject: "a virtual server, from the connection table",
		labels:  ipvs.LabelNames(),
		values:  func(h ipvs.Held) []string { return h.Service.Labels() },
		rows: []row[ipvs.Held]{
			seriesRow("lvsdns_ipvs_connection_entries",
				"Entries of the connection table by state, of the last complete pass; template: remembers the server of a persistent client. Absent: none, or the table was not read to its end.", []string{"state"},
				func(h ipvs.Held, emit emit) {
					for _, state := range slices.Sorted(maps.Keys(h.States)) {
						emit(float64(h.States[state]), strings.ToLower(state))
					}
				}),
		},
	}
}
