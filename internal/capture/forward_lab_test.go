//go:build lab

package capture

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/labtest"
)

// scene is a director, a real server and a client.
type scene struct {
	director, dns1, client *labtest.Host
	vips, rips             []string // IPv4, IPv6
	method                 dnscount.Method
	flag                   string // ipvsadm's
}

func draw(t *testing.T, name string) scene {
	const lanNet, lanNet6 = "192.168.1.0/24", "fd00:1::/64"
	lab := labtest.New(t)
	s := scene{vips: []string{"192.168.1.100", "fd00:1::100"}, rips: []string{"192.168.1.21", "fd00:1::21"}}
	if name == "NAT" { // two-armed
		s.vips = []string{"10.0.0.100", "fd00:2::100"}
		wan, lan := lab.LAN("wan", "10.0.0.0/24", "fd00:2::/64"), lab.LAN("lan", lanNet, lanNet6)
		s.director = lab.Director("director", wan.At("10.0.0.1", "fd00:2::1"), lan.At("192.168.1.11", "fd00:1::11")).Hold(s.vips...)
		s.dns1 = lab.RealServer("dns1", lan.At(s.rips...)).NAT("192.168.1.11", "fd00:1::11")
		s.client = lab.Client("client", wan.At("10.0.0.50", "fd00:2::50"))
		s.method, s.flag = dnscount.NAT, "-m"
		return s
	}
	lan := lab.LAN("lan", lanNet, lanNet6)
	s.director = lab.Director("director", lan.At("192.168.1.11", "fd00:1::11")).Hold(s.vips...)
	s.dns1 = lab.RealServer("dns1", lan.At(s.rips...))
	s.client = lab.Client("client", lan.At("192.168.1.50", "fd00:1::50"))
	switch name {
	case "DR":
		s.dns1.DR(s.vips...)
		s.method, s.flag = dnscount.DR, "-g"
	case "TUN":
		// As keepalived does it: or the kernel may take the VIP as the tunnel's source, which the other end has too.
		if _, err := s.director.Run(t.Context(), "ip", "-6", "addr", "change", s.vips[1]+"/128", "dev", "eth0", "preferred_lft", "0"); err != nil {
			t.Fatal(err)
		}
		s.dns1.TUN(s.vips...)
		// The director puts an IPv6 query together and into a tunnel only if each of its fragments would have fitted (__mtu_check_toobig_v6
		// in ip_vs_xmit.c); else it says what fits, and the client sends smaller ones the next time it asks.
		if _, err := s.client.Run(t.Context(), "ip", "-6", "route", "add", s.vips[1]+"/128", "dev", "eth0", "mtu", "1400"); err != nil {
			t.Fatal(err)
		}
		s.method, s.flag = dnscount.TUN, "-i"
	default:
		s.dns1.NAT("192.168.1.11", "fd00:1::11")
		s.method, s.flag = dnscount.NAT, "-m"
	}
	return s
}

// meet lets the director learn the MACs of the real server.
func (s *scene) meet(t *testing.T) map[netip.Addr][6]byte {
	t.Helper()
	neighbours := map[netip.Addr][6]byte{}
	must(t, s.director.Inside(func() error {
		for _, rip := range s.rips {
			conn, err := net.Dial("udp", net.JoinHostPort(rip, "9"))
			if err != nil {
				return err
			}
			conn.Write([]byte("hello"))
			conn.Close()
		}
		for end := time.Now().Add(5 * time.Second); len(neighbours) < 2 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			all, err := Neighbours()
			if err != nil {
				return err
			}
			for _, n := range all {
				if slices.Contains(s.rips, n.Addr.String()) {
					neighbours[n.Addr] = n.MAC
				}
			}
		}
		return nil
	}))
	return neighbours
}

// listen captures on a host.
func listen(t *testing.T, h *labtest.Host, v dnscount.View) *Capture {
	t.Helper()
	v.Local = append(v.Local, h.Addrs()...)
	must(t, h.Inside(func() error {
		links, err := Links()
		for _, l := range links {
			v.MACs = append(v.MACs, l.MAC)
		}
		return err
	}))
	c := New(Config{Blocks: 16})
	must(t, c.Update(v))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- h.Inside(func() error { return c.Run(ctx) }) }()
	t.Cleanup(func() { cancel(); must(t, <-done) })
	await(t, "the rings are open", c, func(r Report) bool {
		return len(r.Links) > 0 && !slices.ContainsFunc(r.Links, func(l LinkReport) bool { return !l.Listening })
	})
	return c
}

// await waits until something holds, and nothing more is counted: what a packet was when it came waits in the ring of one card, and
// what it was when it left in that of another.
func await(t *testing.T, what string, c *Capture, ok func(Report) bool) Report {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r := c.Read()
		if ok(r) {
			before := slices.Clone(r.Links)
			time.Sleep(2*longestPause + 2*retire)
			if r = c.Read(); slices.Equal(before, r.Links) {
				return r
			}
			continue
		}
		if time.Now().After(end) {
			t.Errorf("not within 20 s: %s; %+v, %v", what, r.Links, r.Err)
			return r
		}
	}
}

