//go:build lab

package main_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestDNSSigns: with direct routing the page has no response and what clients did about them, and the state has what was asked.
func TestDNSSigns(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-exporter", "/usr/bin/lvsdns-exporter")
	lan := lab.LAN("lan", "192.168.1.0/24")
	r := &rig{t: t, lab: lab, director: lab.Director("director", lan.At("192.168.1.11")).Hold(lanVIP)}
	lab.RealServer("dns1", lan.At(rip)).DR(lanVIP).NameServer(labtest.NSD)
	r.client = lab.Client("client", lan.At("192.168.1.50"))
	at := lanVIP + ":53"
	r.director.IPVSAdm("-A -u "+at+" -s rr", "-a -u "+at+" -r "+rip+":53 -g", "-A -t "+at+" -s rr", "-a -t "+at+" -r "+rip+":53 -g")
	r.startWith("--dns.capture", "--dns.top", "--dns.top-zones", "name")
	lab.WaitFor("the virtual server is known", 20*time.Second, func() bool {
		p := r.page()
		one, _ := p.value("lvsdns_capture_listening", "interface=eth0")
		_, known := p.value("lvsdns_dns_rs_queries_total", "vip="+lanVIP)
		return one == 1 && known
	})

	udp, tcp := 0, 0
	ids := uint16(0)
	question := func(name string, change ...func(*dns.Msg)) *dns.Msg {
		ids++
		m := new(dns.Msg).SetQuestion(name+".", dns.TypeTXT)
		m.Id = ids
		for _, f := range change {
			f(m)
		}
		return m
	}
	edns := func(size uint16, do bool) func(*dns.Msg) {
		return func(m *dns.Msg) { m.SetEdns0(size, do) }
	}
	dial := func(network string) net.Conn {
		conn, err := r.client.Dial(network, at)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	wire := func(m *dns.Msg) []byte {
		b, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := make([]byte, 65536)
	ask := func(conn net.Conn, m *dns.Msg) (answer dns.Msg) {
		udp++
		conn.Write(wire(m))
		n, err := conn.Read(b)
		if err == nil {
			err = answer.Unpack(b[:n])
		}
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}

	one := dial("udp")
	for i := range 5 { // the same three times
		m := question(fmt.Sprintf("again%d.example.com", i))
		for range 3 {
			ask(one, m)
		}
	}
	for i := range 4 { // another ID
		for range 3 {
			ask(one, question(fmt.Sprintf("anew%d.example.com", i)))
		}
	}
	for i := range 3 { // less of EDNS at each step
		name := fmt.Sprintf("less%d.example.com", i)
		ask(one, question(name, edns(4096, true)))
		ask(one, question(name, edns(1232, true)))
		ask(one, question(name, edns(1232, false)))
		ask(one, question(name))
	}
	acked := 0
	for range 2 { // truncated, hence over TCP; the second time the client may have asked anew
		if !ask(one, question(labtest.BigName)).Truncated {
			t.Fatalf("%s is not truncated", labtest.BigName)
		}
		conn := dial("tcp")
		q := wire(question(labtest.BigName))
		tcp++
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...))
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			t.Fatal(err)
		}
		n, err := io.ReadFull(conn, b[:binary.BigEndian.Uint16(size[:])])
		if err != nil {
			t.Fatal(err)
		}
		acked += n + 2
		conn.Close()
	}
	const flood = 300
	for i := range flood {
		ask(one, question(fmt.Sprintf("x%d.victim.example", i)))
	}

	labels := []string{"vip=" + lanVIP, "vport=53"}
	is := func(name string, want int, more ...string) func() bool {
		return r.is(name, float64(want), append(more, labels...)...)
	}
	lab.WaitFor("all is counted", 20*time.Second, func() bool {
		return is("lvsdns_dns_tcp_acked_bytes_total", acked)() && is("lvsdns_dns_queries_total", udp, "transport=udp")()
	})
	p := r.page()
	for _, tt := range []struct {
		name string
		want int
		more string
	}{
		{"lvsdns_dns_queries_total", udp, "transport=udp"},
		{"lvsdns_dns_queries_total", tcp, "transport=tcp"},
		{"lvsdns_dns_client_retries_total", 5 * 2, "kind=retransmit"},
		{"lvsdns_dns_client_retries_total", 4*2 + 3*3 + 1, "kind=requery"},
		{"lvsdns_dns_edns_downgrade_total", 3 * 3, "vport=53"},
		{"lvsdns_dns_tcp_fallback_total", 2, "vport=53"},
		{"lvsdns_dns_tcp_acked_bytes_total", acked, "vport=53"},
		{"lvsdns_dns_tcp_acked_answer_size_bytes_count", 2, "vport=53"},
		{"lvsdns_dns_tcp_acked_answer_size_bytes_sum", acked - 2*2, "vport=53"},
	} {
		if got, ok := p.value(tt.name, append(labels, tt.more)...); !ok || got != float64(tt.want) {
			t.Errorf("%s, %s is %g (%t), want %d", tt.name, tt.more, got, ok, tt.want)
		}
	}
	for name := range p {
		if strings.HasPrefix(name, "lvsdns_dns_response") || name == "lvsdns_dns_unanswered_queries_total" {
			t.Errorf("%s is on the page of a director that sees no response", name)
		}
	}
	if v, _ := p.value("lvsdns_capture_invisible_reason", "reason=dr_no_response"); v != 1 {
		t.Error("the page does not say that responses go past")
	}

	var state exporter.State
	if err := json.Unmarshal([]byte(r.state()), &state); err != nil || state.DNSTop == nil {
		t.Fatalf("%+v, %v", state.DNSTop, err)
	}
	top := state.DNSTop
	if v := top.VirtualServers; len(v) != 1 || v[0].VIP != lanVIP || v[0].Queries != uint64(udp+tcp) || v[0].DistinctClients != 1 {
		t.Errorf("%+v, want %d queries of one client", v, udp+tcp)
	}
	if z := top.Zones; len(z) != 2 || z[0].Zone != "victim.example." || z[0].Queries != flood || z[0].Score < 0.9 || z[0].NXDomainShare != nil ||
		z[1].Zone != "example.com." || z[1].Queries != uint64(udp+tcp-flood) || z[1].Score != 0 {
		t.Errorf("%+v", z)
	}
	if c := top.Clients; len(c) != 1 || c[0].Queries != uint64(udp+tcp) || len(c[0].Client) != 16 || strings.Contains(r.state(), "192.168.1.0/24") {
		t.Errorf("%+v", c)
	}
}
