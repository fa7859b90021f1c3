package dashboards

func overviewConntrack(b *board) {
	flows := func(metric string) string { return metric + `{instance=~"$instance",vip=~"$vip"}` }
	each := func(metric string) string { return `rate(` + metric + `{instance=~"$instance"}[$__rate_interval])` }
	b.row("Connection tracking")
	b.add(lines("Entries of the table", "short", "Of all protocols. At the limit new flows are dropped.",
		sparse(ask(`lvsdns_conntrack_entries{instance=~"$instance"}`, "entries on {{instance}}")),
		sparse(ask(`lvsdns_conntrack_limit{instance=~"$instance"}`, "limit on {{instance}}"))), 8, 8)
	b.add(lines("Trouble with the table", "ops", "drop, early_drop: it is full. insert_failed: a race of two packets that lost one; clash_resolve: one that did not. invalid: packets of no flow.",
		sparse(ask(each("lvsdns_conntrack_drop_total"), "drop on {{instance}}")),
		sparse(ask(each("lvsdns_conntrack_early_drop_total"), "early_drop on {{instance}}")),
		sparse(ask(each("lvsdns_conntrack_insert_failed_total"), "insert_failed on {{instance}}")),
		sparse(ask(each("lvsdns_conntrack_clash_resolve_total"), "clash_resolve on {{instance}}")),
		sparse(ask(each("lvsdns_conntrack_invalid_total"), "invalid on {{instance}}"))), 8, 8)
	b.add(lines("Age of the flow counts", "s", "How old the numbers of flows are. A curve that climbs: passes fail, or the table is too big.",
		sparse(ask(`lvsdns_conntrack_pass_age_seconds{instance=~"$instance"}`, "{{instance}}"))), 8, 8)
	b.add(lines("UDP flows by state", "short", "Only of virtual servers for which they mean something: see the panel beside.",
		sparse(ask(
			flows("lvsdns_conntrack_udp_flows")+` and on (instance, vip, vport) (`+flows("lvsdns_conntrack_tracking")+` == 1)`,
			"{{state}}: {{vip}} {{vport}} on {{instance}}",
		))), 8,
		8)
	b.add(lines("Flows bound to a removed real server", "short", "Their clients get no answer: \"lvsdns flows\" on the director.",
		sparse(ask(flows("lvsdns_conntrack_udp_stale_flows"), "{{vip}} {{vport}} on {{instance}}"))), 8, 8)
	b.add(steps("Do flow counts mean anything?", "short", "tracked: they do. Any other reason: they do not, and that is mostly as it should be.",
		sparse(ask(flows("lvsdns_conntrack_tracking_info"), "{{reason}}: {{vip}} {{vport}} on {{instance}}"))), 8, 8)
	b.add(steps("Timeouts of UDP flows", "s", "In force, and as wanted by conntrack.wanted-* in exporter.yaml.",
		sparse(ask(`lvsdns_conntrack_timeout_seconds{instance=~"$instance"}`, "{{timeout}} on {{instance}}")),
		sparse(ask(`lvsdns_conntrack_timeout_wanted_seconds{instance=~"$instance"}`, "{{timeout}} wanted on {{instance}}"))), 8, 8)
}
