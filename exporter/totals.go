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
	return one("all virtual servers together", traffic("lvsdns_ipvs_", trafficHelp{
		connections: "Connections scheduled, those of virtual servers that are gone included.",
		inPackets:   "Packets from clients, those of virtual servers that are gone included.",
		outPackets:  "Packets to clients that passed the director, those of virtual servers that are gone included.",
		inBytes:     "Bytes from clients, those of virtual servers that are gone included.",
		outBytes:    "Bytes to clients that passed the director, those of virtual servers that are gone included.",
	}, func(t *totals) *ipvs.Stats { return &t.sum }, every, every)...)
}

func cpuTable() table[ipvs.CPUStats] {
	return table[ipvs.CPUStats]{
		subject: "a processor (with metrics.per-cpu)",
		labels:  []string{"cpu"},
		values:  func(c ipvs.CPUStats) []string { return []string{strconv.Itoa(c.CPU)} },
		rows: traffic("lvsdns_ipvs_cpu_", trafficHelp{
			connections: "Connections that this processor scheduled.",
			inPackets:   "Packets from clients that this processor handled.",
			outPackets:  "Packets to clients that this processor handled.",
			inBytes:     "Bytes from clients that this processor handled.",
			outBytes:    "Bytes to clients that this processor handled.",
		}, func(c ipvs.CPUStats) *ipvs.Stats { return &c.Stats }, every, every),
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
