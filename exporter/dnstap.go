package exporter

import (
	"context"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/dnstap"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

// Dnstap is what name servers told. *dnstap.Listener is one.
type Dnstap interface {
	Read() dnstap.Report
}

// dnstapView is what name servers told as one reading has it.
type dnstapView struct {
	dnstap.Report
	coverage map[netip.AddrPort]float64 // of virtual servers of which enough is known
	drops    []socketDrops
}

// dnstapReader reads the counters, and holds them against the datagrams that nftables counted, or else the capture.
type dnstapReader struct {
	tap     Dnstap
	packets *shared[dnsView]            // nil: no packets are captured
	rules   *shared[[]nftcount.Counter] // nil: nftables are not read
	now     func() time.Time
	cover   coverage
	sockets socketReader
}

// shareDnstap shares what name servers told; nil if nobody listens to them.
func shareDnstap(t times, r dnstapReader) *shared[dnstapView] {
	if r.tap == nil {
		return nil
	}
	return share(t, r.read)
}

func (r *dnstapReader) read(ctx context.Context) (*dnstapView, error) {
	// The measure first, as in dnsReader.
	var expected map[netip.AddrPort]uint64
	if r.rules != nil {
		if counters := r.rules.get(ctx).value; counters != nil {
			expected = nftQueries(*counters, "udp")
		}
	} else if r.packets != nil {
		if v := r.packets.get(ctx).value; v != nil && v.Role == dnscount.RealServer {
			expected = datagrams(v.Services)
		}
	}
	v := &dnstapView{Report: r.tap.Read()}
	if expected != nil {
		v.coverage = r.cover.update(r.now(), expected, datagrams(v.Services))
	}
	err := v.Err
	if r.packets == nil {
		var socketErr error
		if v.drops, socketErr = r.sockets.read(); err == nil {
			err = socketErr
		}
	}
	return v, err
}

// datagrams is how many queries came to each virtual server over UDP.
func datagrams(services []dnscount.ServiceReport) map[netip.AddrPort]uint64 {
	all := map[netip.AddrPort]uint64{}
	for i := range services {
		all[services[i].At] = services[i].Counts.Seen[dnscount.UDP]
	}
	return all
}

// dnstapSource is the source of what name servers tell.
func dnstapSource(v *shared[dnstapView]) source {
	return newSource("dnstap", v,
		whole(dnstapTable()),
		each(socketTable(), func(v *dnstapView) []socketDrops { return v.drops }),
		each(dnsTable(), (*dnstapView).told),
		each(dnstapCoverageTable(), (*dnstapView).shares),
	)
}

// told is the traffic of each virtual server.
func (v *dnstapView) told() []dnsService {
	var all []dnsService
	for i := range v.Services {
		all = append(all, dnsService{ServiceReport: &v.Services[i], coverage: -1, role: dnscount.RealServer, told: true})
	}
	return all
}

// shares is how much of the traffic of each virtual server is told, where that is known.
func (v *dnstapView) shares() []toldService {
	var all []toldService
	for i := range v.Services {
		at := v.Services[i].At
		if share, known := v.coverage[at]; known {
			all = append(all, toldService{at, share})
		}
	}
	return all
}

func dnstapTable() table[*dnstapView] {
	return one("what name servers tell (dns.dnstap)",
		gaugeRow("lvsdns_dnstap_connections", "Connections of name servers now; some name servers have several.", func(v *dnstapView) float64 { return float64(v.Connections) }),
		counterSeriesRow("lvsdns_dnstap_connections_total", "Connections: accepted, refused because there were too many, evicted to make room for one of another user or because it had told nothing, broken (no dnstap, a frame larger than any DNS message, silence in the middle of one).",
			[]string{"result"}, func(v *dnstapView, emit emit) {
				emit(float64(v.Accepted), "accepted")
				emit(float64(v.Refused), "refused")
				emit(float64(v.Evicted), "evicted")
				emit(float64(v.Broken), "broken")
			}),
		counterRow("lvsdns_dnstap_frames_total", "Frames of dnstap, those included that were not counted.", func(v *dnstapView) float64 { return float64(v.Frames) }),
		counterSeriesRow("lvsdns_dnstap_ignored_frames_total", "Frames that were not counted: undecodable, other_kind (what a resolver asks others), no_address (the name server listens on the wildcard address, or does not say), no_message, unwanted (of no virtual server, or of this host itself).",
			[]string{"reason"}, func(v *dnstapView, emit emit) { by(dnstap.Reasons[:], v.Ignored[:], emit) }),
		counterSeriesRow("lvsdns_dnstap_messages_total", "Queries and responses that were counted, by what they came by: udp, tcp, dot (TLS), doh (HTTPS), doq (QUIC), DNSCrypt. In the metrics of DNS these are udp or tcp.",
			[]string{"protocol"}, func(v *dnstapView, emit emit) { by(dnstap.Protocols[:], v.Messages[:], emit) }),
	)
}

// toldService is how much of a virtual server's traffic is told.
type toldService struct {
	at       netip.AddrPort
	coverage float64
}

func dnstapCoverageTable() table[toldService] {
	return table[toldService]{
		bounded: true,
		subject: "what name servers tell of a virtual server",
		labels:  []string{"vip", "vport"},
		values:  func(s toldService) []string { return vipLabels(s.at) },
		rows: []row[toldService]{
			gaugeRow("lvsdns_dnstap_coverage_ratio", "Queries over UDP that name servers reported, for each datagram that nftables (without dns.nftables: the capture of a real server) counted, over one to two minutes; absent with fewer than 100, and without either measure. Name servers drop dnstap silently when they are busy, and do not report what is not DNS.",
				func(s toldService) float64 { return s.coverage }),
		},
	}
}
