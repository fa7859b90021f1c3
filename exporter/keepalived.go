package exporter

import (
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// configSource is the source of keepalived.conf as it was read.
func configSource(cfg *shared[keepalived.Config]) source {
	return newSource("keepalived", cfg, whole(configTable()))
}

func configTable() table[*keepalived.Config] {
	return one("keepalived.conf",
		seriesRow("lvsdns_keepalived_info", "1; the version of keepalived by whose rules its configuration is read (empty: not known, the newest), and the id by which conditional lines are chosen.",
			[]string{"version", "config_id"}, func(c *keepalived.Config, emit emit) { emit(1, c.Version, c.ID) }),
		gaugeRow("lvsdns_keepalived_virtual_servers", "Virtual servers in keepalived.conf.",
			func(c *keepalived.Config) float64 { return float64(len(c.VirtualServers)) }),
		seriesRow("lvsdns_keepalived_notes", "What keepalived skips, replaces or misreads in its configuration, by kind; docs/keepalived.md explains them.", []string{"kind"},
			func(c *keepalived.Config, emit emit) {
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
