package exporter

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

// fakeTraffic is a capture without packets.
type fakeTraffic struct{ capture.Report }

func (f *fakeTraffic) Read() capture.Report { return f.Report }

var (
	dnsHost    = [6]byte{2, 0, 0, 0, 0, 1}
	dnsServer1 = [6]byte{2, 0, 0, 0, 0, 2}
)

// dnsTraffic is what a director counted: a virtual server by direct routing and one by NAT, and 20 queries to each, of
// which those by NAT had responses.
func dnsTraffic(change func(i int) []byte) *fakeTraffic {
	c := dnscount.New(dnscount.Options{Waiting: 64, Flows: 64, Fragments: 64})
	c.Use(dnscount.View{Services: []dnscount.Service{
		{Addr: netip.MustParseAddr("192.0.2.1"), Port: 53, Servers: []dnscount.Server{{Addr: netip.MustParseAddr("198.51.100.1"), Port: 53, Method: dnscount.DR, MAC: dnsServer1}}},
		{Addr: netip.MustParseAddr("2001:db8::1"), Port: 53, Servers: []dnscount.Server{{Addr: netip.MustParseAddr("2001:db8::21"), Port: 53, Method: dnscount.NAT}}},
	}})
	count := func(kind dnscount.Kind, at int64, from, to string, mac [6]byte, message []byte) {
		b := packets.Datagram(netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), mac, message)
		c.Frame(&dnscount.Frame{Data: b, Wire: len(b), Time: at, Kind: kind})
	}
	for i := range 20 {
		at := int64(i) * 1e6
		name := "\x07example\x03com\x00"
		message := append([]byte{0, byte(i), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, name...)
		message = append(message, 0, []byte{1, 28, 65}[i%3], 0, 1)
		if change != nil {
			message = change(i)
		}
		count(dnscount.Host, at, "203.0.113.5:4242", "192.0.2.1:53", dnsHost, message)
		count(dnscount.Outgoing, at, "203.0.113.5:4242", "192.0.2.1:53", dnsServer1, message)
		count(dnscount.Host, at, "[2001:db8:5::5]:4242", "[2001:db8::1]:53", dnsHost, message)
		count(dnscount.Outgoing, at, "[2001:db8:5::5]:4242", "[2001:db8::21]:53", dnsServer1, message)
		message[2], message[3] = message[2]|0x80, []byte{0, 3, 2}[i%3]
		count(dnscount.Outgoing, at+2e6, "[2001:db8::1]:53", "[2001:db8:5::5]:4242", dnsServer1, message)
	}
	c.Tick(1e9)
	return &fakeTraffic{capture.Report{
		Report: c.Report(), Sample: 4, Blind: []capture.Reason{capture.NoResponses},
		Links: []capture.LinkReport{{Name: "eth0", Listening: true, Packets: 100, Drops: 1, Freezes: 1}},
	}}
}

// dnsLines are the lines of a page that are about DNS traffic.
func dnsLines(page string) (lines []string) {
	for l := range strings.Lines(page) {
		if regexp.MustCompile(`^(# (HELP|TYPE) )?lvsdns_(dns|capture)_`).MatchString(l) {
			lines = append(lines, l)
		}
	}
	return lines
}

