package dashboards

import "strings"

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
	overviewRealServers(&b)
	overviewChecks(&b)
	overviewDNS(&b)
	overviewConntrack(&b)
	overviewKernel(&b)
	overviewFailover(&b)
	overviewFallback(&b)
	overviewSettings(&b)
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
				Name: "vip", Label: "virtual address", Type: "query",
				Query:      `label_values(lvsdns_ipvs_virtual_server_info{instance=~"$instance"}, vip)`,
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
		now(`count((lvsdns_check_success{instance=~"$instance"} == 0) unless (lvsdns_check_scheduled == 0)) or vector(0)`, "")), 4, 4)

	b.row("Differences between keepalived.conf, keepalived and the kernel")
	b.add(steps("Differences", "short", "By kind. info is nothing to mend now.",
		sparse(ask(
			`sum by (instance, kind, severity) (lvsdns_drift_differences{instance=~"$instance"}) > 0`,
			"{{severity}}: {{kind}} on {{instance}}",
		))), 12,
		8)
	b.add(list("Differences now", `"lvsdns drift" on the director says more, and how to mend each.`, "none", "how many",
		sparse(now(`sum by (severity, kind, `+real+`) (lvsdns_drift{instance=~"$instance"})`, ""))), 12, 8)

	b.row("VRRP")
	b.add(states("Who holds which address", "By the addresses that are on the directors' interfaces.", "holds", "does not", "blue",
		ask(`lvsdns_vrrp_address_held{instance=~"$instance"}`, "{{vip}} ({{name}}) {{instance}}")), 12, 8)
	b.add(states("State of instances and groups", "One bar for each state that there was.", "yes", "no", "transparent",
		ask(
			`max by (instance, kind, name, state) (lvsdns_vrrp_state{instance=~"$instance"}) == 1`,
			"{{kind}} {{name}} {{state}} {{instance}}",
		)), 12,
		8)
}

// perSecond is the rate of a counter, summed by labels.
func perSecond(metric, by string) string {
	return `sum by (` + by + `) (rate(` + metric + `{instance=~"$instance",vip=~"$vip"}[$__rate_interval]))`
}

// ofDirector is the rate of a counter that has no virtual address.
func ofDirector(metric string) string {
	return `rate(` + metric + `{instance=~"$instance"}[$__rate_interval])`
}

