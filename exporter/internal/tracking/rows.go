package tracking

import (
	"strconv"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/internal/flows"
)

func kernelTable() metric.Table[*view] {
	loaded := func(v *view) bool { return v.loaded }
	rows := []metric.Row[*view]{
		metric.Gauge("lvsdns_conntrack_loaded", "1 if the kernel tracks connections at all; 0: the module nf_conntrack is not loaded, which is nothing to worry about.",
			func(v *view) float64 { return metric.Truth(v.loaded) }),
		metric.Only(loaded, metric.Gauge("lvsdns_conntrack_entries", "Entries of the connection tracking table in this network namespace now, of all protocols.",
			func(v *view) float64 { return float64(v.size.Entries) })),
		metric.Only(loaded, metric.Gauge("lvsdns_conntrack_limit", "Entries at which packets of new flows are dropped (nf_conntrack_max).",
			func(v *view) float64 { return float64(v.size.Limit) })),
		metric.Only(loaded, metric.Gauge("lvsdns_conntrack_buckets", "Size of the hash table, which all network namespaces share.",
			func(v *view) float64 { return float64(v.size.Buckets) })),
		metric.Only(func(v *view) bool { return v.expectations != nil },
			metric.Gauge("lvsdns_conntrack_expectations", "Flows that a helper such as that of FTP waits for.",
				func(v *view) float64 { return float64(*v.expectations) })),
		metric.Only(loaded, metric.Gauge("lvsdns_conntrack_expectations_limit", "Expectations at which no more are made (nf_conntrack_expect_max).",
			func(v *view) float64 { return float64(v.size.ExpectLimit) })),
	}
	for _, e := range conntrack.Events() {
		rows = append(rows, metric.Only(func(v *view) bool { _, known := v.totals.Of(e); return known },
			metric.Counter("lvsdns_conntrack_"+e.String()+"_total", eventHelp(e), func(v *view) float64 {
				n, _ := v.totals.Of(e)
				return float64(n)
			})))
	}
	return metric.One("connection tracking (conntrack)", append(rows,
		metric.Series("lvsdns_conntrack_timeout_seconds", "After how long without a packet a UDP flow is forgotten: udp (nf_conntrack_udp_timeout), or udp_stream (…_stream) when packets went both ways for two seconds.",
			[]string{"timeout"}, func(v *view, emit metric.Emit) { emitTimeouts(v.timeouts, emit) }),
		metric.Series("lvsdns_conntrack_timeout_wanted_seconds", "The timeouts that the settings of this exporter want; absent where they want none.",
			[]string{"timeout"}, func(v *view, emit metric.Emit) { emitTimeouts(v.wanted, emit) }),
		metric.Only(func(v *view) bool { return v.passes.age != nil },
			metric.Gauge("lvsdns_conntrack_pass_age_seconds", "How long ago the last pass over the whole table has ended. Its numbers are absent when it is older than three intervals.",
				func(v *view) float64 { return v.passes.age.Seconds() })),
		metric.Only(finishedPass, metric.Gauge("lvsdns_conntrack_pass_duration_seconds", "How long the last pass took.",
			func(v *view) float64 { return v.passes.last.pass.Took.Seconds() })),
		metric.Only(finishedPass, metric.Gauge("lvsdns_conntrack_pass_cpu_seconds", "Processor time that the last pass took, in the kernel and here.",
			func(v *view) float64 { return v.passes.last.pass.CPU.Seconds() })),
		metric.Only(finishedPass, metric.Series("lvsdns_conntrack_pass_entries", "Entries that the last pass has met, by protocol: udp, tcp, icmp or other.",
			[]string{"protocol", "family"}, func(v *view, emit metric.Emit) {
				for p := conntrack.UDP; p <= conntrack.Other; p++ {
					emit(float64(v.passes.last.pass.IPv4[p]), p.String(), "ipv4")
					emit(float64(v.passes.last.pass.IPv6[p]), p.String(), "ipv6")
				}
			})),
		metric.Only(madePasses, metric.Gauge("lvsdns_conntrack_pass_entries_limit", "Entries above which no pass is made.",
			func(v *view) float64 { return float64(v.passes.most) })),
		metric.Only(madePasses, metric.Series("lvsdns_conntrack_pass_skipped", "1 for the reason why no pass was made when one was due: too_big (more entries than the limit), or sparse (nearly all entries belong to other network namespaces, and to read them costs too much).",
			[]string{"reason"}, func(v *view, emit metric.Emit) {
				for _, r := range []flowsResult{flowsTooBig, flowsSparse} {
					emit(metric.Truth(v.passes.result == r), string(r))
				}
			})),
		metric.Only(madePasses, metric.CounterSeries("lvsdns_conntrack_passes_total", "Passes that were due by what became of them: done, too_big, sparse or failed.",
			[]string{"result"}, func(v *view, emit metric.Emit) {
				for i, r := range flowsResults {
					emit(float64(v.passes.results[i]), string(r))
				}
			})),
	)...)
}

