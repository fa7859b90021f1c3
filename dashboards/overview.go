package dashboards

// Labels that name a virtual server, a real server and a check, and how a legend shows them.
const (
	virtual       = "instance, vip, vport, proto, fwmark"
	virtualLegend = "{{vip}}{{fwmark}} {{vport}}/{{proto}} on {{instance}}"
	real          = virtual + ", rip, rport"
	realLegend    = "{{rip}} for {{vip}}{{fwmark}} {{vport}}/{{proto}} on {{instance}}"
	checkLegend   = "{{server}} {{name}} {{type}} {{transport}} on {{instance}}"
)

// Overview shows directors, their virtual and real servers, and the checks.
func Overview() Dashboard {
	var b board
	overviewState(&b)
	overviewTraffic(&b)
	overviewChecks(&b)
	overviewConntrack(&b)
	overviewKernel(&b)
	overviewSources(&b)
	prometheus := source()
	return Dashboard{
		UID: "lvsdns-overview", Title: "lvsdns: overview", Tags: []string{"lvsdns", "dns"},
		Description:  "Directors with IPVS and keepalived, the DNS servers behind them, and what the checks say.",
		GraphTooltip: 1, SchemaVersion: 39, Refresh: "30s", Time: TimeRange{"now-1h", "now"},
		Templating: Templating{[]Variable{
			{Name: "datasource", Label: "Prometheus", Type: "datasource", Query: "prometheus"},
			{
				Name: "instance", Label: "director", Type: "query", Query: "label_values(lvsdns_build_info, instance)",
				Datasource: &prometheus, Refresh: 2, Sort: 1, Multi: true, IncludeAll: true, AllValue: ".*", Current: &Current{"All", "$__all"},
			},
			{
				// A firewall mark has no address: "All" must match an empty label.
				Name: "vip", Label: "virtual address", Type: "query", Query: `label_values(lvsdns_ipvs_virtual_server_info{instance=~"$instance"}, vip)`,
				Datasource: &prometheus, Refresh: 2, Sort: 1, Multi: true, IncludeAll: true, AllValue: ".*", Current: &Current{"All", "$__all"},
			},
		}},
		Panels: b.panels,
	}
}

func overviewState(b *board) {
	b.row("Now")
	b.add(number("Firing alerts", "Alerts of lvsdns that fire now; docs/operations.md says what to do.", "red",
		now(`count(ALERTS{alertname=~"Lvsdns.*",alertstate="firing"}) or vector(0)`, "")), 4, 4)
	b.add(number("Directors that do not answer", "Exporters that Prometheus cannot reach.", "red",
		now(`count(up{job="lvsdns"} == 0) or vector(0)`, "")), 4, 4)
	b.add(number("Virtual servers", "In the kernels of the chosen directors.", "",
		now(`sum(lvsdns_ipvs_virtual_servers{instance=~"$instance"})`, "")), 4, 4)
	b.add(number("Virtual servers without a usable real server", "New clients of these get no answer.", "red",
		now(`count(lvsdns_ipvs_virtual_server_real_servers{instance=~"$instance",vip=~"$vip",state="usable"} == 0) or vector(0)`, "")), 4, 4)
	b.add(number("Real servers down", "Out of a table, or with weight 0, because their check fails. One that serves two virtual servers counts twice.", "orange",
		now(`sum(lvsdns_drift{instance=~"$instance",kind="real_server_down"}) or vector(0)`, "")), 4, 4)
	b.add(number("Checks that fail", "By their last run.", "orange",
		now(`count(lvsdns_check_success{instance=~"$instance"} == 0) or vector(0)`, "")), 4, 4)

	b.row("Differences between keepalived.conf, keepalived and the kernel")
	b.add(steps("Differences", "short", "By kind. info is nothing to mend now.",
		sparse(ask(`sum by (instance, kind, severity) (lvsdns_drift_differences{instance=~"$instance"}) > 0`, "{{severity}}: {{kind}} on {{instance}}"))), 12, 8)
	b.add(list("Differences now", `"lvsdns drift" on the director says more, and how to mend each.`, "none",
		sparse(now(`sum by (severity, kind, `+real+`) (lvsdns_drift{instance=~"$instance"})`, ""))), 12, 8)

	b.row("VRRP")
	b.add(states("Who holds which address", "By the addresses that are on the directors' interfaces.", "holds", "does not", "blue",
		ask(`lvsdns_vrrp_address_held{instance=~"$instance"}`, "{{vip}} ({{name}}) {{instance}}")), 12, 8)
	b.add(states("State of instances and groups", "One bar for each state that there was.", "yes", "no", "transparent",
		ask(`max by (instance, kind, name, state) (lvsdns_vrrp_state{instance=~"$instance"}) == 1`, "{{kind}} {{name}} {{state}} {{instance}}")), 12, 8)
}

