package exporter

import (
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

func TestNftables(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.1:53")
	counters, err := []nftcount.Counter{
		{Key: nftcount.Key{At: at, Transport: "udp", Direction: "query"}, Packets: 7, Bytes: 490},
		{Key: nftcount.Key{At: at, Transport: "tcp", Direction: "query"}, Packets: 3, Bytes: 180},
		{Key: nftcount.Key{At: at, Transport: "udp", Direction: "response"}, Packets: 6, Bytes: 600},
	}, error(nil)
	service := dnscount.ServiceReport{At: at}
	traffic := &fakeTraffic{capture.Report{Report: dnscount.Report{Services: []dnscount.ServiceReport{service}}, Role: dnscount.RealServer, Sample: 1}}
	r := newRig(t, func(c *Config) {
		c.Traffic = traffic
		c.Nftables = func() ([]nftcount.Counter, error) { return counters, err }
	})
	expect := func(what string, there, gone []string) {
		t.Helper()
		page := r.page(t, "")
		for _, s := range there {
			if !strings.Contains(page, s+"\n") {
				t.Errorf("%s: %s is not on the page", what, s)
			}
		}
		for _, s := range gone {
			if strings.Contains(page, "\n"+s) {
				t.Errorf("%s: %s is on the page", what, s)
			}
		}
	}
	expect("counted", []string{
		`lvsdns_nftables_packets_total{vip="192.0.2.1",vport="53",transport="udp",direction="query"} 7`,
		`lvsdns_nftables_bytes_total{vip="192.0.2.1",vport="53",transport="udp",direction="response"} 600`,
		`lvsdns_source_up{source="nftables"} 1`,
	}, []string{"lvsdns_capture_coverage_ratio"})
	// Of 200 packets that came in the capture saw 150; what went out is no matter.
	counters[0].Packets, counters[1].Packets, counters[2].Packets = 107, 103, 9999
	traffic.Services[0].Counts.Seen = [2]uint64{100, 50}
	r.clock.pass(5 * time.Second)
	expect("a capture that misses some", []string{`lvsdns_capture_coverage_ratio{vip="192.0.2.1",vport="53"} 0.75`}, nil)
	counters, err = nil, fmt.Errorf("read nftables: no table: %w", fs.ErrNotExist)
	r.clock.pass(5 * time.Second)
	expect("no rules", []string{`lvsdns_source_up{source="nftables"} 0`, `lvsdns_source_failure{source="nftables",reason="absent"} 1`, `lvsdns_source_up{source="dns"} 1`},
		[]string{"lvsdns_nftables_", "lvsdns_capture_coverage_ratio"})
}
