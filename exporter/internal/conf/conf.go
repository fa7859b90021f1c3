// Package conf answers one question: how was keepalived.conf read?
package conf

import (
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Source is the source of keepalived.conf as it was read.
func Source(cfg *source.Shared[keepalived.Config]) source.Source {
	return source.New("keepalived", cfg, metric.Whole(table()))
}

func table() metric.Table[*keepalived.Config] {
	return metric.One("keepalived.conf",
		metric.Series("lvsdns_keepalived_info", "1; the version of keepalived by whose rules its configuration is read (empty: not known, the newest), and the id by which conditional lines are chosen.",
			[]string{"version", "config_id"}, func(c *keepalived.Config, emit metric.Emit) { emit(1, c.Version, c.ID) }),
		metric.Gauge("lvsdns_keepalived_virtual_servers", "Virtual servers in keepalived.conf.",
			func(c *keepalived.Config) float64 { return float64(len(c.VirtualServers)) }),
		metric.Series("lvsdns_keepalived_notes", "What keepalived skips, replaces or misreads in its configuration, by kind; docs/keepalived.md explains them.", []string{"kind"},
			func(c *keepalived.Config, emit metric.Emit) {
				counts := map[keepalived.NoteKind]float64{}
				for _, n := range c.Notes {
					counts[n.Kind]++
				}
				for k := keepalived.Unknown; k <= keepalived.Unresolved; k++ {
					emit(counts[k], k.String())
				}
			}),
	)
}
