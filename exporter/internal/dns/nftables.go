package dns

import (
	"context"
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

// ShareRules shares what the rules of nftables have counted; nil if nobody reads them.
func ShareRules(t source.Times, read func() ([]nftcount.Counter, error)) *source.Shared[[]nftcount.Counter] {
	if read == nil {
		return nil
	}
	return source.Share(t, func(context.Context) (*[]nftcount.Counter, error) {
		all, err := read()
		if err != nil {
			return nil, err
		}
		return &all, nil
	})
}

// RulesSource is the source of the counters of nftables.
func RulesSource(rules *source.Shared[[]nftcount.Counter]) source.Source {
	return source.New("nftables", rules, metric.Each(rulesTable(), func(all *[]nftcount.Counter) []nftcount.Counter { return *all }))
}

// nftQueries is how many packets came in for each virtual server by these transports: what the capture of a real server should see.
func nftQueries(counters []nftcount.Counter, transports ...string) map[netip.AddrPort]uint64 {
	all := map[netip.AddrPort]uint64{}
	for _, c := range counters {
		if c.Direction == "query" && slices.Contains(transports, c.Transport) {
			all[c.At] += c.Packets
		}
	}
	return all
}

func rulesTable() metric.Table[nftcount.Counter] {
	return metric.Table[nftcount.Counter]{
		Bounded: true,
		Subject: "the packets of a virtual server, counted by nftables (dns.nftables)",
		Labels:  []string{"vip", "vport", "transport", "direction"},
		Values:  func(c nftcount.Counter) []string { return append(vipLabels(c.At), c.Transport, c.Direction) },
		Rows: []metric.Row[nftcount.Counter]{
			metric.Counter("lvsdns_nftables_packets_total", "Packets of a virtual server by transport and direction (query: to it), each one counted, as the kernel handles them: segments of TCP may have been merged.",
				func(c nftcount.Counter) float64 { return float64(c.Packets) }),
			metric.Counter("lvsdns_nftables_bytes_total", "Bytes of these packets, with IP headers.",
				func(c nftcount.Counter) float64 { return float64(c.Bytes) }),
		},
	}
}
