package dashboards

// The labels of a virtual server in DNS traffic, which knows no protocol and no firewall mark.
const (
	dnsVirtual = "instance, vip, vport"
	dnsLegend  = "{{vip}} {{vport}} on {{instance}}"
)

// dnsRate is the rate of a counter of DNS traffic by these labels and the virtual server, those that stand still left out.
func dnsRate(metric, by string) string {
	if by != "" {
		by += ", "
	}
	return perSecond(metric, by+dnsVirtual) + ` > 0`
}

// quantile is the value below which a share of a histogram lies.
func quantile(share, metric, by string) string {
	return `histogram_quantile(` + share + `, ` + perSecond(metric+"_bucket", by+`le, `+dnsVirtual) + `)`
}

func overviewDNS(b *board) {
	ofVIP := func(metric string) string { return metric + `{instance=~"$instance",vip=~"$vip"}` }
	b.row("DNS traffic, from packets (dns.capture)")
	b.add(lines("Share of UDP", "percentunit", "Of the queries, over five minutes; the rest is TCP. A step: clients are sent to TCP, or one of the two is lost.",
		ask(ofVIP("vip:lvsdns_dns_queries_udp:ratio_rate5m"), dnsLegend)), 8, 8)
	b.add(lines("Queries", "qps", "By transport and family of addresses. With direct routing the director and its real servers each show their own view of the same queries.",
		ask(dnsRate("lvsdns_dns_queries_total", "transport, family"), "{{transport}} {{family}}: "+dnsLegend)), 8, 8)
	b.add(lines("Responses by rcode", "ops", "With direct routing and tunnels they pass the real servers only: run an exporter there.",
		ask(dnsRate("lvsdns_dns_responses_total", "rcode"), "{{rcode}}: "+dnsLegend)), 8, 8)
	b.add(lines("Shares of SERVFAIL and of truncated responses", "percentunit", "Over five minutes; truncated is of those over UDP.",
		ask(ofVIP("vip:lvsdns_dns_responses_servfail:ratio_rate5m"), "SERVFAIL: "+dnsLegend),
		ask(ofVIP("vip:lvsdns_dns_responses_truncated:ratio_rate5m"), "truncated: "+dnsLegend)), 8, 8)
	b.add(lines("Size of responses", "bytes", "Half are smaller than the median. Above 1232 over UDP fragments come near.",
		ask(quantile("0.5", "lvsdns_dns_response_size_bytes", "transport, "), "median {{transport}}: "+dnsLegend),
		ask(quantile("0.99", "lvsdns_dns_response_size_bytes", "transport, "), "99 % {{transport}}: "+dnsLegend)), 8, 8)
	b.add(lines("Time to respond", "s", "From the query to the response, as they pass the host.",
		ask(quantile("0.5", "lvsdns_dns_response_latency_seconds", "transport, "), "median {{transport}}: "+dnsLegend),
		ask(quantile("0.99", "lvsdns_dns_response_latency_seconds", "transport, "), "99 % {{transport}}: "+dnsLegend)), 8, 8)
	b.add(lines("Queries by type", "qps", "",
		ask(dnsRate("lvsdns_dns_queries_by_type_total", "qtype"), "{{qtype}}: "+dnsLegend)), 8, 8)
	b.add(lines("Queries to each real server", "qps", "As a director forwards them.",
		ask(
			perSecond("lvsdns_dns_rs_queries_total", "instance, vip, vport, rip, rport, transport")+" > 0",
			"{{transport}} {{rip}} for "+dnsLegend,
		)), 8,
		8)
	b.add(lines("Queries without a response, and responses without a query", "ops", "unanswered: none within 5 s. retransmit: the client asks again. orphan: to no query that was seen. evicted: too many wait to tell. wrong source: clients drop them.",
		sparse(ask(dnsRate("lvsdns_dns_unanswered_queries_total", ""), "unanswered: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_client_retries_total", "kind"), "{{kind}}: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_orphan_responses_total", ""), "orphan: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_match_table_evictions_total", ""), "evicted: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_response_source_mismatch_total", ""), "wrong source: "+dnsLegend))), 8, 8)
	overviewMessages(b)
	overviewTransport(b)
	overviewCapture(b)
	overviewDnstap(b)
}