// TestForwarded: whatever the director does with the packets, every counter is what was sent.
func TestForwarded(t *testing.T) {
	for _, name := range []string{"DR", "TUN", "NAT", "NAT on one LAN"} {
		t.Run(name, func(t *testing.T) {
			s := draw(t, name)
			var rules []string
			view := dnscount.View{Role: dnscount.Director}
			served := dnscount.View{Role: dnscount.RealServer}
			neighbours := s.meet(t)
			for i, vip := range s.vips {
				rip := netip.MustParseAddr(s.rips[i])
				at := vip
				if s.method == dnscount.NAT {
					at = s.rips[i]
				}
				answer(t, s.dns1, at)
				for _, proto := range []string{"-u", "-t"} {
					service := proto + " " + net.JoinHostPort(vip, "53")
					rules = append(rules, "-A "+service+" -s rr", "-a "+service+" -r "+net.JoinHostPort(s.rips[i], "53")+" "+s.flag+" -w 1")
				}
				view.Services = append(view.Services, dnscount.Service{Addr: netip.MustParseAddr(vip), Port: 53, Servers: []dnscount.Server{{Addr: rip, Port: 53, Method: s.method, MAC: neighbours[rip]}}})
				served.Services = append(served.Services, dnscount.Service{Addr: netip.MustParseAddr(at), Port: 53})
			}
			s.director.IPVSAdm(rules...)
			director, server := listen(t, s.director, view), listen(t, s.dns1, served)

			const count = 120
			for family, vip := range s.vips {
				udp, tcp := ask(t, s.client, vip, 1000*(family+1), count)
				over := func(r Report) bool {
					return len(r.Services) == 2 && r.Services[family].Counts.PerConnection.Count() == 1
				}
				seen := await(t, "the connection is over", director, over)
				check(t, "director", seen.Services[family].Counts, family, udp, tcp, s.method == dnscount.NAT)
				if got := seen.Services[family].Servers[0].Queries; got != [2]uint64{udp.queries, tcp.queries} {
					t.Errorf("director: the real server got %d, and %d and %d were sent", got, udp.queries, tcp.queries)
				}
				seen = await(t, "the connection is over", server, over)
				check(t, "real server", seen.Services[family].Counts, family, udp, tcp, true)
			}
			covered(t, s, director)
			for _, r := range []Report{director.Read(), server.Read()} {
				for _, l := range r.Links {
					if l.Drops+l.Truncated > 0 {
						t.Errorf("%+v", l)
					}
				}
				if r.Totals.Undecodable+r.Totals.Unforwarded > 0 {
					t.Errorf("%+v", r.Totals)
				}
			}
			if blind := director.Read().Blind; slices.Contains(blind, NoResponses) != (s.method != dnscount.NAT) {
				t.Errorf("blind: %q", blind)
			}
		})
	}
}

func check(t *testing.T, who string, c dnscount.Counts, family int, udp, tcp truth, responses bool) {
	t.Helper()
	equal := func(what string, got, want uint64) {
		t.Helper()
		if got != want {
			t.Errorf("%s, %s: %s: %d, want %d", who, dnscount.Families[family], what, got, want)
		}
	}
	each := func(what string, names []string, got, one, two []uint64) {
		t.Helper()
		for i, n := range names {
			equal(what+" "+n, got[i], one[i]+two[i])
		}
	}
	equal("UDP queries", c.Queries[dnscount.UDP][family], udp.queries)
	equal("TCP queries", c.Queries[dnscount.TCP][family], tcp.queries)
	equal("connections", c.Connections, 1)
	each("type", dnscount.Types[:], c.ByType[:], udp.types[:], tcp.types[:])
	each("opcode", dnscount.Opcodes[:], c.ByOpcode[:], udp.opcodes[:], tcp.opcodes[:])
	each("flag", dnscount.QueryFlags[:], c.QueryFlags[:], udp.flags[:], tcp.flags[:])
	each("EDNS", dnscount.EDNSVersions[:], c.EDNS[:], udp.edns[:], tcp.edns[:])
	equal("times lost", c.Desyncs, 0)
	equal("unattributed fragments", c.Fragments[dnscount.Unattributed][dnscount.Query]+c.Fragments[dnscount.Unattributed][dnscount.Response], 0)
	if c.Fragments[dnscount.Outer][dnscount.Query] == 0 || who == "director" {
		equal("fragmented queries", c.Fragmented[dnscount.Query][family], udp.fragmentedQueries)
	}
	if !responses {
		equal("responses", c.Responses[dnscount.UDP][0]+c.Responses[dnscount.TCP][0], 0)
		return
	}
	for transport, want := range []truth{udp, tcp} {
		each(dnscount.Transports[transport]+" rcode", dnscount.Rcodes[:], c.Responses[transport][:], want.rcodes[:], make([]uint64, len(want.rcodes)))
		equal("latencies", c.Latency[transport].Count(), want.queries)
	}
	equal("truncated", c.Truncated[family], udp.truncated+tcp.truncated)
	equal("AA", c.ResponseFlags[0], udp.authoritative+tcp.authoritative)
	equal("fragmented responses", c.Fragmented[dnscount.Response][family], udp.fragmentedResponses)
	equal("orphans", c.Orphans, 0)
}

// covered holds what was captured against what IPVS has counted.
func covered(t *testing.T, s scene, c *Capture) {
	t.Helper()
	var said string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) { // its counters move every 2 s
		out, err := s.director.Run(t.Context(), "ipvsadm", "-Ln", "--stats", "--exact")
		must(t, err)
		counted := map[string]uint64{}
		for line := range strings.Lines(out) {
			if words := strings.Fields(line); len(words) == 7 && (words[0] == "UDP" || words[0] == "TCP") {
				n, err := strconv.ParseUint(words[3], 10, 64)
				must(t, err)
				counted[words[1]] += n
			}
		}
		all := true
		said = ""
		for _, service := range c.Read().Services {
			seen, want := service.Counts.Seen[dnscount.UDP]+service.Counts.Seen[dnscount.TCP], counted[service.At.String()]
			said += fmt.Sprintf("%s: %d packets seen, IPVS counts %d. ", service.At, seen, want)
			all = all && want > 0 && math.Abs(float64(seen)-float64(want)) <= 0.01*float64(want)
		}
		if all {
			t.Log(said)
			return
		}
	}
	t.Errorf("the coverage is not within 1 %%: %s", said)
}
