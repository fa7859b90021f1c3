package exporter

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/dnstap"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

type fakeDnstap struct{ dnstap.Report }

func (f *fakeDnstap) Read() dnstap.Report { return f.Report }

// dnstapReport is that of a name server with twenty queries and their responses.
func dnstapReport() *fakeDnstap {
	c := dnscount.New(dnscount.Options{})
	c.Use(dnscount.View{Role: dnscount.RealServer, Services: []dnscount.Service{{Addr: netip.MustParseAddr("192.0.2.1"), Port: 53}}})
	for i := range 20 {
		told := dnscount.Told{
			Client: netip.MustParseAddrPort("203.0.113.5:4242"), Server: netip.MustParseAddrPort("192.0.2.1:53"), Time: int64(i) * 1e6, Transport: dnscount.Transport(i % 2),
			Data: append([]byte{0, byte(i), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "\x07example\x03com\x00\x00\x01\x00\x01"...),
		}
		c.Tell(&told)
		told.Direction, told.Time = dnscount.Response, told.Time+2e6
		told.Data[2] |= 0x80
		c.Tell(&told)
	}
	return &fakeDnstap{dnstap.Report{Report: c.Report(), Stats: dnstap.Stats{Connections: 1, Accepted: 3, Refused: 1, Frames: 43, Ignored: [5]uint64{1, 2}, Messages: [9]uint64{1: 20, 2: 20}}}}
}

// TestDnstap: without a capture there is what name servers know and nothing of packets; with one each number comes from one of the two.
func TestDnstap(t *testing.T) {
	tap := dnstapReport()
	expect := func(what string, r *rig, there, gone []string) {
		t.Helper()
		page := r.page(t, "")
		for _, s := range there {
			if !strings.Contains(page, "\n"+s+"\n") {
				t.Errorf("%s: %s is not on the page", what, s)
			}
		}
		for _, s := range gone {
			if strings.Contains(page, "\n"+s) {
				t.Errorf("%s: %s is on the page", what, s)
			}
		}
	}
	messages := []string{
		`lvsdns_dns_queries_total{vip="192.0.2.1",vport="53",transport="tcp",family="ipv4"} 10`,
		`lvsdns_dns_responses_total{vip="192.0.2.1",vport="53",transport="udp",rcode="NOERROR"} 10`,
		`lvsdns_dns_response_latency_seconds_bucket{vip="192.0.2.1",vport="53",transport="udp",le="0.0025"} 10`,
		`lvsdns_dns_malformed_total{vip="192.0.2.1",vport="53",reason="short"} 0`,
		`lvsdns_dnstap_connections 1`, `lvsdns_dnstap_connections_total{result="refused"} 1`, `lvsdns_dnstap_frames_total 43`,
		`lvsdns_dnstap_ignored_frames_total{reason="other_kind"} 2`, `lvsdns_dnstap_messages_total{protocol="tcp"} 20`, `lvsdns_source_up{source="dnstap"} 1`,
		`lvsdns_dns_socket_drops_total{address="10.0.0.11",port="53"} 32`,
	}
	packets := []string{"lvsdns_dns_tcp_connections_total", "lvsdns_dns_fragments_total", "lvsdns_dns_icmp_feedback_total", "lvsdns_capture_", "lvsdns_dns_response_source_mismatch_total"}
	r := newRig(t, func(c *Config) { c.Dnstap = tap })
	expect("alone", r, messages, append(packets, "lvsdns_dnstap_coverage_ratio"))
	// Both are in docs/dns.md.
	page := r.page(t, "")
	if perVIP, host := strings.Count(strings.Join(dnsLines(page), ""), `{vip="192.0.2.1",vport="53"`), strings.Count(page, "\nlvsdns_dnstap_"); perVIP != 164 || host != 20 {
		t.Errorf("%d series of a virtual server, %d of the host", perVIP, host)
	}

	// The capture saw the datagrams, and TCP segments of which a name server knows nothing.
	traffic := &fakeTraffic{capture.Report{Report: dnscount.Report{Services: []dnscount.ServiceReport{{At: netip.MustParseAddrPort("192.0.2.1:53")}}}, Role: dnscount.RealServer, Sample: 1}}
	counts := &traffic.Services[0].Counts
	counts.Queries[0][0], counts.Connections, counts.WrongSource, counts.Seen = 999, 7, 3, [2]uint64{100, 900}
	r = newRig(t, func(c *Config) { c.Dnstap, c.Traffic = tap, traffic })
	expect("with a capture", r, append(messages,
		`lvsdns_dns_tcp_connections_total{vip="192.0.2.1",vport="53"} 7`, `lvsdns_dns_response_source_mismatch_total{vip="192.0.2.1",vport="53"} 3`, `lvsdns_capture_seen_packets_total{vip="192.0.2.1",vport="53",transport="tcp"} 900`, `lvsdns_source_up{source="dns"} 1`,
	), []string{"lvsdns_dnstap_coverage_ratio"})
	counts.Seen = [2]uint64{300, 2000}
	tap.Services[0].Counts.Seen[dnscount.UDP] += 150
	r.clock.pass(5 * time.Second)
	expect("of 200 datagrams 150 are told", r, []string{`lvsdns_dnstap_coverage_ratio{vip="192.0.2.1",vport="53"} 0.75`}, nil)

	counters := []nftcount.Counter{{Key: nftcount.Key{At: netip.MustParseAddrPort("192.0.2.1:53"), Transport: "udp", Direction: "query"}, Packets: 500}}
	r = newRig(t, func(c *Config) {
		c.Dnstap = tap
		c.Nftables = func() ([]nftcount.Counter, error) { return counters, nil }
	})
	r.page(t, "")
	counters[0].Packets += 400
	tap.Services[0].Counts.Seen[dnscount.UDP] += 400
	r.clock.pass(5 * time.Second)
	expect("with nftables", r, []string{`lvsdns_dnstap_coverage_ratio{vip="192.0.2.1",vport="53"} 1`}, packets)

	tap.Err = errors.New("listen for dnstap: no such directory")
	r.clock.pass(5 * time.Second)
	expect("it does not listen", r, []string{`lvsdns_source_up{source="dnstap"} 0`}, nil)
}