func overviewTraffic(b *board) {
	b.row("Traffic of directors")
	b.add(lines("Packets", "pps", "Of all virtual servers, those included that are gone.",
		ask(ofDirector("lvsdns_ipvs_in_packets_total"), "from clients, {{instance}}"),
		ask(ofDirector("lvsdns_ipvs_out_packets_total"), "to clients, {{instance}}")), 8, 8)
	b.add(lines("Bytes", "Bps", "With IP headers.",
		ask(ofDirector("lvsdns_ipvs_in_bytes_total"), "from clients, {{instance}}"),
		ask(ofDirector("lvsdns_ipvs_out_bytes_total"), "to clients, {{instance}}")), 8, 8)
	b.add(lines("New connections of directors", "cps", "For UDP, flows.",
		ask(ofDirector("lvsdns_ipvs_connections_total"), "{{instance}}")), 8, 8)
	b.add(lines("Packets by processor", "pps", "With metrics.per-cpu: one processor that does all the work is a network card with one queue.",
		sparse(ask(
			ofDirector("lvsdns_ipvs_cpu_in_packets_total")+" + "+ofDirector("lvsdns_ipvs_cpu_out_packets_total"),
			"CPU {{cpu}}, {{instance}}",
		))), 8,
		8)
	b.add(lines("Bytes by processor", "Bps", "With metrics.per-cpu.",
		sparse(ask(
			ofDirector("lvsdns_ipvs_cpu_in_bytes_total")+" + "+ofDirector("lvsdns_ipvs_cpu_out_bytes_total"),
			"CPU {{cpu}}, {{instance}}",
		))), 8,
		8)
	b.add(lines("New connections by processor", "cps", "With metrics.per-cpu.",
		sparse(ask(ofDirector("lvsdns_ipvs_cpu_connections_total"), "CPU {{cpu}}, {{instance}}"))), 8, 8)

	b.row("Traffic by virtual server")
	b.add(lines("Packets from clients", "pps", "For DNS over UDP about the number of questions.",
		ask(perSecond("lvsdns_ipvs_virtual_server_in_packets_total", virtual), virtualLegend)), 8, 8)
	b.add(lines("Packets to clients", "pps", "Replies that pass the director: none with direct routing and tunnels.",
		ask(perSecond("lvsdns_ipvs_virtual_server_out_packets_total", virtual), virtualLegend)), 8, 8)
	b.add(lines("New connections", "cps", "For UDP, flows.",
		ask(perSecond("lvsdns_ipvs_virtual_server_connections_total", virtual), virtualLegend)), 8, 8)
	b.add(lines("Bytes from clients", "Bps", "With IP headers.",
		ask(perSecond("lvsdns_ipvs_virtual_server_in_bytes_total", virtual), virtualLegend)), 8, 8)
	b.add(lines("Bytes to clients", "Bps", "With IP headers. None with direct routing and tunnels.",
		ask(perSecond("lvsdns_ipvs_virtual_server_out_bytes_total", virtual), virtualLegend)), 8, 8)
	b.add(steps("Real servers in the table", "short", "usable: gets new clients. drained: weight 0. overloaded: at its upper threshold.",
		ask(`lvsdns_ipvs_virtual_server_real_servers{instance=~"$instance",vip=~"$vip"} > 0`, "{{state}}: "+virtualLegend)), 8, 8)
	b.add(lines("Connection table", "short", "Entries now. To the kernel a UDP flow is always inactive.",
		ask(
			`sum by (instance, state) (lvsdns_ipvs_virtual_server_real_server_connections{instance=~"$instance",vip=~"$vip"})`,
			"{{state}} on {{instance}}",
		)), 8,
		8)
	b.add(lines("Connections for each bucket of the table", "short", "The kernel's table has a fixed number of buckets (module parameter conn_tab_bits): far above 1 each packet costs a search.",
		ask(
			`sum by (instance) (lvsdns_ipvs_virtual_server_real_server_connections{instance=~"$instance",state=~"active|inactive"}) / on (instance) lvsdns_ipvs_connection_table_buckets{instance=~"$instance"}`,
			"{{instance}}",
		)), 8,
		8)
	b.add(steps("Weight of virtual servers", "short", "Sum of the weights of its real servers.",
		ask(`lvsdns_ipvs_virtual_server_weight{instance=~"$instance",vip=~"$vip"}`, virtualLegend)), 8, 8)
}

func overviewRealServers(b *board) {
	const (
		open  = `lvsdns_ipvs_real_server_connections{instance=~"$instance",vip=~"$vip"}`
		limit = `lvsdns_ipvs_real_server_upper_threshold{instance=~"$instance",vip=~"$vip"}`
	)
	b.row("Traffic by real server")
	b.add(steps("Weight", "short", "0: no new clients. A curve that ends: taken out of the table.",
		ask(`lvsdns_ipvs_real_server_weight{instance=~"$instance",vip=~"$vip"}`, realLegend)), 8, 8)
	b.add(lines("Packets from clients to each server", "pps", "",
		ask(perSecond("lvsdns_ipvs_real_server_in_packets_total", real), realLegend)), 8, 8)
	b.add(lines("Packets from each server to clients", "pps", "Only with NAT do replies pass the director; else there is nothing here.",
		sparse(ask(perSecond("lvsdns_ipvs_real_server_out_packets_total", real), realLegend))), 8, 8)
	b.add(lines("Bytes from clients to each server", "Bps", "With IP headers.",
		ask(perSecond("lvsdns_ipvs_real_server_in_bytes_total", real), realLegend)), 8, 8)
	b.add(lines("Bytes from each server to clients", "Bps", "With IP headers. Only with NAT.",
		sparse(ask(perSecond("lvsdns_ipvs_real_server_out_bytes_total", real), realLegend))), 8, 8)
	b.add(lines("New connections to each server", "cps", "For UDP, flows.",
		ask(perSecond("lvsdns_ipvs_real_server_connections_total", real), realLegend)), 8, 8)
	b.add(lines("Connections to each server", "short", "Entries of the connection table now.",
		ask(open, "{{state}}: "+realLegend)), 8, 8)
	b.add(lines("Share of packets", "percentunit", "Of each server in its virtual server: uneven shares show persistence, weights, or a scheduler at work.",
		ask(perSecond("lvsdns_ipvs_real_server_in_packets_total", real)+` / on (`+virtual+`) group_left () `+
			`(`+perSecond("lvsdns_ipvs_real_server_in_packets_total", virtual)+` > 0)`, realLegend)), 8, 8)
	b.add(lines("Share of the upper threshold", "percentunit", "At 100 % a server gets no new clients, until it is below its lower threshold. Only servers that have one.",
		sparse(ask(`sum by (`+real+`) (`+strings.Replace(open, "}", `,state=~"active|inactive"}`, 1)+`) / on (`+real+`) `+limit, realLegend))), 8,
		8)
	b.add(list("Servers at their threshold", "They get no new clients now.", "none", "",
		sparse(now(`sum by (`+real+`) (lvsdns_ipvs_real_server_overloaded{instance=~"$instance",vip=~"$vip"} == 1)`, ""))), 12, 6)
	b.add(list("Thresholds", "Connections below which a server at its upper threshold gets new clients again; if not set, three quarters of the upper one.", "none", "lower threshold",
		sparse(now(`sum by (`+real+`) (lvsdns_ipvs_real_server_lower_threshold{instance=~"$instance",vip=~"$vip"})`, ""))), 12, 6)
}

