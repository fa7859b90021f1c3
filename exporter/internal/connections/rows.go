package connections

import (
	"maps"
	"slices"
	"strings"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

func passTable() metric.Table[*view] {
	read := func(v *view) bool { return v.Value != nil }
	told := func(name string, r metric.Row[*view]) metric.Row[*view] {
		return metric.Only(func(v *view) bool {
			if v.Value == nil {
				return false
			}
			_, known := v.Value.status[name]
			return known
		}, r)
	}
	status := func(name string) func(*view) float64 {
		return func(v *view) float64 { return float64(v.Value.status[name]) }
	}
	return metric.One("the passes over the connection table",
		metric.CounterSeries("lvsdns_ipvs_connection_passes_total", "Passes by how they ended: complete, part (the budget was used up), failed.", []string{"result"},
			func(v *view, emit metric.Emit) {
				for _, end := range passEnds {
					emit(float64(v.ended[end]), string(end))
				}
			}),
		metric.Only(read, metric.Gauge("lvsdns_ipvs_connection_pass_complete", "1 if the last pass read the whole table; 0: its budget was used up, and its numbers are of the part that it read.",
			func(v *view) float64 { return metric.Truth(v.Value.Complete) })),
		metric.Only(read, metric.Gauge("lvsdns_ipvs_connection_pass_coverage_ratio", "Which part of the table the last pass read; an estimate if not 1.",
			func(v *view) float64 { return v.Value.coverage })),
		metric.Only(read, metric.Gauge("lvsdns_ipvs_connection_pass_entries", "Entries that the last pass read.",
			func(v *view) float64 { return float64(v.Value.Entries) })),
		metric.Only(read, metric.Gauge("lvsdns_ipvs_connection_pass_duration_seconds", "How long the last pass took, with its rests: it reads for a fifth of the time.",
			func(v *view) float64 { return v.Took.Seconds() })),
		metric.Only(read, metric.Gauge("lvsdns_ipvs_connection_pass_timestamp_seconds", "When the last pass ended.",
			func(v *view) float64 { return float64(v.At.UnixMilli()) / 1000 })),
		metric.Gauge("lvsdns_ipvs_connection_pass_limit_entries", "Entries that a pass may read.",
			func(v *view) float64 { return float64(v.budget.Entries) }),
		metric.Gauge("lvsdns_ipvs_connection_pass_limit_seconds", "How long a pass may read.",
			func(v *view) float64 { return v.budget.Time.Seconds() }),
		told("Conns", metric.Gauge("lvsdns_ipvs_connection_table_entries", "Entries of the connection table, as the kernel says; absent on kernels without /proc/net/ip_vs_status.",
			status("Conns"))),
		metric.Series("lvsdns_ipvs_connection_table_chains", "Buckets of the connection table by how many entries they hold (7: seven or more); absent on kernels without /proc/net/ip_vs_status.", []string{"length"},
			func(v *view, emit metric.Emit) {
				if v.Value == nil {
					return
				}
				if n, known := v.Value.status["Conn buckets empty"]; known {
					emit(float64(n), "0")
				}
				for _, name := range slices.Sorted(maps.Keys(v.Value.status)) {
					if length, found := strings.CutPrefix(name, "Conn buckets len-"); found {
						emit(float64(v.Value.status[name]), length)
					}
				}
			}),
		told("Stats thread slots", metric.Gauge("lvsdns_ipvs_estimator_threads", "Kernel threads that move the counters; absent on kernels without /proc/net/ip_vs_status.",
			status("Stats thread slots"))),
		told("Stats thread ests", metric.Gauge("lvsdns_ipvs_estimator_thread_capacity", "Virtual and real servers whose counters one such thread may move; absent on kernels without /proc/net/ip_vs_status.",
			status("Stats thread ests"))),
		told("Stats chain max len", metric.Gauge("lvsdns_ipvs_estimator_chain_limit", "Counters that such a thread moves at a time; absent on kernels without /proc/net/ip_vs_status.",
			status("Stats chain max len"))),
	)
}

func heldTable() metric.Table[ipvs.Held] {
	return metric.Table[ipvs.Held]{
		Bounded: true,
		Subject: "a virtual server, from the connection table",
		Labels:  ipvs.LabelNames(),
		Values:  func(h ipvs.Held) []string { return h.Service.Labels() },
		Rows: []metric.Row[ipvs.Held]{
			metric.Series("lvsdns_ipvs_connection_entries",
				"Entries of the connection table by state, of the last complete pass; template: remembers the server of a persistent client. Absent: none, or the table was not read to its end.", []string{"state"},
				func(h ipvs.Held, emit metric.Emit) {
					for _, state := range slices.Sorted(maps.Keys(h.States)) {
						emit(float64(h.States[state]), strings.ToLower(state))
					}
				}),
		},
	}
}
