package dns

import (
	"context"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/dnstap"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

// Dnstap is what name servers told. *dnstap.Listener is one.
type Dnstap interface {
	Read() dnstap.Report
}

// DnstapView is what name servers told as one reading has it.
type DnstapView struct {
	dnstap.Report
	coverage map[netip.AddrPort]float64 // of virtual servers of which enough is known
	drops    []socketDrops
}

// DnstapReader reads the counters, and holds them against the datagrams that nftables counted, or else the capture.
type DnstapReader struct {
	Tap     Dnstap
	Packets *source.Shared[TrafficView]        // nil: no packets are captured
	Rules   *source.Shared[[]nftcount.Counter] // nil: nftables are not read
	Now     func() time.Time
	cover   coverage
	Sockets Sockets
}

// ShareDnstap shares what name servers told; nil if nobody listens to them.
func ShareDnstap(t source.Times, r DnstapReader) *source.Shared[DnstapView] {
	if r.Tap == nil {
		return nil
	}
	return source.Share(t, r.read)
}

func (r *DnstapReader) read(ctx context.Context) (*DnstapView, error) {
	// The measure first, as in TrafficReader.
	var expected map[netip.AddrPort]uint64
	if r.Rules != nil {
		if counters := r.Rules.Get(ctx).Value; counters != nil {
			expected = nftQueries(*counters, "udp")
		}
	} else if r.Packets != nil {
		if v := r.Packets.Get(ctx).Value; v != nil && v.Role == dnscount.RealServer {
			expected = datagrams(v.Services)
		}
	}
	v := &DnstapView{Report: r.Tap.Read()}
	if expected != nil {
		v.coverage = r.cover.update(r.Now(), expected, datagrams(v.Services))
	}
	err := v.Err
	if r.Packets == nil {
		var socketErr error
		if v.drops, socketErr = r.Sockets.read(); err == nil {
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

// DnstapSource is the source of what name servers tell.
func DnstapSource(v *source.Shared[DnstapView]) source.Source {
	return source.New("dnstap", v,
		metric.Whole(dnstapTable()),
		metric.Each(socketTable(), func(v *DnstapView) []socketDrops { return v.drops }),
		metric.Each(serviceTable(), (*DnstapView).told),
		metric.Each(dnstapCoverageTable(), (*DnstapView).shares),
	)
}

// told is the traffic of each virtual server.
func (v *DnstapView) told() []service {
	var all []service
	for i := range v.Services {
		all = append(all, service{ServiceReport: &v.Services[i], coverage: -1, role: dnscount.RealServer, told: true})
	}
	return all
}

// shares is how much of the traffic of each virtual server is told, where that is known.
func (v *DnstapView) shares() []toldService {
	var all []toldService
	for i := range v.Services {
		at := v.Services[i].At
		if share, known := v.coverage[at]; known {
			all = append(all, toldService{at, share})
		}
	}
	return all
}

func dnstapTable() metric.Table[*DnstapView] {
	return metric.One("what name servers tell (dns.dnstap)",
		metric.Gauge("lvsdns_dnstap_connections", "Connections of name servers now; some name servers have several.", func(v *DnstapView) float64 { return float64(v.Connections) }),
		metric.CounterSeries("lvsdns_dnstap_connections_total", "Connections: accepted, refused because there were too many, evicted to make room for one of another user or because it had told nothing, broken (no dnstap, a frame larger than any DNS message, silence in the middle of one).",
			[]string{"result"}, func(v *DnstapView, emit metric.Emit) {
				emit(float64(v.Accepted), "accepted")
				emit(float64(v.Refused), "refused")
				emit(float64(v.Evicted), "evicted")
				emit(float64(v.Broken), "broken")
			}),
		metric.Counter("lvsdns_dnstap_frames_total", "Frames of dnstap, those included that were not counted.", func(v *DnstapView) float64 { return float64(v.Frames) }),
		metric.CounterSeries("lvsdns_dnstap_ignored_frames_total", "Frames that were not counted: undecodable, other_kind (what a resolver asks others), no_address (the name server listens on the wildcard address, or does not say), no_message, unwanted (of no virtual server, or of this host itself).",
			[]string{"reason"}, func(v *DnstapView, emit metric.Emit) { by(dnstap.Reasons[:], v.Ignored[:], emit) }),
		metric.CounterSeries("lvsdns_dnstap_messages_total", "Queries and responses that were counted, by what they came by: udp, tcp, dot (TLS), doh (HTTPS), doq (QUIC), DNSCrypt. In the metrics of DNS these are udp or tcp.",
			[]string{"protocol"}, func(v *DnstapView, emit metric.Emit) { by(dnstap.Protocols[:], v.Messages[:], emit) }),
	)
}

// toldService is how much of a virtual server's traffic is told.
type toldService struct {
	at       netip.AddrPort
	coverage float64
}

func dnstapCoverageTable() metric.Table[toldService] {
	return metric.Table[toldService]{
		Bounded: true,
		Subject: "what name servers tell of a virtual server",
		Labels:  []string{"vip", "vport"},
		Values:  func(s toldService) []string { return vipLabels(s.at) },
		Rows: []metric.Row[toldService]{
			metric.Gauge("lvsdns_dnstap_coverage_ratio", "Queries over UDP that name servers reported, for each datagram that nftables (without dns.nftables: the capture of a real server) counted, over one to two minutes; absent with fewer than 100, and without either measure. Name servers drop dnstap silently when they are busy, and do not report what is not DNS.",
				func(s toldService) float64 { return s.coverage }),
		},
	}
}
