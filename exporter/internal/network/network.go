// Package network answers one question: which packets has this host lost outside IPVS, to fragmentation, full buffers and busy processors?
package network

import (
	"context"
	"strconv"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/host"
)

// ipFamily is what the kernel counts of one address family in this network namespace.
type ipFamily struct {
	counters host.Counters
	family   string
	infix    string // "6" for IPv6: IpReasmFails, Ip6ReasmFails
}

// value looks for a counter: that of layer "Ip" and name "ReasmFails" is IpReasmFails or Ip6ReasmFails. Not every kernel
// has each, nor each family.
func (f ipFamily) value(layer, name string) (float64, bool) {
	v, known := f.counters[layer+f.infix+name]
	return float64(v), known
}

func ipFamilies(c *host.Counters) []ipFamily {
	all := []ipFamily{{*c, "ipv4", ""}}
	if _, known := (*c)["Ip6InReceives"]; known {
		all = append(all, ipFamily{*c, "ipv6", "6"})
	}
	return all
}

// counterOf is a row of one counter of the kernel.
func counterOf(name, help, layer, counter string) metric.Row[ipFamily] {
	return metric.CounterSeries(name, help, nil, func(f ipFamily, emit metric.Emit) {
		if v, known := f.value(layer, counter); known {
			emit(v)
		}
	})
}

// fragmentation lists the events that have to do with packets that are too large for their way.
var fragmentation = [...]struct{ event, layer, name string }{
	{"reassembly_required", "Ip", "ReasmReqds"}, // fragments
	{"reassembly_ok", "Ip", "ReasmOKs"},         // packets
	{"reassembly_failed", "Ip", "ReasmFails"},   // packets; those that timed out included
	{"reassembly_timeout", "Ip", "ReasmTimeout"},
	{"reassembly_overlap", "Ip", "ExtReasmOverlaps"}, // fragments; IPv4 only
	{"fragmentation_ok", "Ip", "FragOKs"},            // packets
	{"fragmentation_failed", "Ip", "FragFails"},      // packets
	{"fragment_created", "Ip", "FragCreates"},
	{"forward_too_big", "Ip", "InTooBigErrors"},   // IPv6 only
	{"packet_too_big_in", "Icmp", "InPktTooBigs"}, // IPv6 only
	{"packet_too_big_out", "Icmp", "OutPktTooBigs"},
}

// Source is the source of what the kernel counts of IP and UDP.
func Source(t source.Times, root string) source.Source {
	counters := source.Share(t, func(context.Context) (*host.Counters, error) {
		all, err := host.ReadCounters(root)
		return &all, err
	})
	return source.New("network", counters, metric.Each(ipTable(), ipFamilies))
}

func ipTable() metric.Table[ipFamily] {
	return metric.Table[ipFamily]{
		Subject: "IP and UDP in this network namespace",
		Labels:  []string{"family"},
		Values:  func(f ipFamily) []string { return []string{f.family} },
		Rows: []metric.Row[ipFamily]{
			metric.CounterSeries("lvsdns_ip_fragmentation_total",
				"reassembly_required: fragments that came in; reassembly_ok, reassembly_failed: packets, the latter with reassembly_timeout; reassembly_overlap: fragments that overlap; fragmentation_ok, fragmentation_failed: packets that left as fragments, or could not; fragment_created: these fragments; forward_too_big: packets that could not be forwarded; packet_too_big_in, _out: ICMPv6 messages that say so.",
				[]string{"event"}, func(f ipFamily, emit metric.Emit) {
					for _, x := range fragmentation {
						if v, known := f.value(x.layer, x.name); known {
							emit(v, x.event)
						}
					}
				}),
			metric.CounterSeries("lvsdns_ip_destination_unreachable_total",
				"ICMP messages \"destination unreachable\". In IPv4 \"fragmentation needed\" is one of them, and the kernel does not count it apart from closed ports and the like; in IPv6 packet_too_big is counted apart.",
				[]string{"direction"}, func(f ipFamily, emit metric.Emit) {
					for _, direction := range []struct{ label, name string }{{"in", "InDestUnreachs"}, {"out", "OutDestUnreachs"}} {
						if v, known := f.value("Icmp", direction.name); known {
							emit(v, direction.label)
						}
					}
				}),
			counterOf("lvsdns_udp_in_datagrams_total", "Datagrams that programs of this host received; what IPVS forwards is not among them.", "Udp", "InDatagrams"),
			counterOf("lvsdns_udp_out_datagrams_total", "Datagrams that programs of this host sent.", "Udp", "OutDatagrams"),
			counterOf("lvsdns_udp_no_ports_total", "Datagrams to a port of this host where nobody listens.", "Udp", "NoPorts"),
			counterOf("lvsdns_udp_in_errors_total", "Datagrams to this host that were lost, for the reasons below or another.", "Udp", "InErrors"),
			counterOf("lvsdns_udp_rcvbuf_errors_total", "Datagrams that were lost because the program's receive buffer was full.", "Udp", "RcvbufErrors"),
			counterOf("lvsdns_udp_in_csum_errors_total", "Datagrams with a wrong checksum.", "Udp", "InCsumErrors"),
			counterOf("lvsdns_udp_mem_errors_total", "Datagrams that were lost because UDP as a whole had used up its memory (sysctl net.ipv4.udp_mem); absent on older kernels.", "Udp", "MemErrors"),
			counterOf("lvsdns_udp_sndbuf_errors_total", "Datagrams that could not be sent because a send buffer was full.", "Udp", "SndbufErrors"),
		},
	}
}

