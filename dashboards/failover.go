package dashboards

func overviewFailover(b *board) {
	here := func(metric string) string { return metric + `{instance=~"$instance"}` }
	b.row("Failover: what lvsdns-notify has noted")
	b.add(lines("Changes of VRRP state", "short", "In five minutes. Many of them: the directors do not agree who is master.",
		sparse(ask(`increase(`+here("lvsdns_vrrp_transitions_total")+`[5m]) > 0`, "{{name}} {{state}} on {{instance}}"))), 12, 8)
	b.add(states("Owner of the addresses", "Does keepalived's last word on who is master fit the addresses that this host holds?", "yes", "no", "red",
		sparse(ask(`1 - `+here("lvsdns_vrrp_owner_mismatch"), "{{name}} on {{instance}}"))), 12, 8)
	b.add(states("Services on one director", "Are HAProxy and the director active where the addresses are, and only there?", "together", "split", "red",
		sparse(ask(here("lvsdns_notify_agrees"), "{{name}} on {{instance}}"))), 12, 8)
	b.add(states("Actions", "How each action of the hook went the last time.", "done", "failed", "red",
		sparse(ask(here("lvsdns_notify_action_success"), "{{name}}: {{action}} on {{instance}}"))), 12, 8)
}