func overviewTraffic(b *board) {
	perSecond := func(metric, by string) string {
		return `sum by (` + by + `) (rate(` + metric + `{instance=~"$instance",vip=~"$vip"}[$__rate_interval]))`
	}
	b.row("Traffic by virtual server")
	b.add(lines("Packets from clients", "pps", "For DNS over UDP about the number of questions.",
		ask(perSecond("lvsdns_ipvs_virtual_server_in_packets_total", virtual), virtualLegend)), 8, 8)
	b.add(lines("Packets to clients", "pps", "Replies that pass the director: none with direct routing and tunnels.",
		ask(perSecond("lvsdns_ipvs_virtual_server_out_packets_total", virtual), virtualLegend)), 8, 8)
	b.add(lines("New connections", "cps", "For UDP, flows.",
		ask(perSecond("lvsdns_ipvs_virtual_server_connections_total", virtual), virtualLegend)), 8, 8)
	b.add(lines("Bytes from clients", "Bps", "With IP headers.",
		ask(perSecond("lvsdns_ipvs_virtual_server_in_bytes_total", virtual), virtualLegend)), 8, 8)
	b.add(steps("Real servers in the table", "short", "usable: gets new clients. drained: weight 0. overloaded: at its upper threshold.",
		ask(`lvsdns_ipvs_virtual_server_real_servers{instance=~"$instance",vip=~"$vip"} > 0`, "{{state}}: "+virtualLegend)), 8, 8)
	b.add(lines("Connection table", "short", "Entries now. To the kernel a UDP flow is always inactive.",
		ask(`sum by (instance, state) (lvsdns_ipvs_virtual_server_real_server_connections{instance=~"$instance",vip=~"$vip"})`, "{{state}} on {{instance}}")), 8, 8)

	b.row("Traffic by real server")
	b.add(steps("Weight", "short", "0: no new clients. A curve that ends: taken out of the table.",
		ask(`lvsdns_ipvs_real_server_weight{instance=~"$instance",vip=~"$vip"}`, realLegend)), 8, 8)
	b.add(lines("Packets from clients to each server", "pps", "",
		ask(perSecond("lvsdns_ipvs_real_server_in_packets_total", real), realLegend)), 8, 8)
	b.add(lines("Packets from each server to clients", "pps", "Only with NAT do replies pass the director; else there is nothing here.",
		sparse(ask(perSecond("lvsdns_ipvs_real_server_out_packets_total", real), realLegend))), 8, 8)
	b.add(lines("Connections to each server", "short", "Entries of the connection table now.",
		ask(`lvsdns_ipvs_real_server_connections{instance=~"$instance",vip=~"$vip"}`, "{{state}}: "+realLegend)), 12, 8)
	b.add(lines("Share of packets", "percentunit", "Of each server in its virtual server: uneven shares show persistence, weights, or a scheduler at work.",
		ask(perSecond("lvsdns_ipvs_real_server_in_packets_total", real)+` / on (`+virtual+`) group_left () `+
			`(`+perSecond("lvsdns_ipvs_real_server_in_packets_total", virtual)+` > 0)`, realLegend)), 12, 8)
}

func overviewChecks(b *board) {
	runs := func(by, matchers string) string {
		return `sum by (` + by + `) (rate(lvsdns_check_runs_total{instance=~"$instance"` + matchers + `}[$__rate_interval]))`
	}
	b.row("Checks")
	b.add(states("Check results", "Of the last run.", "passes", "fails", "red",
		ask(`lvsdns_check_success{instance=~"$instance"}`, checkLegend)), 12, 8)
	b.add(lines("Check duration", "s", "Of the last run; a curve that climbs to the deadline is a server at its limit.",
		ask(`lvsdns_check_duration_seconds{instance=~"$instance"}`, checkLegend)), 12, 8)
	b.add(lines("Check outcomes", "ops", "Runs that ended this way, each second.",
		ask(runs("instance, server, outcome", ""), "{{outcome}} {{server}} on {{instance}}")), 8, 8)
	b.add(lines("Check rcodes", "ops", "Of the responses that checks got; with direct routing the only rcodes that the director sees.",
		ask(runs("instance, server, rcode", `,rcode!=""`), "{{rcode}} {{server}} on {{instance}}")), 8, 8)
	b.add(lines("Age of the last run", "s", "A curve that climbs is a check that no longer runs.",
		ask(`time() - lvsdns_check_last_run_timestamp_seconds{instance=~"$instance"}`, checkLegend)), 8, 8)
}

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
		sparse(ask(flows("lvsdns_conntrack_udp_flows")+` and on (instance, vip, vport) (`+flows("lvsdns_conntrack_tracking")+` == 1)`, "{{state}}: {{vip}} {{vport}} on {{instance}}"))), 8, 8)
	b.add(lines("Flows bound to a removed real server", "short", "Their clients get no answer: \"lvsdns flows\" on the director.",
		sparse(ask(flows("lvsdns_conntrack_udp_stale_flows"), "{{vip}} {{vport}} on {{instance}}"))), 8, 8)
	b.add(steps("Do flow counts mean anything?", "short", "tracked: they do. Any other reason: they do not, and that is mostly as it should be.",
		sparse(ask(flows("lvsdns_conntrack_tracking_info"), "{{reason}}: {{vip}} {{vport}} on {{instance}}"))), 8, 8)
}

func overviewSources(b *board) {
	b.row("What the numbers are worth")
	b.add(states("Sources", "What the exporter reads. Of one that is down, metrics are missing.", "up", "down", "red",
		ask(`lvsdns_source_up{instance=~"$instance"}`, "{{source}} {{instance}}")), 12, 8)
	b.add(lines("Time to read a source", "s", "",
		ask(`lvsdns_source_duration_seconds{instance=~"$instance"}`, "{{source}} {{instance}}")), 12, 8)
	b.add(steps("Why a source is down", "short", "absent: not there. permission: a right is missing. timeout: no answer in time.",
		sparse(ask(`lvsdns_source_failure{instance=~"$instance"} == 1`, "{{source}}: {{reason}} on {{instance}}"))), 8, 8)
	b.add(lines("Reports of checks that were not taken", "ops", "malformed, oversize, or refused because there are too many checks.",
		ask(`sum by (instance, result) (rate(lvsdns_check_datagrams_total{instance=~"$instance",result!="accepted"}[$__rate_interval]))`, "{{result}} on {{instance}}")), 8, 8)
	b.add(lines("Series left out", "short", "Because of a limit of the exporter.",
		ask(`lvsdns_exporter_series_dropped{instance=~"$instance"}`, "{{instance}}")), 8, 8)
}