func overviewMessages(b *board) {
	b.add(lines("EDNS of queries", "qps", "By version; with a client subnet or a cookie.",
		ask(dnsRate("lvsdns_dns_query_edns_total", "edns"), "{{edns}}: "+dnsLegend),
		sparse(ask(dnsRate("lvsdns_dns_query_ecs_total", ""), "client subnet: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_query_cookie_total", ""), "cookie: "+dnsLegend))), 8, 8)
	b.add(lines("Size that clients take", "bytes", "As their queries say. What is larger is truncated.",
		sparse(ask(quantile("0.1", "lvsdns_dns_query_edns_udp_size_bytes", ""), "10 %: "+dnsLegend)),
		sparse(ask(quantile("0.5", "lvsdns_dns_query_edns_udp_size_bytes", ""), "median: "+dnsLegend))), 8, 8)
	b.add(lines("Flags of queries and opcodes", "qps", "All but the opcode query, which nearly every message has.",
		sparse(ask(dnsRate("lvsdns_dns_query_flags_total", "flag"), "{{flag}}: "+dnsLegend)),
		sparse(ask(
			`sum by (opcode, `+dnsVirtual+`) (rate(lvsdns_dns_queries_by_opcode_total{instance=~"$instance",vip=~"$vip",opcode!="query"}[$__rate_interval])) > 0`,
			"opcode {{opcode}}: "+dnsLegend,
		))), 8,
		8)
	b.add(lines("Kinds of responses", "ops", "Flags; nodata: there is the name, and nothing of this type. truncated: by family, over UDP.",
		sparse(ask(dnsRate("lvsdns_dns_response_flags_total", "flag"), "{{flag}}: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_responses_nodata_total", ""), "nodata: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_responses_truncated_total", "family"), "truncated {{family}}: "+dnsLegend))), 8, 8)
	b.add(lines("Extended errors", "ops", "Why a server could not answer, if it says so (RFC 8914).",
		sparse(ask(dnsRate("lvsdns_dns_extended_error_total", "ede"), "{{ede}}: "+dnsLegend))), 8, 8)
	b.add(lines("Malformed messages", "ops", "A few are noise of the internet; many are an attack or a broken client.",
		sparse(ask(dnsRate("lvsdns_dns_malformed_total", "reason"), "{{reason}}: "+dnsLegend))), 8, 8)
}

func overviewTransport(b *board) {
	b.row("DNS traffic: TCP, fragments, ICMP")
	b.add(lines("TCP connections", "cps", "reset: ended by a reset. desync: packets were missing, so that messages may not be counted. transfer: messages of zone transfers after the first.",
		ask(dnsRate("lvsdns_dns_tcp_connections_total", ""), "new: "+dnsLegend),
		sparse(ask(dnsRate("lvsdns_dns_tcp_resets_total", ""), "reset: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_tcp_desync_total", ""), "desync: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_tcp_transfer_messages_total", ""), "transfer: "+dnsLegend))), 8, 8)
	b.add(lines("Queries of a TCP connection", "short", "Of those that ended.",
		sparse(ask(quantile("0.5", "lvsdns_dns_tcp_queries_per_connection", ""), "median: "+dnsLegend)),
		sparse(ask(quantile("0.99", "lvsdns_dns_tcp_queries_per_connection", ""), "99 %: "+dnsLegend))), 8, 8)
	b.add(lines("Fragments", "pps", "messages: that came in several. unattributed: the first one was not seen. outer: of a tunnel's packet.",
		sparse(ask(dnsRate("lvsdns_dns_fragmented_messages_total", "direction, family"), "messages {{direction}} {{family}}: "+dnsLegend)),
		sparse(ask(dnsRate("lvsdns_dns_fragments_total", "position, direction"), "{{position}} {{direction}}: "+dnsLegend))), 8, 8)
	b.add(lines("ICMP errors", "pps", "About DNS packets. reasm_timeout: a host did not get all fragments. frag_needed, packet_too_big: too large for the way. port_unreachable sent: nobody listens; received: clients that do not wait.",
		sparse(ask(dnsRate("lvsdns_dns_icmp_feedback_total", "kind, direction"), "{{kind}} {{direction}}: "+dnsLegend))), 8, 8)
	b.add(lines("Datagrams that a name server did not take", "pps", "Lost because the socket's buffer was full. On real servers, and on directors for what they serve themselves.",
		sparse(ask(
			`sum by (instance, address, port) (rate(lvsdns_dns_socket_drops_total{instance=~"$instance"}[$__rate_interval])) > 0`,
			"{{address}} {{port}} on {{instance}}",
		))), 8,
		8)
}

