package exporter

import (
	"context"
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/internal/nftcount"
)

// shareRules shares what the rules of nftables have counted; nil if nobody reads them.
func shareRules(t times, read func() ([]nftcount.Counter, error)) *shared[[]nftcount.Counter] {
	if read == nil {
		return nil
	}
	return share(t, func(context.Context) (*[]nftcount.Counter, error) {
		all, err := read()
		if err != nil {
			return nil, err
		}
		return &all, nil
	})
}

// nftSource is the source of the counters of nftables.
func nftSource(rules *shared[[]nftcount.Counter]) source {
	return newSource("nftables", rules, each(nftTable(), func(all *[]nftcount.Counter) []nftcount.Counter { return *all }))
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

func nftTable() table[nftcount.Counter] {
	return table[nftcount.Counter]{
		bounded: true,
		subject: "the packets of a virtual server, counted by nftables (dns.nftables)",
		labels:  []string{"vip", "vport", "transport", "direction"},
		values:  func(c nftcount.Counter) []string { return append(vipLabels(c.At), c.Transport, c.Direction) },
		rows: []row[nftcount.Counter]{
			counterRow("lvsdns_nftables_packets_total", "Packets of a virtual server by transport and direction (query: to it), each one counted, as the kernel handles them: segments of TCP may have been merged.",
				func(c nftcount.Counter) float64 { return float64(c.Packets) }),
			counterRow("lvsdns_nftables_bytes_total", "Bytes of these packets, with IP headers.",
				func(c nftcount.Counter) float64 { return float64(c.Bytes) }),
		},
	}
}