func finishedPass(v *view) bool { return v.passes.last != nil }

func madePasses(v *view) bool { return v.passes.result != "" }

func emitTimeouts(t conntrack.Timeouts, emit metric.Emit) {
	if t.UDP > 0 {
		emit(t.UDP.Seconds(), "udp")
	}
	if t.Stream > 0 {
		emit(t.Stream.Seconds(), "udp_stream")
	}
}

func eventHelp(e conntrack.Event) string {
	switch e {
	case conntrack.InsertFailed:
		return "Packets dropped because their new flow could not be put into the table, most often because another packet of it was quicker."
	case conntrack.Drop:
		return "Packets dropped because their flow could not be tracked, as when the table is full."
	case conntrack.EarlyDrop:
		return "Flows forgotten before their time to make room for new ones: the table is full."
	case conntrack.Invalid:
		return "Packets that belong to no flow and begin none."
	case conntrack.Error:
		return "Packets that could not be tracked because something is wrong with them, such as their checksum."
	case conntrack.SearchRestart:
		return "Searches begun again because the table changed its size meanwhile."
	case conntrack.ClashResolve:
		return "Races of two packets of one new flow that the kernel has settled without loss: resolvers that ask for A and AAAA at once make them."
	default:
		return "Flows refused because too many share a bucket of the hash table."
	}
}

func trackedTable() metric.Table[tracked] {
	counted := func(t tracked) bool { return t.count != nil }
	return metric.Table[tracked]{
		Bounded: true,
		Subject: "UDP flows to a virtual server (conntrack)",
		Labels:  []string{"vip", "vport"},
		Values:  func(t tracked) []string { return []string{t.At.Addr().String(), strconv.Itoa(int(t.At.Port()))} },
		Rows: []metric.Row[tracked]{
			metric.Gauge("lvsdns_conntrack_tracking", "1 if the numbers of flows mean something for this virtual server; lvsdns_conntrack_tracking_info says why not.",
				func(t tracked) float64 { return metric.Truth(t.Reason == flows.Tracked) }),
			metric.Series("lvsdns_conntrack_tracking_info", "1; why they mean something (tracked), or nothing: vs_conntrack_off, nothing_tracked (no rule uses conntrack), one_packet, not_translated (direct routing, tunnels), partly_translated, unknown.",
				[]string{"reason"}, func(t tracked, emit metric.Emit) { emit(1, string(t.Reason)) }),
			metric.Only(counted, metric.Series("lvsdns_conntrack_udp_flows", "Flows in conntrack's table by how far they have come: unreplied, replied, or assured (packets went both ways for two seconds).",
				[]string{"state"}, func(t tracked, emit metric.Emit) {
					for s, n := range t.count.ByState {
						emit(float64(n), conntrack.State(s).String())
					}
				})),
			metric.Only(counted, metric.Gauge("lvsdns_conntrack_udp_stale_flows", "Of these, flows translated to an address that is no real server of this virtual server any more.",
				func(t tracked) float64 { return float64(t.count.Stale) })),
		},
	}
}
