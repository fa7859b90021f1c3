package exporter

import (
	"context"
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/internal/nftcount"
)

func nftReader(read func() ([]nftcount.Counter, error)) func(context.Context) (*[]nftcount.Counter, error) {
	return func(context.Context) (*[]nftcount.Counter, error) {
		all, err := read()
		if err != nil {
			return nil, err
		}
		return &all, nil
	}
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
