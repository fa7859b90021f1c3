package exporter

import (
	"context"
	"errors"
	"io/fs"
	"strconv"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// totals is the traffic of all virtual servers together, those that are gone included.
type totals struct {
	sum  ipvs.Stats
	cpus []ipvs.CPUStats // nil if the kernel has no such file
}

func readTotals(proc Proc) func(context.Context) (*totals, error) {
	return func(context.Context) (*totals, error) {
		var t totals
		var err error
		if t.sum, err = proc.Stats(); err != nil {
			return nil, err
		}
		if t.cpus, err = proc.CPUStats(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &t, err
		}
		return &t, nil
	}
}

func totalsTable() table[*totals] {
	return one("all virtual servers together",
		counterRow("lvsdns_ipvs_connections_total", "Connections scheduled, those of virtual servers that are gone included.",
			func(t *totals) float64 { return float64(t.sum.Connections) }),
		counterRow("lvsdns_ipvs_in_packets_total", "Packets from clients, those of virtual servers that are gone included.",
			func(t *totals) float64 { return float64(t.sum.InPackets) }),
		counterRow("lvsdns_ipvs_out_packets_total", "Packets to clients that passed the director, those of virtual servers that are gone included.",
			func(t *totals) float64 { return float64(t.sum.OutPackets) }),
		counterRow("lvsdns_ipvs_in_bytes_total", "Bytes from clients, those of virtual servers that are gone included.",
			func(t *totals) float64 { return float64(t.sum.InBytes) }),
		counterRow("lvsdns_ipvs_out_bytes_total", "Bytes to clients that passed the director, those of virtual servers that are gone included.",
			func(t *totals) float64 { return float64(t.sum.OutBytes) }),
	)
}

func cpuTable() table[ipvs.CPUStats] {
	return table[ipvs.CPUStats]{
		subject: "a processor (with ipvs.per-cpu)",
		labels:  []string{"cpu"},
		values:  func(c ipvs.CPUStats) []string { return []string{strconv.Itoa(c.CPU)} },
		rows: []row[ipvs.CPUStats]{
			counterRow("lvsdns_ipvs_cpu_connections_total", "Connections that this processor scheduled.",
				func(c ipvs.CPUStats) float64 { return float64(c.Connections) }),
			counterRow("lvsdns_ipvs_cpu_in_packets_total", "Packets from clients that this processor handled.",
				func(c ipvs.CPUStats) float64 { return float64(c.InPackets) }),
			counterRow("lvsdns_ipvs_cpu_out_packets_total", "Packets to clients that this processor handled.",
				func(c ipvs.CPUStats) float64 { return float64(c.OutPackets) }),
			counterRow("lvsdns_ipvs_cpu_in_bytes_total", "Bytes from clients that this processor handled.",
				func(c ipvs.CPUStats) float64 { return float64(c.InBytes) }),
			counterRow("lvsdns_ipvs_cpu_out_bytes_total", "Bytes to clients that this processor handled.",
				func(c ipvs.CPUStats) float64 { return float64(c.OutBytes) }),
		},
	}
}

func sysctlTable() table[host.Sysctl] {
	return table[host.Sysctl]{
		subject: "a setting in /proc/sys/net/ipv4/vs",
		labels:  []string{"name"},
		values:  func(s host.Sysctl) []string { return []string{s.Name} },
		rows: []row[host.Sysctl]{
			gaugeRow("lvsdns_ipvs_sysctl", "The value of net.ipv4.vs.NAME. Both numbers of sync_threshold are here: the second is called sync_period.",
				func(s host.Sysctl) float64 { return float64(s.Value) }),
		},
	}
}
