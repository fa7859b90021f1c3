package connections

import (
	"slices"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// orphans are entries of one virtual server that lead nowhere.
type orphans struct {
	service ipvs.ServiceKey
	drained float64
	missing float64

	// What is known. A virtual server that is gone has no real servers with weight 0. Of a part of the table only that there are
	// entries can be said, not that there are none.
	hasDrained, hasMissing bool

	idle bool // it has a real server with weight 0 now; the last pass may be a minute old
}

// Parts are what is known of the connections of virtual servers; c may be nil, and sysctls say whether templates keep their clients.
func Parts(c *Reader, sysctls *source.Shared[[]host.Sysctl], keep func(ipvs.ServiceKey) bool) []metric.Part[servers.View] {
	return []metric.Part[servers.View]{
		metric.Each(orphanTable(), func(v *servers.View) []orphans {
			return orphansOf(v, c.lastPass(), keepsQuiescent(sysctls.Peek().Value), keep)
		}),
		metric.Each(heldTable(), func(*servers.View) []ipvs.Held {
			last := c.lastPass()
			if last == nil || !last.Complete {
				return nil
			}
			return slices.DeleteFunc(slices.Clone(last.held), func(h ipvs.Held) bool { return !keep(h.Service) })
		}),
	}
}

func orphanTable() metric.Table[orphans] {
	return metric.Table[orphans]{
		Bounded: true,
		Subject: "a virtual server, or of all entries that are no virtual server's",
		Labels:  ipvs.LabelNames(),
		Values:  func(o orphans) []string { return o.service.Labels() },
		Rows: []metric.Row[orphans]{
			metric.Series("lvsdns_ipvs_connections_orphaned",
				"Entries of the connection table that lead to a removed real server (real_server_missing; if the last pass did not read the whole table, a lower bound, and absent instead of 0) or to one with weight 0 (real_server_drained: its flows, and the templates that the last pass found to keep a persistent client there).", []string{"reason"},
				func(o orphans, emit metric.Emit) {
					if o.hasMissing {
						emit(o.missing, "real_server_missing")
					}
					if o.hasDrained {
						emit(o.drained, "real_server_drained")
					}
				}),
		},
	}
}

// orphansOf joins the real servers with weight 0, which the kernel counts connections of, with what the last pass found. quiescent says
// that templates keep their clients with such a real server.
func orphansOf(v *servers.View, p *pass, quiescent bool, keep func(ipvs.ServiceKey) bool) []orphans {
	at := map[ipvs.ServiceKey]int{}
	var all []orphans
	of := func(k ipvs.ServiceKey) *orphans {
		i, known := at[k]
		if !known {
			i = len(all)
			at[k] = i
			all = append(all, orphans{service: k, hasMissing: p != nil && p.Complete})
		}
		return &all[i]
	}
	for _, s := range v.Virtuals {
		o := of(s.ServiceKey)
		o.hasDrained, o.drained = true, 0
		for i := range s.Real {
			if d := &s.Real[i]; d.Weight == 0 {
				o.idle = true
				o.drained += float64(d.Active) + float64(d.Inactive)
			}
		}
	}
	if p == nil {
		return all
	}
	for _, h := range p.held {
		if !keep(h.Service) {
			continue
		}
		if h.Missing > 0 {
			o := of(h.Service)
			o.hasMissing, o.missing = true, float64(h.Missing)
		}
		if i, there := at[h.Service]; there && all[i].idle && quiescent {
			all[i].drained += float64(h.Bound)
		}
	}
	return all
}

// keepsQuiescent reports whether persistence keeps clients with a real server of weight 0 (expire_quiescent_template in
// ip_vs_conn.c). It does by default; a kernel that does not tell is taken to.
func keepsQuiescent(sysctls *[]host.Sysctl) bool {
	if sysctls == nil {
		return true
	}
	return !slices.ContainsFunc(*sysctls, func(s host.Sysctl) bool { return s.Name == "expire_quiescent_template" && s.Value != 0 })
}
