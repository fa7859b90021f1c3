package servers

import (
	"slices"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Source is the source of the IPVS table; more of it is what others know of its virtual servers.
func Source(v *source.Shared[View], servicesOnly bool, more ...metric.Part[View]) source.Source {
	return source.New("ipvs", v, append([]metric.Part[View]{
		metric.Whole(viewTable()),
		metric.Each(virtualTable(), func(v *View) []Virtual { return v.Virtuals }),
		metric.Each(realTable(), func(v *View) []real {
			if servicesOnly {
				return nil
			}
			return v.reals
		}),
	}, more...)...)
}

func virtualTable() metric.Table[Virtual] {
	known := func(v Virtual) bool { return !v.limited }
	return metric.Table[Virtual]{
		Subject: "a virtual server",
		Bounded: true,
		Labels:  ipvs.LabelNames(),
		Values:  func(v Virtual) []string { return v.ServiceKey.Labels() },
		Rows: slices.Concat([]metric.Row[Virtual]{
			metric.Series("lvsdns_ipvs_virtual_server_info", "1; the settings of a virtual server.",
				[]string{"scheduler", "flags", "netmask", "persistence_engine"},
				func(v Virtual, emit metric.Emit) {
					emit(1, v.Scheduler, v.Flags.Names(v.Scheduler), v.Netmask.String(), v.PEName)
				}),
		}, traffic("lvsdns_ipvs_virtual_server_", trafficHelp{
			connections: "Connections scheduled; for UDP, flows.",
			inPackets:   "Packets from clients.",
			outPackets:  "Packets to clients that passed the director; with direct routing and tunnels replies don't.",
			inBytes:     "Bytes from clients, with IP headers.",
			outBytes:    "Bytes to clients that passed the director, with IP headers; with direct routing and tunnels replies don't.",
		}, func(v Virtual) *ipvs.Stats { return &v.Stats }, known, known), []metric.Row[Virtual]{
			metric.Only(func(v Virtual) bool { return known(v) && v.Flags&ipvs.Persistent != 0 },
				metric.Gauge("lvsdns_ipvs_virtual_server_persistence_timeout_seconds", "For how long a client stays with its real server; absent without persistence.",
					func(v Virtual) float64 { return v.Timeout.Seconds() })),
			metric.Gauge("lvsdns_ipvs_virtual_server_weight", "Sum of the weights of its real servers.",
				func(v Virtual) (sum float64) {
					for i := range v.Real {
						sum += float64(v.Real[i].Weight)
					}
					return sum
				}),
			metric.Series("lvsdns_ipvs_virtual_server_real_servers",
				"Its real servers: usable (gets new clients), drained (weight 0) or overloaded (at its upper threshold).", []string{"state"},
				func(v Virtual, emit metric.Emit) {
					var usable, drained, over float64
					for i := range v.Real {
						switch d := &v.Real[i]; {
						case d.Weight == 0:
							drained++
						case overloaded(d):
							over++
						default:
							usable++
						}
					}
					emit(usable, "usable")
					emit(drained, "drained")
					emit(over, "overloaded")
				}),
			metric.Series("lvsdns_ipvs_virtual_server_real_server_connections", "Sum of the connections of its real servers now.", []string{"state"},
				func(v Virtual, emit metric.Emit) {
					var active, inactive, persistent float64
					for i := range v.Real {
						d := &v.Real[i]
						active, inactive, persistent = active+float64(d.Active), inactive+float64(d.Inactive), persistent+float64(d.Persistent)
					}
					emit(active, "active")
					emit(inactive, "inactive")
					if known(v) {
						emit(persistent, "persistent")
					}
				}),
		}),
	}
}

func realTable() metric.Table[real] {
	known := func(r real) bool { return !r.limited }
	replied := func(r real) bool { return known(r) && r.Forward.RepliesPass() }
	bounded := func(r real) bool { return known(r) && r.UpperThreshold > 0 }
	return metric.Table[real]{
		Subject: "a real server",
		Bounded: true,
		Labels:  metric.ServerLabelNames(),
		Values: func(r real) []string {
			return append(append(make([]string, 0, 7), r.service...), r.Addr.String(), metric.Decimal(r.Port))
		},
		Rows: slices.Concat([]metric.Row[real]{
			metric.Series("lvsdns_ipvs_real_server_info", "1; how packets reach a real server.",
				[]string{"forward_method", "tunnel_type", "tunnel_port", "tunnel_flags"},
				func(r real, emit metric.Emit) {
					if r.Forward != ipvs.Tun || !known(r) {
						emit(1, r.Forward.String(), "", "", "")
						return
					}
					emit(1, r.Forward.String(), r.Tunnel.Type.String(), tunnelPort(r.Tunnel), r.Tunnel.Flags.String())
				}),
			metric.Gauge("lvsdns_ipvs_real_server_weight", "Weight; 0: no new connections.",
				func(r real) float64 { return float64(r.Weight) }),
			metric.Series("lvsdns_ipvs_real_server_connections",
				"Entries of the connection table now. To the kernel a UDP flow is always inactive; one-packet scheduling leaves none.", []string{"state"},
				func(r real, emit metric.Emit) {
					emit(float64(r.Active), "active")
					emit(float64(r.Inactive), "inactive")
					if known(r) {
						emit(float64(r.Persistent), "persistent")
					}
				}),
		}, traffic("lvsdns_ipvs_real_server_", trafficHelp{
			connections: "Connections scheduled to it; for UDP, flows.",
			inPackets:   "Packets from clients to it.",
			outPackets:  "Packets from it to clients; absent with direct routing and tunnels, where replies bypass the director.",
			inBytes:     "Bytes from clients to it, with IP headers.",
			outBytes:    "Bytes from it to clients, with IP headers; absent with direct routing and tunnels, where replies bypass the director.",
		}, func(r real) *ipvs.Stats { return &r.Stats }, known, replied), []metric.Row[real]{
			metric.Only(bounded, metric.Gauge("lvsdns_ipvs_real_server_upper_threshold", "Connections at which it gets no new ones; absent if there is no such limit.",
				func(r real) float64 { return float64(r.UpperThreshold) })),
			metric.Only(func(r real) bool { return known(r) && r.LowerThreshold > 0 },
				metric.Gauge("lvsdns_ipvs_real_server_lower_threshold", "Connections below which it gets new ones again; absent if not set (the kernel takes three quarters of the upper threshold).",
					func(r real) float64 { return float64(r.LowerThreshold) })),
			metric.Only(bounded, metric.Gauge("lvsdns_ipvs_real_server_overloaded", "1 if it is at its upper threshold; absent without one.",
				func(r real) float64 { return metric.Truth(overloaded(r.Destination)) })),
		}),
	}
}

func tunnelPort(t ipvs.Tunnel) string {
	if t.Port == 0 {
		return ""
	}
	return metric.Decimal(t.Port)
}

func viewTable() metric.Table[*View] {
	known := func(v *View) bool { return !v.Limited }
	return metric.One("IPVS",
		metric.Series("lvsdns_ipvs_info", "1; the version of IPVS.", []string{"version"},
			func(v *View, emit metric.Emit) {
				if v.info.Version != "" {
					emit(1, v.info.Version)
				}
			}),
		metric.Only(func(v *View) bool { return v.info.ConnectionTableSize > 0 },
			metric.Gauge("lvsdns_ipvs_connection_table_buckets", "Size of the hash table of connections.",
				func(v *View) float64 { return float64(v.info.ConnectionTableSize) })),
		metric.Gauge("lvsdns_ipvs_virtual_servers", "Virtual servers in the kernel's table, those included that this exporter is told not to show.",
			func(v *View) float64 { return float64(len(v.Table.Entries) - v.left) }),
		metric.Series("lvsdns_ipvs_timeout_seconds", "After how long without a packet a connection is forgotten.", []string{"timeout"},
			func(v *View, emit metric.Emit) {
				if v.timeouts != nil {
					emit(v.timeouts.TCP.Seconds(), "tcp")
					emit(v.timeouts.TCPFin.Seconds(), "tcp_fin")
					emit(v.timeouts.UDP.Seconds(), "udp")
				}
			}),
		metric.Only(known, metric.Series("lvsdns_ipvs_sync_daemon_running", "1 if the connection synchronisation daemon runs in this role.", []string{"role"},
			func(v *View, emit metric.Emit) {
				for _, role := range []ipvs.DaemonRole{ipvs.Master, ipvs.Backup} {
					running := false
					for _, d := range v.daemons {
						running = running || d.Role == role
					}
					emit(metric.Truth(running), role.String())
				}
			})),
		metric.Series("lvsdns_ipvs_sync_daemon_info", "1; the settings of a connection synchronisation daemon that runs. 0 and empty are the kernel's defaults.",
			[]string{"role", "interface", "sync_id", "max_length", "group", "port", "ttl"},
			func(v *View, emit metric.Emit) {
				for _, d := range v.daemons {
					group := ""
					if d.Group.IsValid() {
						group = d.Group.String()
					}
					emit(1, d.Role.String(), d.Interface, metric.Decimal(d.SyncID), metric.Decimal(d.MaxLength), group, metric.Decimal(d.Port), metric.Decimal(d.TTL))
				}
			}),
		metric.Counter("lvsdns_ipvs_duplicates_total", "Entries that the kernel listed twice because the table changed while it was read; shown once.",
			func(v *View) float64 { return float64(v.duplicates) }),
		metric.Counter("lvsdns_ipvs_gone_total", "Virtual servers that were deleted while they were read; not shown.",
			func(v *View) float64 { return float64(v.gone) }),
	)
}
