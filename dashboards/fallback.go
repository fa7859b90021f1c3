package dashboards

func overviewFallback(b *board) {
	here := func(metric, more string) string { return metric + `{instance=~"$instance"` + more + `}` }
	b.row("Fallback: what lvsdns-fallback does")
	b.add(states("lvsdns-fallback", "What it does; nothing here where it is not used.", "yes", "no", "red",
		sparse(ask(`max by (instance, state) (`+here("lvsdns_fallback_state", "")+`) > 0`, "{{state}} on {{instance}}"))), 8, 8)
	b.add(lines("Writes and errors of lvsdns-fallback", "short", "In five minutes. Writes without an end: something undoes them.",
		sparse(ask(`increase(`+here("lvsdns_fallback_writes_total", "")+`[5m]) > 0`, "writes on {{instance}}")),
		sparse(ask(`increase(`+here("lvsdns_fallback_errors_total", "")+`[5m]) > 0`, "errors on {{instance}}"))), 8, 8)
	b.add(lines("Real servers of lvsdns-fallback", "short", "By what its checks say.",
		sparse(ask(here("lvsdns_fallback_real_servers", ""), "{{state}} on {{instance}}"))), 8, 8)
}