func overviewCapture(b *board) {
	here := func(metric string) string { return metric + `{instance=~"$instance"}` }
	ofVIP := func(metric string) string { return metric + `{instance=~"$instance",vip=~"$vip"}` }
	b.row("DNS: what these numbers are worth")
	b.add(lines("Coverage", "percentunit", "Packets seen for each one that IPVS counts, or nftables on a real server. Below 99 %: do not believe the rest.",
		ask(ofVIP("lvsdns_capture_coverage_ratio"), dnsLegend)), 8, 8)
	b.add(lines("Packets seen", "pps", "Of those that IPVS counts.",
		ask(dnsRate("lvsdns_capture_seen_packets_total", "transport"), "{{transport}}: "+dnsLegend)), 8, 8)
	b.add(lines("Packets counted by nftables", "pps", "With dns.nftables, each packet: by virtual server, transport and direction.",
		sparse(ask(dnsRate("lvsdns_nftables_packets_total", "transport, direction"), "{{transport}} {{direction}}: "+dnsLegend))), 8, 8)
	b.add(lines("Bytes counted by nftables", "Bps", "With dns.nftables; with IP headers.",
		sparse(ask(dnsRate("lvsdns_nftables_bytes_total", "transport, direction"), "{{transport}} {{direction}}: "+dnsLegend))), 8, 8)
	b.add(list("Why something may not be seen", "docs/dns.md has each reason. dr_no_response is no fault: the real servers know.", "nothing", "",
		sparse(now(`max by (instance, reason) (`+here("lvsdns_capture_invisible_reason")+` == 1)`, ""))), 8, 8)
	b.add(lines("Drops of the capture", "pps", "Packets that found no room in the ring, and times that it was full. truncated: longer than what is captured.",
		ask(ofDirector("lvsdns_capture_drops_total"), "dropped, {{interface}} on {{instance}}"),
		sparse(ask(ofDirector("lvsdns_capture_ring_freezes_total")+" > 0", "full, {{interface}} on {{instance}}")),
		sparse(ask(ofDirector("lvsdns_capture_truncated_total")+" > 0", "truncated, {{interface}} on {{instance}}"))), 8, 8)
	b.add(lines("Packets captured", "pps", "As the filter lets through. ignored: captured and not counted.",
		ask(ofDirector("lvsdns_capture_packets_total"), "{{interface}} on {{instance}}"),
		sparse(ask(ofDirector("lvsdns_capture_ignored_packets_total")+" > 0", "ignored: {{reason}} on {{instance}}"))), 8, 8)
	b.add(steps("Sampling", "percentunit", "Share of the exchanges that is looked at. Below 100 % the counters are estimates.",
		ask(here("lvsdns_capture_sampling_ratio"), "{{instance}}")), 8, 8)
	b.add(states("Cards listened on", "A card that is not listened on is in the log.", "yes", "no", "red",
		ask(here("lvsdns_capture_listening"), "{{interface}} on {{instance}}")), 8, 8)
	b.add(states("Taken for", "A director or a real server; dns.role says it if it is wrong here.", "yes", "no", "transparent",
		ask(here("lvsdns_capture_role"), "{{role}}: {{instance}}")), 8, 8)
	b.add(lines("Tables that are full", "ops", "What had to make room in a table of fixed size.",
		sparse(ask(ofDirector("lvsdns_capture_table_evictions_total")+" > 0", "{{table}} on {{instance}}"))), 8, 8)
}

func overviewDnstap(b *board) {
	b.row("DNS traffic that name servers tell of (dns.dnstap)")
	b.add(lines("Told", "percentunit", "Queries over UDP that name servers told of for each datagram that nftables counts, or else the capture. Below 99 %: they drop what they tell.",
		sparse(ask(`lvsdns_dnstap_coverage_ratio{instance=~"$instance",vip=~"$vip"}`, dnsLegend))), 8, 8)
	b.add(lines("Messages by what they came by", "ops", "dot, doh and doq are encrypted: no capture sees them.",
		sparse(ask(ofDirector("lvsdns_dnstap_messages_total")+" > 0", "{{protocol}} on {{instance}}"))), 8, 8)
	b.add(lines("Frames", "ops", "ignored: not counted.",
		sparse(ask(ofDirector("lvsdns_dnstap_frames_total"), "frames on {{instance}}")),
		sparse(ask(ofDirector("lvsdns_dnstap_ignored_frames_total")+" > 0", "ignored: {{reason}} on {{instance}}"))), 8, 8)
	b.add(lines("Name servers connected", "short", "Some have several connections.",
		sparse(ask(`lvsdns_dnstap_connections{instance=~"$instance"}`, "{{instance}}"))), 8, 8)
	b.add(lines("New connections of name servers", "ops", "broken: no dnstap, a frame too large, silence in the middle of one. refused: too many. evicted: it made room for another.",
		sparse(ask(ofDirector("lvsdns_dnstap_connections_total")+" > 0", "{{result}} on {{instance}}"))), 8, 8)
}
