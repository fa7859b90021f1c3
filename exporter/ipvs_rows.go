package exporter

import (
	"slices"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// viewSource is the source of the IPVS table; more of it is what others know of its virtual servers.
func viewSource(v *shared[view], servicesOnly bool, more ...part[view]) source {
	return newSource("ipvs", v, append([]part[view]{
		whole(viewTable()),
		each(virtualTable(), func(v *view) []virtual { return v.virtuals }),
		each(realTable(), func(v *view) []real {
			if servicesOnly {
				return nil
			}
			return v.reals
		}),
	}, more...)...)
}

func virtualTable() table[virtual] {
	known := func(v virtual) bool { return !v.limited }
	return table[virtual]{
		subject: "a virtual server",
		bounded: true,
		labels:  ipvs.LabelNames(),
		values:  func(v virtual) []string { return v.ServiceKey.Labels() },
		rows: slices.Concat([]row[virtual]{
			seriesRow("lvsdns_ipvs_virtual_server_info", "1; the settings of a virtual server.",
				[]string{"scheduler", "flags", "netmask", "persistence_engine"},
				func(v virtual, emit emit) {
					emit(1, v.Scheduler, v.Flags.Names(v.Scheduler), v.Netmask.String(), v.PEName)
				}),
		}, traffic("lvsdns_ipvs_virtual_server_", trafficHelp{
			connections: "Connections scheduled; for UDP, flows.",
			inPackets:   "Packets from clients.",
			outPackets:  "Packets to clients that passed the director; with direct routing and tunnels replies don't.",
			inBytes:     "Bytes from clients, with IP headers.",
			outBytes:    "Bytes to clients that passed the director, with IP headers; with direct routing and tunnels replies don't.",
		}, func(v virtual) *ipvs.Stats { return &v.Stats }, known, known), []row[virtual]{
			only(func(v virtual) bool { return known(v) && v.Flags&ipvs.Persistent != 0 },
				gaugeRow("lvsdns_ipvs_virtual_server_persistence_timeout_seconds", "For how long a client stays with its real server; absent without persistence.",
					func(v virtual) float64 { return v.Timeout.Seconds() })),
			gaugeRow("lvsdns_ipvs_virtual_server_weight", "Sum of the weights of its real servers.",
				func(v virtual) (sum float64) {
					for i := range v.real {
						sum += float64(v.real[i].Weight)
					}
					return sum
				}),
			seriesRow("lvsdns_ipvs_virtual_server_real_servers",
				"Its real servers: usable (gets new clients), drained (weight 0) or overloaded (at its upper threshold).", []string{"state"},
				func(v virtual, emit emit) {
					var usable, drained, over float64
					for i := range v.real {
						switch d := &v.real[i]; {
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
			seriesRow("lvsdns_ipvs_virtual_server_real_server_connections", "Sum of the connections of its real servers now.", []string{"state"},
				func(v virtual, emit emit) {
					var active, inactive, persistent float64
					for i := range v.real {
						d := &v.real[i]
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

func realTable() table[real] {
	known := func(r real) bool { return !r.limited }
	replied := func(r real) bool { return known(r) && r.Forward.RepliesPass() }
	bounded := func(r real) bool { return known(r) && r.UpperThreshold > 0 }
	return table[real]{
		subject: "a real server",
		bounded: true,
		labels:  serverLabelNames(),
		values: func(r real) []string {
			return append(append(make([]string, 0, 7), r.service...), r.Addr.String(), decimal(r.Port))
		},
		rows: slices.Concat([]row[real]{
			seriesRow("lvsdns_ipvs_real_server_info", "1; how packets reach a real server.",
				[]string{"forward_method", "tunnel_type", "tunnel_port", "tunnel_flags"},
				func(r real, emit emit) {
					if r.Forward != ipvs.Tun || !known(r) {
						emit(1, r.Forward.String(), "", "", "")
						return
					}
					emit(1, r.Forward.String(), r.Tunnel.Type.String(), tunnelPort(r.Tunnel), r.Tunnel.Flags.String())
				}),
			gaugeRow("lvsdns_ipvs_real_server_weight", "Weight; 0: no new connections.",
				func(r real) float64 { return float64(r.Weight) }),
			seriesRow("lvsdns_ipvs_real_server_connections",
				"Entries of the connection table now. To the kernel a UDP flow is always inactive; one-packet scheduling leaves none.", []string{"state"},
				func(r real, emit emit) {
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
		}, func(r real) *ipvs.Stats { return &r.Stats }, known, replied), []row[real]{
			only(bounded, gaugeRow("lvsdns_ipvs_real_server_upper_threshold", "Connections at which it gets no new ones; absent if there is no such limit.",
				func(r real) float64 { return float64(r.UpperThreshold) })),
			only(func(r real) bool { return known(r) && r.LowerThreshold > 0 },
				gaugeRow("lvsdns_ipvs_real_server_lower_threshold", "Connections below which it gets new ones again; absent if not set (the kernel takes three quarters of the upper threshold).",
					func(r real) float64 { return float64(r.LowerThreshold) })),
			only(bounded, gaugeRow("lvsdns_ipvs_real_server_overloaded", "1 if it is at its upper threshold; absent without one.",
				func(r real) float64 { return truth(overloaded(r.Destination)) })),
		}),
	}
}

func tunnelPort(t ipvs.Tunnel) string {
	if t.Port == 0 {
		return ""
	}
	return decimal(t.Port)
}

func viewTable() table[*view] {
	known := func(v *view) bool { return !v.limited }
	return one("IPVS",
		seriesRow("lvsdns_ipvs_info", "1; the version of IPVS.", []string{"version"},
			func(v *view, emit emit) {
				if v.info.Version != "" {
					emit(1, v.info.Version)
				}
			}),
		only(func(v *view) bool { return v.info.ConnectionTableSize > 0 },
			gaugeRow("lvsdns_ipvs_connection_table_buckets", "Size of the hash table of connections.",
				func(v *view) float64 { return float64(v.info.ConnectionTableSize) })),
		gaugeRow("lvsdns_ipvs_virtual_servers", "Virtual servers in the kernel's table, those included that this exporter is told not to show.",
			func(v *view) float64 { return float64(len(v.table.Entries) - v.left) }),
		seriesRow("lvsdns_ipvs_timeout_seconds", "After how long without a packet a connection is forgotten.", []string{"timeout"},
			func(v *view, emit emit) {
				if v.timeouts != nil {
					emit(v.timeouts.TCP.Seconds(), "tcp")
					emit(v.timeouts.TCPFin.Seconds(), "tcp_fin")
					emit(v.timeouts.UDP.Seconds(), "udp")
				}
			}),
		only(known, seriesRow("lvsdns_ipvs_sync_daemon_running", "1 if the connection synchronisation daemon runs in this role.", []string{"role"},
			func(v *view, emit emit) {
				for _, role := range []ipvs.DaemonRole{ipvs.Master, ipvs.Backup} {
					running := false
					for _, d := range v.daemons {
						running = running || d.Role == role
					}
					emit(truth(running), role.String())
				}
			})),
		seriesRow("lvsdns_ipvs_sync_daemon_info", "1; the settings of a connection synchronisation daemon that runs. 0 and empty are the kernel's defaults.",
			[]string{"role", "interface", "sync_id", "max_length", "group", "port", "ttl"},
			func(v *view, emit emit) {
				for _, d := range v.daemons {
					group := ""
					if d.Group.IsValid() {
						group = d.Group.String()
					}
					emit(1, d.Role.String(), d.Interface, decimal(d.SyncID), decimal(d.MaxLength), group, decimal(d.Port), decimal(d.TTL))
				}
			}),
		counterRow("lvsdns_ipvs_duplicates_total", "Entries that the kernel listed twice because the table changed while it was read; shown once.",
			func(v *view) float64 { return float64(v.duplicates) }),
		counterRow("lvsdns_ipvs_gone_total", "Virtual servers that were deleted while they were read; not shown.",
			func(v *view) float64 { return float64(v.gone) }),
	)
}
