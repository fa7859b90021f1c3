package drift

import "github.com/lvsdns/lvsdns/internal/ipvs"

// Reading is both totals at one moment.
type Reading struct {
	Shown  ipvs.Stats      // /proc/net/ip_vs_stats: moved by the estimator every two seconds
	PerCPU []ipvs.CPUStats // /proc/net/ip_vs_stats_percpu: moved by each packet
}

// Stalled reports whether the counters stand still, from three readings, each
// more than two seconds after the one before: packets that came between the
// first and the second must show in the third. The totals themselves cannot be
// compared, because zeroing touches only one of them.
func Stalled(first, second, third Reading) bool {
	return packets(first.PerCPU) != packets(second.PerCPU) && first.Shown.InPackets == third.Shown.InPackets
}

func packets(cpus []ipvs.CPUStats) uint64 {
	var sum uint64
	for _, c := range cpus {
		sum += c.InPackets
	}
	return sum
}
