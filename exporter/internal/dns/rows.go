package dns

import (
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// service is a virtual server's DNS traffic.
type service struct {
	*dnscount.ServiceReport
	coverage float64 // negative: not known
	role     dnscount.Role
	told     bool // by name servers, who know of messages and not of packets
	packets  bool // its messages are told by name servers: only the packets are to be shown
}

// vipLabels are the values of vip and vport; "other" is all virtual servers above dnscount.MaxServices.
func vipLabels(at netip.AddrPort) []string {
	if !at.IsValid() {
		return []string{"other", ""}
	}
	return []string{at.Addr().String(), metric.Decimal(at.Port())}
}

// by emits a value for each name of a table.
func by(names []string, counts []uint64, emit metric.Emit) {
	for i, n := range names {
		emit(float64(counts[i]), n)
	}
}

func spreadOf(h *dnscount.Histogram, bounds []uint64, unit float64) metric.Spread {
	s := metric.Spread{Counts: h.Buckets[:len(bounds)+1], Sum: float64(h.Sum) * unit}
	for _, b := range bounds {
		s.Bounds = append(s.Bounds, float64(b)*unit)
	}
	return s
}

func serviceTable() metric.Table[service] {
	return metric.Table[service]{
		Bounded: true,
		Subject: "the DNS traffic of a virtual server, from packets (dns.capture) or name servers (dns.dnstap)",
		Labels:  []string{"vip", "vport"},
		Values:  func(s service) []string { return vipLabels(s.At) },
		Rows: slices.Concat(
			when(func(s service) bool { return !s.packets }, queryRows(), clientRows(), responseRows(), []metric.Row[service]{malformedRow()}),
			when(func(s service) bool { return !s.told }, packetRows()),
		),
	}
}

// when is rows of those subjects for which a condition holds.
func when[T any](holds func(T) bool, rows ...[]metric.Row[T]) (all []metric.Row[T]) {
	for _, r := range slices.Concat(rows...) {
		all = append(all, metric.Only(holds, r))
	}
	return all
}

func queryRows() []metric.Row[service] {
	return []metric.Row[service]{
		metric.CounterSeries("lvsdns_dns_queries_total", "Queries by transport and family of addresses.", []string{"transport", "family"},
			func(s service, emit metric.Emit) {
				for t, transport := range dnscount.Transports {
					for f, family := range dnscount.Families {
						emit(float64(s.Counts.Queries[t][f]), transport, family)
					}
				}
			}),
		metric.CounterSeries("lvsdns_dns_queries_by_type_total", "Queries by the type that is asked for; queries without a question are other.", []string{"qtype"},
			func(s service, emit metric.Emit) { by(dnscount.Types[:], s.Counts.ByType[:], emit) }),
		metric.CounterSeries("lvsdns_dns_queries_by_opcode_total", "Queries by opcode.", []string{"opcode"},
			func(s service, emit metric.Emit) { by(dnscount.Opcodes[:], s.Counts.ByOpcode[:], emit) }),
		metric.CounterSeries("lvsdns_dns_query_flags_total", "Queries that have a flag: rd, cd, ad of the header, do of EDNS.", []string{"flag"},
			func(s service, emit metric.Emit) { by(dnscount.QueryFlags[:], s.Counts.QueryFlags[:], emit) }),
		metric.CounterSeries("lvsdns_dns_query_edns_total", "Queries by version of EDNS: none, v0, other.", []string{"edns"},
			func(s service, emit metric.Emit) { by(dnscount.EDNSVersions[:], s.Counts.EDNS[:], emit) }),
		metric.Histogram("lvsdns_dns_query_edns_udp_size_bytes", "The largest UDP response that clients say they accept, of queries with EDNS.", nil,
			func(s service, emit metric.EmitSpread) {
				emit(spreadOf(&s.Counts.EDNSSize, dnscount.EDNSSizes[:], 1))
			}),
		metric.Counter("lvsdns_dns_query_ecs_total", "Queries with a client subnet (RFC 7871).", func(s service) float64 { return float64(s.Counts.Subnets) }),
		metric.Counter("lvsdns_dns_query_cookie_total", "Queries with a cookie (RFC 7873).", func(s service) float64 { return float64(s.Counts.Cookies) }),
	}
}

// responseRows are absent where responses go past this host: 0 would be untrue.
func responseRows() []metric.Row[service] {
	rows := []metric.Row[service]{
		metric.CounterSeries("lvsdns_dns_responses_total", "Responses by transport and rcode, the extended ones of EDNS included.", []string{"transport", "rcode"},
			func(s service, emit metric.Emit) {
				for t, transport := range dnscount.Transports {
					for i, rcode := range dnscount.Rcodes {
						emit(float64(s.Counts.Responses[t][i]), transport, rcode)
					}
				}
			}),
		metric.Counter("lvsdns_dns_responses_nodata_total", "Responses that say that the name exists and has no record of this type (NODATA).", func(s service) float64 { return float64(s.Counts.NoData) }),
		metric.CounterSeries("lvsdns_dns_response_flags_total", "Responses that have a flag of the header: aa, tc, ra, ad.", []string{"flag"},
			func(s service, emit metric.Emit) { by(dnscount.ResponseFlags[:], s.Counts.ResponseFlags[:], emit) }),
		metric.CounterSeries("lvsdns_dns_responses_truncated_total", "Responses with TC: the client must ask again over TCP.", []string{"family"},
			func(s service, emit metric.Emit) { by(dnscount.Families[:], s.Counts.Truncated[:], emit) }),
		metric.Histogram("lvsdns_dns_response_size_bytes", "Size of responses, without the headers of UDP and IP.", []string{"transport"},
			func(s service, emit metric.EmitSpread) {
				for t, transport := range dnscount.Transports {
					emit(spreadOf(&s.Counts.ResponseSize[t], dnscount.ResponseSizes[:], 1), transport)
				}
			}),
		metric.Histogram("lvsdns_dns_response_latency_seconds", "Time from a query to its response, as they pass this host.", []string{"transport"},
			func(s service, emit metric.EmitSpread) {
				for t, transport := range dnscount.Transports {
					emit(spreadOf(&s.Counts.Latency[t], dnscount.Latencies[:], 1e-9), transport)
				}
			}),
		metric.Counter("lvsdns_dns_unanswered_queries_total", "Queries without a response within 5 s.", func(s service) float64 { return float64(s.Counts.Unanswered) }),
		metric.Counter("lvsdns_dns_orphan_responses_total", "Responses whose query was not seen, or had its response already.", func(s service) float64 { return float64(s.Counts.Orphans) }),
		metric.Counter("lvsdns_dns_match_table_evictions_total", "Queries and responses that could not be matched because too many were waiting.", func(s service) float64 { return float64(s.Counts.EvictedMatches) }),
		metric.CounterSeries("lvsdns_dns_extended_error_total", "Responses with an extended error (RFC 8914).", []string{"ede"},
			func(s service, emit metric.Emit) {
				by(dnscount.ExtendedErrors[:], s.Counts.ExtendedErrors[:], emit)
			}),
		metric.Counter("lvsdns_dns_tcp_transfer_messages_total", "Messages of zone transfers after the first of each, which is a response.", func(s service) float64 { return float64(s.Counts.Transfers) }),
	}
	return when(func(s service) bool { return !s.Bypassed }, rows)
}

func malformedRow() metric.Row[service] {
	return metric.CounterSeries("lvsdns_dns_malformed_total", "Malformed messages: short (no header), label, end (it ends too early), option, direction (a response to the virtual server or a query from it), length (UDP and IP disagree).",
		[]string{"reason"}, func(s service, emit metric.Emit) {
			by(dnscount.Defects[1:], s.Counts.Malformed[1:], emit)
		})
}

func packetRows() []metric.Row[service] {
	return []metric.Row[service]{
		// A name server does not tell from which address its answer left.
		metric.Only(func(s service) bool { return s.role == dnscount.RealServer },
			metric.Counter("lvsdns_dns_response_source_mismatch_total", "Responses of this real server from another address than was asked. Clients drop them: let the name server listen on the VIP itself. Absent on a director and with dns.dnstap alone.",
				func(s service) float64 { return float64(s.Counts.WrongSource) })),
		metric.Counter("lvsdns_dns_tcp_connections_total", "TCP connections that clients began.", func(s service) float64 { return float64(s.Counts.Connections) }),
		metric.Counter("lvsdns_dns_tcp_resets_total", "TCP connections that ended by a reset.", func(s service) float64 { return float64(s.Counts.Resets) }),
		metric.Histogram("lvsdns_dns_tcp_queries_per_connection", "Queries of a TCP connection, once it is over.", nil,
			func(s service, emit metric.EmitSpread) {
				emit(spreadOf(&s.Counts.PerConnection, dnscount.ConnectionQuestions[:], 1))
			}),
		metric.Counter("lvsdns_dns_tcp_desync_total", "Times that packets were missing and messages of a TCP connection may not be counted.", func(s service) float64 { return float64(s.Counts.Desyncs) }),
		metric.CounterSeries("lvsdns_dns_fragmented_messages_total", "DNS messages over UDP that came in several IP fragments.", []string{"direction", "family"},
			func(s service, emit metric.Emit) {
				for d, direction := range dnscount.Directions {
					for f, family := range dnscount.Families {
						emit(float64(s.Counts.Fragmented[d][f]), direction, family)
					}
				}
			}),
		metric.CounterSeries("lvsdns_dns_fragments_total", "IP fragments: first (with ports), later, unattributed (the first one was not seen), outer (of a tunnel's packet).", []string{"position", "direction"},
			func(s service, emit metric.Emit) {
				for p, position := range dnscount.Positions {
					for d, direction := range dnscount.Directions {
						emit(float64(s.Counts.Fragments[p][d]), position, direction)
					}
				}
			}),
		metric.CounterSeries("lvsdns_dns_icmp_feedback_total", "ICMP errors about the DNS packets of a virtual server: received by it, or sent by it or by IPVS in its name.", []string{"kind", "direction"},
			func(s service, emit metric.Emit) {
				for k, kind := range dnscount.Feedbacks {
					for d, direction := range dnscount.FeedbackDirections {
						emit(float64(s.Counts.Feedback[k][d]), kind, direction)
					}
				}
			}),
		metric.CounterSeries("lvsdns_capture_seen_packets_total", "Packets that IPVS counts as incoming, as the capture saw them.", []string{"transport"},
			func(s service, emit metric.Emit) { by(dnscount.Transports[:], s.Counts.Seen[:], emit) }),
		metric.Only(func(s service) bool { return s.coverage >= 0 },
			metric.Gauge("lvsdns_capture_coverage_ratio", "Packets seen by the capture for each one that IPVS counted, or nftables on a real server, over one to two minutes; absent with fewer than 100 packets. Far from 1: do not believe the other numbers.",
				func(s service) float64 { return s.coverage })),
	}
}

// server is what a real server got of a virtual server's queries.
type server struct {
	dnscount.ServerReport
	service netip.AddrPort
}

func serverTable() metric.Table[server] {
	return metric.Table[server]{
		Bounded: true,
		Subject: "the queries that a director forwards to a real server",
		Labels:  []string{"vip", "vport", "rip", "rport"},
		Values:  func(s server) []string { return append(vipLabels(s.service), vipLabels(s.At)...) },
		Rows: []metric.Row[server]{
			metric.CounterSeries("lvsdns_dns_rs_queries_total", "Queries forwarded to a real server, told by its MAC, its tunnel or its address.", []string{"transport"},
				func(s server, emit metric.Emit) { by(dnscount.Transports[:], s.Queries[:], emit) }),
		},
	}
}

func captureLinkTable() metric.Table[capture.LinkReport] {
	return metric.Table[capture.LinkReport]{
		Subject: "a network card that is listened on",
		Labels:  []string{"interface", "backend"},
		Values:  func(l capture.LinkReport) []string { return []string{l.Name, "af_packet"} },
		Rows: []metric.Row[capture.LinkReport]{
			metric.Gauge("lvsdns_capture_listening", "1 if the card is listened on.", func(l capture.LinkReport) float64 { return metric.Truth(l.Listening) }),
			metric.Counter("lvsdns_capture_packets_total", "Packets that the filter let through, those included that were dropped.", func(l capture.LinkReport) float64 { return float64(l.Packets) }),
			metric.Counter("lvsdns_capture_drops_total", "Packets that found no room in the ring and are not counted.", func(l capture.LinkReport) float64 { return float64(l.Drops) }),
			metric.Counter("lvsdns_capture_ring_freezes_total", "Times that the ring was full.", func(l capture.LinkReport) float64 { return float64(l.Freezes) }),
			metric.Counter("lvsdns_capture_truncated_total", "Packets that were longer than what was captured of them.", func(l capture.LinkReport) float64 { return float64(l.Truncated) }),
		},
	}
}

func captureTable() metric.Table[*TrafficView] {
	return metric.One("the capture",
		metric.Series("lvsdns_capture_role", "1 for what this host is taken for.", []string{"role"}, func(v *TrafficView, emit metric.Emit) {
			for _, r := range []dnscount.Role{dnscount.Director, dnscount.RealServer} {
				emit(metric.Truth(v.Role == r), r.String())
			}
		}),
		metric.Gauge("lvsdns_capture_sampling_ratio", "Share of the exchanges that is looked at. Counters of DNS are scaled up to all exchanges; fragments and ICMP errors are all counted.",
			func(v *TrafficView) float64 { return 1 / float64(v.Sample) }),
		metric.Series("lvsdns_capture_invisible_reason", "1 for a reason why DNS traffic may not be seen: see docs/dns.md.", []string{"reason"},
			func(v *TrafficView, emit metric.Emit) {
				for _, r := range capture.Reasons() {
					seen := false
					for _, b := range v.Blind {
						seen = seen || b == r
					}
					emit(metric.Truth(seen), string(r))
				}
			}),
		metric.CounterSeries("lvsdns_capture_table_evictions_total", "Entries that had to make room for others in a table of fixed size.", []string{"table"},
			func(v *TrafficView, emit metric.Emit) {
				emit(float64(v.Totals.MatchEvictions), "queries")
				emit(float64(v.Totals.FlowEvictions), "connections")
				emit(float64(v.Totals.FragmentEvictions), "fragments")
				emit(float64(v.Totals.RepeatEvictions), "questions")
			}),
		metric.CounterSeries("lvsdns_capture_ignored_packets_total", "Captured packets that were not counted: undecodable, unwanted (of no virtual server, or a check of this host), unsampled, unforwarded (to a real server that cannot be told).",
			[]string{"reason"}, func(v *TrafficView, emit metric.Emit) {
				emit(float64(v.Totals.Undecodable), "undecodable")
				emit(float64(v.Totals.Unwanted), "unwanted")
				emit(float64(v.Totals.Unsampled), "unsampled")
				emit(float64(v.Totals.Unforwarded), "unforwarded")
			}),
	)
}
