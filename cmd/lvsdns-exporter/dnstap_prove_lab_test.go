//go:build lab && prove

package main_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestDnstap: what real name servers behind a director with direct routing tell of is what clients asked and got, each number of it, and
// the capture beside it saw as many. NSD is not among them: it drops what it would tell when a burst comes.
func TestDnstap(t *testing.T) { tellAll(t, labtest.Unbound, labtest.BIND, labtest.Knot) }

// teller is a real server whose name server tells of its messages, behind a director with direct routing.
type teller struct {
	software labtest.Software
	host     *labtest.Host
	vips     []string
	exporter *labtest.Process
}

func tellAll(t *testing.T, all ...labtest.Software) {
	lab := labtest.New(t)
	lan := lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64")
	director := lab.Director("director", lan.At("192.168.1.11", "fd00:1::11"))
	client := lab.Client("client", lan.At("192.168.1.50", "fd00:1::50"))
	var tellers []*teller
	for i, software := range all {
		x := &teller{software: software, vips: []string{fmt.Sprintf("192.168.1.%d", 101+i), fmt.Sprintf("fd00:1::%d", 101+i)}}
		rips := []string{fmt.Sprintf("192.168.1.%d", 21+i), fmt.Sprintf("fd00:1::%d", 21+i)}
		director.Hold(x.vips...)
		for j, vip := range x.vips {
			for _, proto := range []string{"-u", "-t"} {
				at, to := net.JoinHostPort(vip, "53"), net.JoinHostPort(rips[j], "53")
				director.IPVSAdm("-A "+proto+" "+at+" -s rr", "-a "+proto+" "+at+" -r "+to+" -g -w 1")
			}
		}
		x.host = lab.RealServer("dns"+string(software), lan.At(rips...)).DR(x.vips...)
		socket := "/run/" + string(software) + ".tap"
		// The capture beside it: then messages are the name server's, packets the capture's, and one is the measure of the other.
		x.exporter = x.host.ServerExporter("--dns.dnstap", socket, "--dns.capture", "--sources.share", "0s")
		lab.WaitFor("the exporter has a socket and a view", 20*time.Second, func() bool {
			p, err := x.page(t)
			_, known := p.value("lvsdns_dns_queries_total", "vip="+x.vips[1])
			listening, _ := p.value("lvsdns_capture_listening", "interface=eth0")
			return err == nil && p.up("dnstap") == "up" && known && listening == 1
		})
		x.host.NameServerWith(labtest.Config{Software: software, Dnstap: socket})
		tellers = append(tellers, x)
	}
	for _, x := range tellers {
		lab.WaitFor(string(x.software)+" is connected", 20*time.Second, func() bool {
			p, _ := x.page(t)
			n, _ := p.value("lvsdns_dnstap_connections")
			return n > 0
		})
	}
	for _, x := range tellers {
		t.Run(string(x.software), func(t *testing.T) {
			want := expected{}
			for i, vip := range x.vips {
				x.ask(t, client, vip, []string{"ipv4", "ipv6"}[i], want)
			}
			var wrong []string
			lab.WaitFor("the counts are what was asked", 20*time.Second, func() bool {
				p, err := x.page(t)
				if err != nil {
					t.Fatal(err)
				}
				wrong = want.compare(p)
				return len(wrong) == 0
			})
			if len(wrong) > 0 {
				t.Errorf("%s\n%s", strings.Join(wrong, "\n"), x.exporter.Log())
			}
			t.Logf("%d numbers are as they should be", len(want)-len(wrong))
		})
	}
}

func (x *teller) page(t *testing.T) (page, error) {
	text, err := x.host.Get(t.Context(), "http://127.0.0.1:9741/metrics")
	if err != nil {
		return nil, err
	}
	return parsePage(string(text))
}

// expected is numbers by metric and labels.
type expected map[string]float64

func (e expected) add(n float64, metric string, labels ...string) {
	e[strings.Join(append([]string{metric}, labels...), " ")] += n
}