// softnet is a copy of what was added up so far.
type softnet struct {
	sum        host.SoftnetSum
	cpus       []host.SoftnetCPU
	backlog    uint64
	hasBacklog bool
}

// readSoftnet adds up from one read to the next; one is under way at a time: see [source.Shared].
func readSoftnet(root string) func(context.Context) (*softnet, error) {
	var totals host.SoftnetTotals
	return func(context.Context) (*softnet, error) {
		rows, err := host.ReadSoftnet(root)
		if err != nil {
			return nil, err
		}
		totals.Add(rows)
		s := &softnet{sum: totals.Sum(), cpus: totals.CPUs()}
		s.backlog, s.hasBacklog = totals.Backlog()
		return s, nil
	}
}

// SoftnetSource is the source of what processors took in.
func SoftnetSource(t source.Times, root string, perCPU bool) source.Source {
	return source.New("softnet", source.Share(t, readSoftnet(root)), metric.Whole(softnetTable()), metric.Each(softnetCPUTable(), func(s *softnet) []host.SoftnetCPU {
		if !perCPU {
			return nil
		}
		return s.cpus
	}))
}

func softnetTable() metric.Table[*softnet] {
	return metric.One("packets that came in, on all processors of this host together",
		metric.Counter("lvsdns_softnet_processed_total", "Packets that processors took in, in all network namespaces.",
			func(s *softnet) float64 { return float64(s.sum.Processed) }),
		metric.Counter("lvsdns_softnet_dropped_total", "Packets that were lost because a processor's backlog was full (sysctl net.core.netdev_max_backlog).",
			func(s *softnet) float64 { return float64(s.sum.Dropped) }),
		metric.Counter("lvsdns_softnet_time_squeeze_total", "Times that a processor stopped to take packets in with some left, because its time or its share was used up (sysctls net.core.netdev_budget, netdev_budget_usecs).",
			func(s *softnet) float64 { return float64(s.sum.TimeSqueeze) }),
		metric.Counter("lvsdns_softnet_received_rps_total", "Times that a processor handed packets over to another (RPS).",
			func(s *softnet) float64 { return float64(s.sum.ReceivedRPS) }),
		metric.Counter("lvsdns_softnet_flow_limit_total", "Packets that were dropped because their flow filled most of a backlog (sysctl net.core.flow_limit_cpu_bitmap).",
			func(s *softnet) float64 { return float64(s.sum.FlowLimit) }),
		metric.Only(func(s *softnet) bool { return s.hasBacklog },
			metric.Gauge("lvsdns_softnet_backlog_packets", "Packets that wait in backlogs now; absent on older kernels.",
				func(s *softnet) float64 { return float64(s.backlog) })),
	)
}

func softnetCPUTable() metric.Table[host.SoftnetCPU] {
	return metric.Table[host.SoftnetCPU]{
		Subject: "packets that came in, on one processor (with metrics.per-cpu)",
		Labels:  []string{"cpu"},
		Values:  func(c host.SoftnetCPU) []string { return []string{strconv.Itoa(c.CPU)} },
		Rows: []metric.Row[host.SoftnetCPU]{
			metric.Counter("lvsdns_softnet_cpu_processed_total", "Packets that this processor took in.",
				func(c host.SoftnetCPU) float64 { return float64(c.Processed) }),
			metric.Counter("lvsdns_softnet_cpu_dropped_total", "Packets that were lost because its backlog was full.",
				func(c host.SoftnetCPU) float64 { return float64(c.Dropped) }),
			metric.Counter("lvsdns_softnet_cpu_time_squeeze_total", "Times that it stopped with packets left.",
				func(c host.SoftnetCPU) float64 { return float64(c.TimeSqueeze) }),
		},
	}
}