func overviewChecks(b *board) {
	runs := func(by, matchers string) string {
		return `sum by (` + by + `) (rate(lvsdns_check_runs_total{instance=~"$instance"` + matchers + `}[$__rate_interval]))`
	}
	b.row("Checks")
	b.add(states("Check results", "Of the last run.", "passes", "fails", "red",
		ask(`lvsdns_check_success{instance=~"$instance"}`, checkLegend)), 12, 8)
	b.add(lines("Check latency", "s", "What a client would have waited for the answer of the last run; a gap is a run without an answer.",
		ask(`lvsdns_check_latency_seconds{instance=~"$instance"}`, checkLegend)), 12, 8)
	b.add(lines("Check duration", "s", "Of the last run, with all its tries; a curve that climbs to the deadline is a server at its limit.",
		ask(`lvsdns_check_duration_seconds{instance=~"$instance"}`, checkLegend)), 12, 8)
	b.add(lines("Check weight", "none", "That the last run gave the real server (--weight-by).",
		sparse(ask(`lvsdns_check_weight{instance=~"$instance"}`, checkLegend))), 12, 8)
	b.add(lines("Check outcomes", "ops", "Runs that ended this way, each second.",
		ask(runs("instance, server, outcome", ""), "{{outcome}} {{server}} on {{instance}}")), 8, 8)
	b.add(lines("Check rcodes", "ops", "Of the responses that checks got; with direct routing the only rcodes that the director sees.",
		ask(runs("instance, server, rcode", `,rcode!=""`), "{{rcode}} {{server}} on {{instance}}")), 8, 8)
	b.add(lines("Age of the last run", "s", "A curve that climbs is a check that no longer runs.",
		ask(`time() - lvsdns_check_last_run_timestamp_seconds{instance=~"$instance"}`, checkLegend)), 8, 8)
}