func (e expected) compare(p page) (wrong []string) {
	for key, want := range e {
		part := strings.Split(key, " ")
		if got, ok := p.value(part[0], part[1:]...); !ok || got != want {
			wrong = append(wrong, fmt.Sprintf("%s is %g (%t), want %g", key, got, ok, want))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// tellQuestions are asked of each virtual server over UDP, and as many over TCP, all at once.
const tellQuestions = 120

// tellQuestion is question number i.
func tellQuestion(i int) *dns.Msg {
	m := new(dns.Msg)
	switch i % 8 {
	case 0:
		m.SetQuestion("www.example.com.", dns.TypeA)
	case 1:
		m.SetQuestion("example.com.", dns.TypeAAAA).SetEdns0(1232, true)
	case 2:
		m.SetQuestion("big.example.com.", dns.TypeTXT)
	case 3:
		m.SetQuestion("nobody.example.com.", dns.TypeA)
	case 4:
		m.SetQuestion("servfail.test.", dns.TypeA)
	case 5:
		m.SetQuestion("refused.test.", dns.TypeHTTPS)
	case 6:
		m.SetQuestion("www.example.com.", dns.TypeMX).SetEdns0(512, false)
	default:
		m.SetQuestion("big.example.com.", dns.TypeTXT).SetEdns0(4096, false)
	}
	m.Id, m.CheckingDisabled = uint16(i), i%3 == 0
	return m
}

// ask asks the mix of a virtual server, and notes what must have been counted.
func (x *teller) ask(t *testing.T, client *labtest.Host, vip, family string, want expected) {
	t.Helper()
	labels := func(more ...string) []string { return append([]string{"vip=" + vip, "vport=53"}, more...) }
	note := func(transport string, q *dns.Msg, wire []byte) {
		r := new(dns.Msg)
		if err := r.Unpack(wire); err != nil {
			t.Fatal(err)
		}
		want.add(1, "lvsdns_dns_queries_total", labels("transport="+transport, "family="+family)...)
		want.add(1, "lvsdns_dns_queries_by_type_total", labels("qtype="+dns.TypeToString[q.Question[0].Qtype])...)
		want.add(1, "lvsdns_dns_queries_by_opcode_total", labels("opcode=query")...)
		want.add(1, "lvsdns_dns_query_flags_total", labels("flag=rd")...)
		edns := "none"
		if o := q.IsEdns0(); o != nil {
			edns = "v0"
			want.add(1, "lvsdns_dns_query_edns_udp_size_bytes_count", labels()...)
			want.add(float64(o.UDPSize()), "lvsdns_dns_query_edns_udp_size_bytes_sum", labels()...)
			want.add(truth(o.Do()), "lvsdns_dns_query_flags_total", labels("flag=do")...)
		}
		want.add(1, "lvsdns_dns_query_edns_total", labels("edns="+edns)...)
		want.add(truth(q.CheckingDisabled), "lvsdns_dns_query_flags_total", labels("flag=cd")...)
		want.add(1, "lvsdns_dns_responses_total", labels("transport="+transport, "rcode="+dns.RcodeToString[r.Rcode])...)
		want.add(truth(r.Truncated), "lvsdns_dns_responses_truncated_total", labels("family="+family)...)
		for flag, set := range map[string]bool{"aa": r.Authoritative, "tc": r.Truncated, "ra": r.RecursionAvailable, "ad": r.AuthenticatedData} {
			want.add(truth(set), "lvsdns_dns_response_flags_total", labels("flag="+flag)...)
		}
		want.add(truth(r.Rcode == 0 && len(r.Answer) == 0 && !r.Truncated), "lvsdns_dns_responses_nodata_total", labels()...)
		want.add(1, "lvsdns_dns_response_size_bytes_count", labels("transport="+transport)...)
		want.add(float64(len(wire)), "lvsdns_dns_response_size_bytes_sum", labels("transport="+transport)...)
		want.add(1, "lvsdns_dns_response_latency_seconds_count", labels("transport="+transport)...)
	}
	x.exchange(t, client, vip, note)
	for _, zero := range []string{"lvsdns_dns_unanswered_queries_total", "lvsdns_dns_orphan_responses_total", "lvsdns_dns_tcp_resets_total", "lvsdns_dns_tcp_desync_total"} {
		want.add(0, zero, labels()...)
	}
	want.add(0, "lvsdns_dns_client_retries_total", labels("kind=retransmit")...)
	// What only packets say, and what the two say of each other.
	want.add(1, "lvsdns_dns_tcp_connections_total", labels()...)
	want.add(tellQuestions, "lvsdns_capture_seen_packets_total", labels("transport=udp")...)
	want.add(1, "lvsdns_dnstap_coverage_ratio", labels()...)
}

// exchange asks one after the other over UDP, and over TCP without waiting for answers.
func (x *teller) exchange(t *testing.T, client *labtest.Host, vip string, note func(transport string, q *dns.Msg, answer []byte)) {
	t.Helper()
	dial := func(network string) net.Conn {
		conn, err := client.Dial(network, net.JoinHostPort(vip, "53"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
		return conn
	}
	udp, tcp := dial("udp"), dial("tcp")
	defer udp.Close()
	defer tcp.Close()
	var stream []byte
	b := make([]byte, 65536)
	for i := range tellQuestions {
		q := tellQuestion(i)
		wire, err := q.Pack()
		if err == nil {
			_, err = udp.Write(wire)
		}
		var n int
		if err == nil {
			n, err = udp.Read(b)
		}
		if err != nil {
			t.Fatalf("%s: question %d: %v", vip, i, err)
		}
		note("udp", q, b[:n])
		stream = append(binary.BigEndian.AppendUint16(stream, uint16(len(wire))), wire...)
	}
	go tcp.Write(stream)
	for i := range tellQuestions {
		if _, err := io.ReadFull(tcp, b[:2]); err != nil {
			t.Fatalf("%s: answer %d over TCP: %v", vip, i, err)
		}
		n := binary.BigEndian.Uint16(b)
		if _, err := io.ReadFull(tcp, b[:n]); err != nil {
			t.Fatal(err)
		}
		// They may come in another order.
		note("tcp", tellQuestion(int(binary.BigEndian.Uint16(b))), b[:n])
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
