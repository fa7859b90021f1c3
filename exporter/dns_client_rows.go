package exporter

import "github.com/lvsdns/lvsdns/internal/dnscount"

// dnsClientRows are what clients do about the responses that they got or missed. They are there where responses go past
// this host, too, and say nothing of any rcode.
func dnsClientRows() []row[dnsService] {
	return []row[dnsService]{
		counterSeriesRow("lvsdns_dns_client_retries_total",
			"Queries over UDP whose client asked the same within 5 s: retransmit has the same ID and port, requery another one while the first had no response that this host could see. Inferred from queries: two clients behind one address look like one that asks again.",
			[]string{"kind"}, func(s dnsService, emit emit) {
				emit(float64(s.Counts.Retransmits), "retransmit")
				emit(float64(s.Counts.Requeries), "requery")
			}),
		counterRow("lvsdns_dns_tcp_fallback_total", "Queries over TCP whose client asked the same over UDP within 3 s before. Inferred from queries: most follow a truncated response, which itself is not counted here.",
			func(s dnsService) float64 { return float64(s.Counts.Fallbacks) }),
		counterRow("lvsdns_dns_edns_downgrade_total", "Queries over UDP whose client asked the same within 5 s before with EDNS, a larger size or DO. Inferred from queries: a sign that responses get lost on the way or are refused.",
			func(s dnsService) float64 { return float64(s.Counts.Downgrades) }),
		// Where responses are seen their sizes are known.
		only(func(s dnsService) bool { return s.Bypassed },
			counterRow("lvsdns_dns_tcp_acked_bytes_total", "Bytes of responses over TCP that clients acknowledged, with the two bytes of length before each response. Only where responses bypass this host.",
				func(s dnsService) float64 { return float64(s.Counts.AckedBytes) })),
		only(func(s dnsService) bool { return s.Bypassed },
			histogramRow("lvsdns_dns_tcp_acked_answer_size_bytes", "Size of responses over TCP, by the clients' acknowledgements, to queries that came one at a time on their connection. Only where responses bypass this host.", nil,
				func(s dnsService, emit emitSpread) {
					emit(spreadOf(&s.Counts.AckedSize, dnscount.ResponseSizes[:], 1))
				})),
	}
}
