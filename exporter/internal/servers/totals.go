package servers

import (
	"context"
	"errors"
	"io/fs"
	"strconv"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Totals is the traffic of all virtual servers together, those that are gone included.
type Totals struct {
	Sum  ipvs.Stats
	CPUs []ipvs.CPUStats // nil if the kernel has no such file
}

// ReadTotals reads the traffic of all virtual servers together.
func ReadTotals(proc Proc) func(context.Context) (*Totals, error) {
	return func(context.Context) (*Totals, error) {
		var t Totals
		var err error
		if t.Sum, err = proc.Stats(); err != nil {
			return nil, err
		}
		if t.CPUs, err = proc.CPUStats(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &t, err
		}
		return &t, nil
	}
}

// TotalsSource is the source of the traffic of all virtual servers together.
func TotalsSource(sums *source.Shared[Totals], perCPU bool) source.Source {
	return source.New("ipvs_stats", sums, metric.Whole(totalsTable()), metric.Each(cpuTable(), func(t *Totals) []ipvs.CPUStats {
		if !perCPU {
			return nil
		}
		return t.CPUs
	}))
}

func totalsTable() metric.Table[*Totals] {
	return metric.One("all virtual servers together", traffic("lvsdns_ipvs_", trafficHelp{
		connections: "Connections scheduled, those of virtual servers that are gone included.",
		inPackets:   "Packets from clients, those of virtual servers that are gone included.",
		outPackets:  "Packets to clients that passed the director, those of virtual servers that are gone included.",
		inBytes:     "Bytes from clients, those of virtual servers that are gone included.",
		outBytes:    "Bytes to clients that passed the director, those of virtual servers that are gone included.",
	}, func(t *Totals) *ipvs.Stats { return &t.Sum }, every, every)...)
}

func cpuTable() metric.Table[ipvs.CPUStats] {
	return metric.Table[ipvs.CPUStats]{
		Subject: "a processor (with metrics.per-cpu)",
		Labels:  []string{"cpu"},
		Values:  func(c ipvs.CPUStats) []string { return []string{strconv.Itoa(c.CPU)} },
		Rows: traffic("lvsdns_ipvs_cpu_", trafficHelp{
			connections: "Connections that this processor scheduled.",
			inPackets:   "Packets from clients that this processor handled.",
			outPackets:  "Packets to clients that this processor handled.",
			inBytes:     "Bytes from clients that this processor handled.",
			outBytes:    "Bytes to clients that this processor handled.",
		}, func(c ipvs.CPUStats) *ipvs.Stats { return &c.Stats }, every, every),
	}
}

// ReadSysctls reads the settings of IPVS.
func ReadSysctls(root string) func(context.Context) (*[]host.Sysctl, error) {
	return func(context.Context) (*[]host.Sysctl, error) {
		all, err := host.IPVSSysctls(root)
		return &all, err
	}
}

// SysctlSource is the source of the settings of IPVS.
func SysctlSource(sysctls *source.Shared[[]host.Sysctl]) source.Source {
	return source.New("sysctl", sysctls, metric.Each(sysctlTable(), func(all *[]host.Sysctl) []host.Sysctl { return *all }))
}

func sysctlTable() metric.Table[host.Sysctl] {
	return metric.Table[host.Sysctl]{
		Subject: "a setting in /proc/sys/net/ipv4/vs",
		Labels:  []string{"name"},
		Values:  func(s host.Sysctl) []string { return []string{s.Name} },
		Rows: []metric.Row[host.Sysctl]{
			metric.Gauge("lvsdns_ipvs_sysctl", "The value of net.ipv4.vs.NAME. Both numbers of sync_threshold are here: the second is called sync_period.",
				func(s host.Sysctl) float64 { return float64(s.Value) }),
		},
	}
}
