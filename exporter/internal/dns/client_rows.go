package dns

import (
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// clientRows are what clients do about the responses that they got or missed. They are there where responses go past
// this host, too, and say nothing of any rcode.
func clientRows() []metric.Row[service] {
	return []metric.Row[service]{
		metric.CounterSeries("lvsdns_dns_client_retries_total",
			"Queries over UDP whose client asked the same within 5 s: retransmit has the same ID and port, requery another one while the first had no response that this host could see. Inferred from queries: two clients behind one address look like one that asks again.",
			[]string{"kind"}, func(s service, emit metric.Emit) {
				emit(float64(s.Counts.Retransmits), "retransmit")
				emit(float64(s.Counts.Requeries), "requery")
			}),
		metric.Counter("lvsdns_dns_tcp_fallback_total", "Queries over TCP whose client asked the same over UDP within 3 s before. Inferred from queries: most follow a truncated response, which itself is not counted here.",
			func(s service) float64 { return float64(s.Counts.Fallbacks) }),
		metric.Counter("lvsdns_dns_edns_downgrade_total", "Queries over UDP whose client asked the same within 5 s before with EDNS, a larger size or DO. Inferred from queries: a sign that responses get lost on the way or are refused.",
			func(s service) float64 { return float64(s.Counts.Downgrades) }),
		// Where responses are seen their sizes are known.
		metric.Only(func(s service) bool { return s.Bypassed },
			metric.Counter("lvsdns_dns_tcp_acked_bytes_total", "Bytes of responses over TCP that clients acknowledged, with the two bytes of length before each response. Only where responses bypass this host.",
				func(s service) float64 { return float64(s.Counts.AckedBytes) })),
		metric.Only(func(s service) bool { return s.Bypassed },
			metric.Histogram("lvsdns_dns_tcp_acked_answer_size_bytes", "Size of responses over TCP, by the clients' acknowledgements, to queries that came one at a time on their connection. Only where responses bypass this host.", nil,
				func(s service, emit metric.EmitSpread) {
					emit(spreadOf(&s.Counts.AckedSize, dnscount.ResponseSizes[:], 1))
				})),
	}
}
