package dns

import (
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/internal/host"
)

// maxSocketAddresses are told apart: a name server listens on few, and who makes sockets must not decide how many series there are.
const maxSocketAddresses = 8

// socketDrops is what the sockets of an address have dropped; that of all further addresses is zero.
type socketDrops struct {
	at netip.AddrPort
	n  uint64
}

// Sockets reads what name servers of this host did not take.
type Sockets struct {
	Root  string
	Ports []uint16
	sum   host.UDPDrops
	known []netip.AddrPort // in the order in which they came up, so that none changes its place
}

func (r *Sockets) read() ([]socketDrops, error) {
	sockets, err := host.UDPSockets(r.Root, r.Ports)
	if err != nil {
		return nil, err
	}
	totals := r.sum.Add(sockets)
	for _, s := range sockets {
		if len(r.known) < maxSocketAddresses && !slices.Contains(r.known, s.Local) {
			r.known = append(r.known, s.Local)
		}
	}
	var all []socketDrops
	for _, at := range r.known {
		all = append(all, socketDrops{at, totals[at]})
	}
	var others uint64
	for at, n := range totals {
		if !slices.Contains(r.known, at) {
			others += n
		}
	}
	if len(totals) > len(r.known) {
		all = append(all, socketDrops{n: others})
	}
	return all, nil
}

func socketTable() metric.Table[socketDrops] {
	return metric.Table[socketDrops]{
		Subject: "UDP sockets of this host on a port of DNS",
		Labels:  []string{"address", "port"},
		Values:  func(s socketDrops) []string { return vipLabels(s.at) },
		Rows: []metric.Row[socketDrops]{
			metric.Counter("lvsdns_dns_socket_drops_total", "Datagrams that the sockets on this address did not take, most often because the name server was too slow and their buffers were full. Above eight addresses: other.",
				func(s socketDrops) float64 { return float64(s.n) }),
		},
	}
}
