package servers

import (
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// trafficHelp says what the five counters of IPVS mean of one kind of subject.
type trafficHelp struct{ connections, inPackets, outPackets, inBytes, outBytes string }

// traffic makes a row of each counter: name is what they begin with, stats takes them out of a subject. Those of packets and bytes to clients
// are there for subjects of which replies says that they pass the director, all of them for those that are known.
func traffic[T any](name string, help trafficHelp, stats func(T) *ipvs.Stats, known, replies func(T) bool) []metric.Row[T] {
	counter := func(what, help string, when func(T) bool, value func(*ipvs.Stats) uint64) metric.Row[T] {
		return metric.Only(when, metric.Counter(name+what, help, func(x T) float64 { return float64(value(stats(x))) }))
	}
	return []metric.Row[T]{
		counter("connections_total", help.connections, known, func(s *ipvs.Stats) uint64 { return s.Connections }),
		counter("in_packets_total", help.inPackets, known, func(s *ipvs.Stats) uint64 { return s.InPackets }),
		counter("out_packets_total", help.outPackets, replies, func(s *ipvs.Stats) uint64 { return s.OutPackets }),
		counter("in_bytes_total", help.inBytes, known, func(s *ipvs.Stats) uint64 { return s.InBytes }),
		counter("out_bytes_total", help.outBytes, replies, func(s *ipvs.Stats) uint64 { return s.OutBytes }),
	}
}

// every is the condition of what is known of every subject.
func every[T any](T) bool { return true }
