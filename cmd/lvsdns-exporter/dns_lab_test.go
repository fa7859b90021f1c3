//go:build lab

package main_test

import (
	"math"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestDNSTraffic: the page has the questions that clients asked and the answers that they got, and as many packets as IPVS.
func TestDNSTraffic(t *testing.T) {
	r := newRig(t)
	r.ipvsadm("-A", "-u", vip+":53", "-s", "rr")
	r.ipvsadm("-a", "-u", vip+":53", "-r", rip+":53", "-m")
	r.ipvsadm("-A", "-t", vip+":53", "-s", "rr")
	r.ipvsadm("-a", "-t", vip+":53", "-r", rip+":53", "-m")
	r.startWith("--dns.capture")
	r.lab.WaitFor("both cards are listened on, and the virtual server is known", 20*time.Second, func() bool {
		p := r.page()
		one, _ := p.value("lvsdns_capture_listening", "interface=eth0")
		two, _ := p.value("lvsdns_capture_listening", "interface=eth1")
		_, known := p.value("lvsdns_dns_queries_total", "vip="+vip)
		director, _ := p.value("lvsdns_capture_role", "role=director")
		return one == 1 && two == 1 && known && director == 1
	})
	const asks, connections = 200, 20
	for i := range asks {
		q := labtest.Question{Server: vip}
		if i%4 == 3 {
			q.Name = "nobody.example.com"
		}
		if _, err := r.client.Ask(q); err != nil {
			t.Fatal(err)
		}
		if i < connections {
			q.TCP = true
			if _, err := r.client.Ask(q); err != nil {
				t.Fatal(err)
			}
		}
	}
	var p page
	r.lab.WaitFor("the kernel's counters have moved", 30*time.Second, func() bool {
		p = r.page()
		share, known := p.value("lvsdns_capture_coverage_ratio", "vip="+vip)
		return known && math.Abs(share-1) <= 0.01
	})
	time.Sleep(time.Second) // what left by the other card is in another ring
	p = r.page()
	for _, tt := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{asks, "lvsdns_dns_queries_total", []string{"transport=udp", "family=ipv4"}},
		{connections, "lvsdns_dns_queries_total", []string{"transport=tcp", "family=ipv4"}},
		{asks + connections, "lvsdns_dns_queries_by_type_total", []string{"qtype=SOA"}},
		{asks / 4, "lvsdns_dns_responses_total", []string{"transport=udp", "rcode=NXDOMAIN"}},
		{asks - asks/4, "lvsdns_dns_responses_total", []string{"transport=udp", "rcode=NOERROR"}},
		{asks, "lvsdns_dns_response_latency_seconds_count", []string{"transport=udp"}},
		{connections, "lvsdns_dns_response_latency_seconds_count", []string{"transport=tcp"}},
		{connections, "lvsdns_dns_tcp_connections_total", nil},
		{asks, "lvsdns_dns_rs_queries_total", []string{"rip=" + rip, "transport=udp"}},
		{connections, "lvsdns_dns_rs_queries_total", []string{"rip=" + rip, "transport=tcp"}},
		{0, "lvsdns_dns_orphan_responses_total", nil},
		{0, "lvsdns_dns_tcp_desync_total", nil},
		{0, "lvsdns_capture_drops_total", []string{"interface=eth0"}},
		{1, "lvsdns_capture_sampling_ratio", nil},
		{1, "lvsdns_source_up", []string{"source=dns"}},
	} {
		labels := tt.labels
		if len(tt.name) > 11 && tt.name[:11] == "lvsdns_dns_" {
			labels = append([]string{"vip=" + vip, "vport=53"}, labels...)
		}
		if got, ok := p.value(tt.name, labels...); !ok || got != tt.want {
			t.Errorf("%s %q is %g (%t), want %g", tt.name, labels, got, ok, tt.want)
		}
	}
	for _, s := range p["lvsdns_capture_invisible_reason"] {
		if s.value != 0 {
			t.Errorf("blind: %v", s.labels)
		}
	}
}
