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

// readTotals reads the traffic of all virtual servers together.
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

// totalsSource is the source of the traffic of all virtual servers together.
func totalsSource(sums *shared[totals], perCPU bool) source {
	return newSource("ipvs_stats", sums, whole(totalsTable()), each(cpuTable(), func(t *totals) []ipvs.CPUStats {
		if !perCPU {
			return nil
		}
		return t.cpus
	}))
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

// readSysctls reads the settings of IPVS.
func readSysctls(root string) func(context.Context) (*[]host.Sysctl, error) {
	return func(context.Context) (*[]host.Sysctl, error) {
		all, err := host.IPVSSysctls(root)
		return &all, err
	}
}

// sysctlSource is the source of the settings of IPVS.
func sysctlSource(sysctls *shared[[]host.Sysctl]) source {
	return newSource("sysctl", sysctls, each(sysctlTable(), func(all *[]host.Sysctl) []host.Sysctl { return *all }))
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