func TestDNSExposition(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Traffic = dnsTraffic(nil) })
	page := r.page(t, "")
	golden(t, "testdata/dns.prom", []byte(strings.Join(dnsLines(page), "")))
	golden(t, "testdata/dns.openmetrics", []byte(strings.Join(dnsLines(r.page(t, openMetrics)), "")))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	// client_golang reads the same histogram.
	if h := families["lvsdns_dns_query_edns_udp_size_bytes"].Metric[0].GetHistogram(); len(h.Bucket) != len(dnscount.EDNSSizes)+1 || h.GetSampleCount() != 0 {
		t.Errorf("%v", h)
	}
	for name, f := range families {
		if strings.HasPrefix(name, "lvsdns_") && !strings.EqualFold(f.GetType().String(), kindOf(name)) {
			t.Errorf("%s reads as a %s, and is a %s", name, f.GetType(), kindOf(name))
		}
	}
	for _, absent := range []string{
		`lvsdns_dns_responses_total{vip="192.0.2.1"`, `lvsdns_dns_tcp_acked_bytes_total{vip="2001:db8::1"`, `lvsdns_dns_unanswered_queries_total{vip="192.0.2.1"`, `lvsdns_dns_response_latency_seconds_count{vip="192.0.2.1"`,
	} {
		if strings.Contains(page, absent) {
			t.Errorf("%s is on the page, and nobody can know it with direct routing", absent)
		}
	}
	for _, there := range []string{
		`lvsdns_dns_queries_total{vip="192.0.2.1",vport="53",transport="udp",family="ipv4"} 20`,
		`lvsdns_dns_responses_total{vip="2001:db8::1",vport="53",transport="udp",rcode="NXDOMAIN"} 7`,
		`lvsdns_dns_response_latency_seconds_bucket{vip="2001:db8::1",vport="53",transport="udp",le="0.0025"} 20`,
		`lvsdns_dns_rs_queries_total{vip="192.0.2.1",vport="53",rip="198.51.100.1",rport="53",transport="udp"} 20`,
		`lvsdns_dns_rs_queries_total{vip="2001:db8::1",vport="53",rip="2001:db8::21",rport="53",transport="udp"} 20`,
		// Of three questions 17 are repeated, and the first ones wait for ever: nobody sees their responses.
		`lvsdns_dns_client_retries_total{vip="192.0.2.1",vport="53",kind="requery"} 17`, `lvsdns_dns_client_retries_total{vip="2001:db8::1",vport="53",kind="requery"} 0`,
		`lvsdns_capture_sampling_ratio 0.25`, `lvsdns_capture_invisible_reason{reason="dr_no_response"} 1`, `lvsdns_source_up{source="dns"} 1`,
		`lvsdns_dns_socket_drops_total{address="10.0.0.11",port="53"} 32`,
	} {
		if !strings.Contains(page, there+"\n") {
			t.Errorf("%s is not on the page", there)
		}
	}
}

// TestDNSSeries: how many series there are does not depend on what clients send, and is what docs/dns.md says.
func TestDNSSeries(t *testing.T) {
	count := func(traffic *fakeTraffic) (perVIP [2]int) {
		r := newRig(t, func(c *Config) { c.Traffic = traffic })
		for _, l := range dnsLines(r.page(t, "")) {
			for i, vip := range []string{"2001:db8::1", "192.0.2.1"} {
				if strings.Contains(l, `{vip="`+vip+`",vport="53"`) && !strings.Contains(l, "rip=") {
					perVIP[i]++
				}
			}
		}
		return perVIP
	}
	plain := count(dnsTraffic(nil))
	seed := uint32(1)
	noise := count(dnsTraffic(func(i int) []byte {
		b := make([]byte, 40)
		for j := range b {
			seed = seed*1664525 + 1013904223
			b[j] = byte(seed >> 24)
		}
		return b
	}))
	if want := [2]int{dnsSeriesPerVIP, dnsSeriesBypassed}; plain != noise || plain != want {
		t.Errorf("%d series of a virtual server with and without responses, %d when clients send noise, want %d", plain, noise, want)
	}
}

// dnsSeriesPerVIP is in docs/dns.md, too. A coverage that is known is one more, and so is the wrong source on a real server.
const dnsSeriesPerVIP, dnsSeriesBypassed = 202, 115

func TestDNSFailure(t *testing.T) {
	traffic := dnsTraffic(nil)
	traffic.Err = errors.New("listen on eth0: operation not permitted")
	traffic.Blind = append(traffic.Blind, capture.NotListening)
	r := newRig(t, func(c *Config) { c.Traffic = traffic })
	page := r.page(t, "")
	for _, there := range []string{`lvsdns_source_up{source="dns"} 0`, `lvsdns_capture_invisible_reason{reason="not_listening"} 1`} {
		if !strings.Contains(page, there+"\n") {
			t.Errorf("%s is not on the page", there)
		}
	}
}

// TestWrongInterface: IPVS counts, and the capture sees nothing.
func TestWrongInterface(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Traffic = dnsTraffic(nil) })
	r.page(t, "")
	r.kernel.set(func(f *fakeKernel) {
		for i := range f.table.Entries {
			f.table.Entries[i].Service.Stats.InPackets += 1000
		}
	})
	r.clock.pass(5 * time.Second)
	page := r.page(t, "")
	for _, there := range []string{`lvsdns_capture_coverage_ratio{vip="192.0.2.1",vport="53"} 0`, `lvsdns_capture_invisible_reason{reason="wrong_interface"} 1`} {
		if !strings.Contains(page, there+"\n") {
			t.Errorf("%s is not on the page", there)
		}
	}
}