func overviewSettings(b *board) {
	chosen := func(metric string) string { return metric + `{instance=~"$instance"}` }
	ofVIP := func(metric string) string { return metric + `{instance=~"$instance",vip=~"$vip"}` }
	b.row("Settings")
	b.add(list("Exporters", "Their versions.", "none", "", now(chosen("lvsdns_build_info"), "")), 8, 6)
	b.add(
		list(
			"keepalived", "By the rules of which version its configuration is read, and for which director.", "none",
			"", now(chosen("lvsdns_keepalived_info"), ""),
		),
		8, 6,
	)
	b.add(list("IPVS", "The version that the kernel says it has.", "none", "", now(chosen("lvsdns_ipvs_info"), "")), 8, 6)
	b.add(list("Settings of virtual servers", "", "none", "", now(ofVIP("lvsdns_ipvs_virtual_server_info"), "")), 12, 8)
	b.add(list("How real servers are reached", "", "none", "", now(ofVIP("lvsdns_ipvs_real_server_info"), "")), 12, 8)
	b.add(list("Persistence", "For how many seconds a client stays with its real server. Only virtual servers that have it.", "none", "seconds",
		sparse(now(ofVIP("lvsdns_ipvs_virtual_server_persistence_timeout_seconds"), ""))), 8, 8)
	b.add(list("Timeouts of connections", "After how many seconds without a packet a connection is forgotten: for UDP how long a client stays with a server that is gone.", "none", "seconds",
		now(chosen("lvsdns_ipvs_timeout_seconds"), "")), 8, 8)
	b.add(list("Sysctls", "Settings in /proc/sys/net/ipv4/vs.", "none", "value", now(chosen("lvsdns_ipvs_sysctl"), "")), 8, 8)
	b.add(states("Connection synchronisation", "Which daemons run.", "runs", "does not", "transparent",
		ask(chosen("lvsdns_ipvs_sync_daemon_running"), "{{role}} {{instance}}")), 8, 8)
	b.add(
		list(
			"Synchronisation daemons", "0 and empty are the kernel's defaults.", "none", "",
			sparse(now(chosen("lvsdns_ipvs_sync_daemon_info"), "")),
		),
		8, 8,
	)
	b.add(list("VRRP instances", "", "none", "", now(chosen("lvsdns_vrrp_info"), "")), 8, 8)
	b.add(steps("Virtual servers in keepalived.conf", "short", "And those in the kernel, where a group is as many as it has addresses and ports.",
		ask(chosen("lvsdns_keepalived_virtual_servers"), "keepalived.conf, {{instance}}"),
		ask(chosen("lvsdns_ipvs_virtual_servers"), "kernel, {{instance}}")), 12, 8)
	b.add(steps("What keepalived makes of its configuration", "short", "Lines that it skips, replaces or misreads; \"lvsdns drift\" has them.",
		sparse(ask(chosen("lvsdns_keepalived_notes")+" > 0", "{{kind}}, {{instance}}"))), 12, 8)
}

func overviewSources(b *board) {
	b.row("What the numbers are worth")
	b.add(states("Sources", "What the exporter reads. Of one that is down, metrics are missing.", "up", "down", "red",
		ask(`lvsdns_source_up{instance=~"$instance"}`, "{{source}} {{instance}}")), 12, 8)
	b.add(lines("Time to read a source", "s", "",
		ask(`lvsdns_source_duration_seconds{instance=~"$instance"}`, "{{source}} {{instance}}")), 12, 8)
	b.add(steps("Why a source is down", "short", "absent: not there. permission: a right is missing. timeout: no answer in time.",
		sparse(ask(`lvsdns_source_failure{instance=~"$instance"} == 1`, "{{source}}: {{reason}} on {{instance}}"))), 8, 8)
	b.add(lines("Reports of checks that were not taken", "ops", "malformed, oversize, refused because there are too many checks, or of a user whose reports are not taken.",
		ask(
			`sum by (instance, result) (rate(lvsdns_check_datagrams_total{instance=~"$instance",result!="accepted"}[$__rate_interval]))`,
			"{{result}} on {{instance}}",
		)), 8,
		8)
	b.add(lines("Series left out", "short", "Because of a limit of the exporter, or because their labels came twice, which is a bug.",
		ask(`lvsdns_exporter_series_dropped{instance=~"$instance"}`, "dropped, {{instance}}"),
		ask(`lvsdns_exporter_series_limit{instance=~"$instance"}`, "limit, {{instance}}"),
		ask(`lvsdns_exporter_duplicates_dropped{instance=~"$instance"}`, "subjects that came twice, {{instance}}")), 8, 8)
	b.add(steps("Checks that are remembered", "short", "At the limit reports of new checks are refused.",
		ask(`lvsdns_check_known{instance=~"$instance"}`, "known, {{instance}}"),
		ask(`lvsdns_check_limit{instance=~"$instance"}`, "limit, {{instance}}")), 12, 8)
	b.add(lines("The table changed while it was read", "ops", "Virtual servers that went away meanwhile, and entries that the kernel listed twice.",
		ask(ofDirector("lvsdns_ipvs_gone_total"), "gone, {{instance}}"),
		ask(ofDirector("lvsdns_ipvs_duplicates_total"), "listed twice, {{instance}}")), 12, 8)
}
