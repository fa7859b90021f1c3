package dashboards

func overviewKernel(b *board) {
	perSecond := func(metric, by string) string {
		return `sum by (` + by + `) (rate(` + metric + `{instance=~"$instance"}[$__rate_interval])) > 0`
	}
	b.row("Kernel: stale connections, fragments, drops")
	b.add(steps("Connections that lead nowhere", "short", "Entries of the connection table that point to a removed real server, or to one of weight 0.",
		sparse(ask(
			`sum by (`+virtual+`, reason) (lvsdns_ipvs_connections_orphaned{instance=~"$instance",vip=~"$vip"}) > 0`,
			"{{reason}}: "+virtualLegend,
		))), 8,
		8)
	b.add(steps("Part of the connection table that is read", "percentunit", "Below 100 % the numbers beside are at least so many.",
		ask(`lvsdns_ipvs_connection_pass_coverage_ratio{instance=~"$instance"}`, "{{instance}}")), 8, 8)
	b.add(lines("Entries by state", "short", "Of the connection table; nothing here if it was not read to its end.",
		sparse(ask(
			`sum by (instance, state) (lvsdns_ipvs_connection_entries{instance=~"$instance",vip=~"$vip"})`,
			"{{state}} on {{instance}}",
		))), 8,
		8)
	b.add(lines("Fragmentation events", "ops", "reassembly: of fragments that came in. fragmentation: of packets that left. Of IPv6 the kernel counts failures only, as soon as there is a virtual server or connection tracking.",
		sparse(ask(perSecond("lvsdns_ip_fragmentation_total", "instance, family, event"), "{{family}} {{event}} on {{instance}}"))), 8, 8)
	b.add(lines("UDP errors of local programs", "pps", "rcvbuf: a program is too slow. Not of what IPVS forwards.",
		sparse(ask(perSecond("lvsdns_udp_rcvbuf_errors_total", "instance, family"), "rcvbuf {{family}} on {{instance}}")),
		sparse(ask(perSecond("lvsdns_udp_sndbuf_errors_total", "instance, family"), "sndbuf {{family}} on {{instance}}")),
		sparse(ask(perSecond("lvsdns_udp_in_csum_errors_total", "instance, family"), "checksum {{family}} on {{instance}}")),
		sparse(ask(perSecond("lvsdns_udp_mem_errors_total", "instance, family"), "memory {{family}} on {{instance}}")),
		sparse(ask(perSecond("lvsdns_udp_no_ports_total", "instance, family"), "closed port {{family}} on {{instance}}"))), 8, 8)
	b.add(lines("Incoming packets that processors did not manage", "ops", "dropped: lost. time squeeze: stopped with packets left, no loss yet.",
		sparse(ask(perSecond("lvsdns_softnet_dropped_total", "instance"), "dropped on {{instance}}")),
		sparse(ask(perSecond("lvsdns_softnet_time_squeeze_total", "instance"), "time squeeze on {{instance}}"))), 8, 8)
}
