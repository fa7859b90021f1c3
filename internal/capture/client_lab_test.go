//go:build lab

package capture

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestClientSigns: responses go past the director, and what clients do about them is counted exactly. The client is behind a
// router with a smaller MTU, so that a large answer comes to nothing and the router tells the virtual server.
func TestClientSigns(t *testing.T) {
	for _, name := range []string{"DR", "TUN"} {
		t.Run(name, func(t *testing.T) { clientSigns(t, name, false) })
	}
}

func clientSigns(t *testing.T, name string, ended bool) {
	s := drawRouted(t, name)
	neighbours := s.meet(t)
	var rules []string
	view, served := dnscount.View{Role: dnscount.Director}, dnscount.View{Role: dnscount.RealServer}
	for i, vip := range s.vips {
		rip := netip.MustParseAddr(s.rips[i])
		oblige(t, s.dns1, vip)
		for _, proto := range []string{"-u", "-t"} {
			service := proto + " " + net.JoinHostPort(vip, "53")
			rules = append(rules, "-A "+service+" -s rr", "-a "+service+" -r "+net.JoinHostPort(s.rips[i], "53")+" "+s.flag+" -w 1")
		}
		view.Services = append(view.Services, dnscount.Service{Addr: netip.MustParseAddr(vip), Port: 53, Servers: []dnscount.Server{{Addr: rip, Port: 53, Method: s.method, MAC: neighbours[rip]}}})
		served.Services = append(served.Services, dnscount.Service{Addr: netip.MustParseAddr(vip), Port: 53})
	}
	s.director.IPVSAdm(rules...)
	director, server := listen(t, s.director, view), listen(t, s.dns1, served)
	var want [2]dnscount.Counts
	for family, vip := range s.vips {
		want[family] = misbehave(t, s.client, vip, family, ended)
	}
	for family := range s.vips {
		for who, c := range map[string]*Capture{"director": director, "real server": server} {
			w := &want[family]
			r := await(t, "the connections are over", c, func(r Report) bool {
				got := &r.Services[family].Counts
				return got.AckedBytes >= w.AckedBytes && got.AckedSize.Count() >= w.AckedSize.Count() && got.Feedback[dnscount.PortUnreachable][0] >= w.Feedback[dnscount.PortUnreachable][0]
			})
			got := &r.Services[family].Counts
			for _, x := range []struct {
				what      string
				got, want any
			}{
				{"queries", got.Queries[dnscount.UDP][family], w.Queries[dnscount.UDP][family]},
				{"queries over TCP", got.Queries[dnscount.TCP][family], w.Queries[dnscount.TCP][family]},
				{"retransmits", got.Retransmits, w.Retransmits},
				{"requeries", got.Requeries, w.Requeries},
				{"fallbacks", got.Fallbacks, w.Fallbacks},
				{"downgrades", got.Downgrades, w.Downgrades},
				{"acknowledged bytes", got.AckedBytes, w.AckedBytes},
				{"acknowledged sizes", got.AckedSize, w.AckedSize},
				{"ICMP", got.Feedback, w.Feedback},
				{"times lost", got.Desyncs, uint64(0)},
				{"responses, on the real server alone", got.Responses == [len(dnscount.Transports)][len(dnscount.Rcodes)]uint64{}, who == "director"},
				{"a director that says so", r.Services[family].Bypassed, who == "director"},
			} {
				if x.got != x.want {
					t.Errorf("%s, %s: %s: %v, want %v", who, dnscount.Families[family], x.what, x.got, x.want)
				}
			}
		}
	}
}

// drawRouted is a scene whose client is behind a router.
func drawRouted(t *testing.T, name string) scene {
	lab := labtest.New(t)
	s := scene{vips: []string{"192.168.1.100", "fd00:1::100"}, rips: []string{"192.168.1.21", "fd00:1::21"}}
	lan, far := lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64"), lab.LAN("far", "10.0.0.0/24", "fd00:2::/64")
	s.director = lab.Director("director", lan.At("192.168.1.11", "fd00:1::11")).Hold(s.vips...)
	s.dns1 = lab.RealServer("dns1", lan.At(s.rips...))
	router := lab.Director("router", lan.At("192.168.1.1", "fd00:1::1"), far.At("10.0.0.1", "fd00:2::1"))
	s.client = lab.Client("client", far.At("10.0.0.50", "fd00:2::50"))
	run := func(h *labtest.Host, line string) {
		t.Helper()
		words := strings.Fields(line)
		_, err := h.Run(t.Context(), words[0], words[1:]...)
		must(t, err)
	}
	run(router, "ip link set eth1 mtu 1300")
	run(s.client, "ip link set eth0 mtu 1300")
	// Or the kernel would keep some of the errors to itself.
	for _, h := range []*labtest.Host{router, s.client} {
		run(h, "sysctl -q net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0")
	}
	for _, h := range []*labtest.Host{s.director, s.dns1} {
		run(h, "ip route add default via 192.168.1.1")
		run(h, "ip -6 route add default via fd00:1::1")
	}
	run(s.client, "ip route add default via 10.0.0.1")
	run(s.client, "ip -6 route add default via fd00:2::1")
	if name == "DR" {
		s.dns1.DR(s.vips...)
		s.method, s.flag = dnscount.DR, "-g"
		return s
	}
	run(s.director, "ip -6 addr change "+s.vips[1]+"/128 dev eth0 preferred_lft 0")
	s.dns1.TUN(s.vips...)
	s.method, s.flag = dnscount.TUN, "-i"
	return s
}

// wish is a question that says by its name what the answer shall be: "WORD-SIZE-NUMBER.example.com".
func wish(id uint16, word string, size, number int) *dns.Msg {
	m := new(dns.Msg).SetQuestion(fmt.Sprintf("%s-%d-%d.example.com.", word, size, number), dns.TypeTXT)
	m.Id = id
	return m
}

// grant is the answer to a wish, and the word.
func grant(b []byte) ([]byte, string) {
	var q dns.Msg
	if q.Unpack(b) != nil || len(q.Question) != 1 {
		return nil, "mute"
	}
	words := strings.Split(strings.SplitN(q.Question[0].Name, ".", 2)[0], "-")
	if len(words) != 3 {
		return nil, "mute"
	}
	size, _ := strconv.Atoi(words[1])
	r := new(dns.Msg).SetReply(&q)
	r.Truncated = words[0] == "short"
	padding := &dns.EDNS0_PADDING{}
	r.SetEdns0(1232, false).IsEdns0().Option = []dns.EDNS0{padding}
	out, err := r.Pack()
	if err != nil {
		return nil, "mute"
	}
	padding.Padding = make([]byte, max(size-len(out), 0))
	out, err = r.Pack()
	if err != nil {
		return nil, "mute"
	}
	return out, words[0]
}

// oblige serves wishes at an address of a host.
func oblige(t testing.TB, h *labtest.Host, address string) {
	t.Helper()
	must(t, h.Inside(func() error {
		udp, err := net.ListenPacket("udp", net.JoinHostPort(address, "53"))
		if err != nil {
			return err
		}
		tcp, err := net.Listen("tcp", net.JoinHostPort(address, "53"))
		if err != nil {
			return err
		}
		t.Cleanup(func() { udp.Close(); tcp.Close() })
		go func() {
			b := make([]byte, 65536)
			for {
				n, from, err := udp.ReadFrom(b)
				if err != nil {
					return
				}
				switch r, word := grant(b[:n]); word {
				case "mute":
				case "late":
					time.AfterFunc(200*time.Millisecond, func() { udp.WriteTo(r, from) })
				default:
					udp.WriteTo(r, from)
				}
			}
		}()
		go func() {
			for {
				conn, err := tcp.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					for {
						m, err := readFramed(conn)
						if err != nil {
							return
						}
						r, word := grant(m)
						conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(r))), r...))
						if word == "bye" {
							return
						}
					}
				}()
			}
		}()
		return nil
	}))
}

// misbehave has a client do all that clients do about answers, and returns what must be counted of it. ended: one of its
// connections is closed by the server.
func misbehave(t *testing.T, h *labtest.Host, vip string, family int, ended bool) (want dnscount.Counts) {
	t.Helper()
	dial := func(network string) net.Conn {
		var conn net.Conn
		must(t, h.Inside(func() (err error) {
			conn, err = net.DialTimeout(network, net.JoinHostPort(vip, "53"), 10*time.Second)
			return err
		}))
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		return conn
	}
	send := func(conn net.Conn, m *dns.Msg) {
		_, err := conn.Write(wireOf(t, m))
		must(t, err)
		want.Queries[dnscount.UDP][family]++
	}
	once := func(m *dns.Msg) {
		conn := dial("udp")
		defer conn.Close()
		send(conn, m)
	}
	b := make([]byte, 65536)
	asks := func(conn net.Conn, m *dns.Msg) { // over UDP, until there is an answer
		send(conn, m)
		if _, err := conn.Read(b); err != nil {
			t.Fatalf("%s: %v", m.Question[0].Name, err)
		}
	}
	framed := func(m *dns.Msg) []byte {
		q := wireOf(t, m)
		want.Queries[dnscount.TCP][family]++
		return append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)
	}
	reads := func(conn net.Conn) int {
		r, err := readFramed(conn)
		must(t, err)
		want.AckedBytes += uint64(len(r)) + 2
		return len(r)
	}
	tells := func(size int) { // as a histogram has it
		i := 0
		for i < len(dnscount.ResponseSizes) && uint64(size) > dnscount.ResponseSizes[i] {
			i++
		}
		want.AckedSize.Buckets[i]++
		want.AckedSize.Sum += uint64(size)
	}

	if ended { // the server closes
		conn := dial("tcp")
		conn.Write(framed(wish(1, "bye", 700, 1)))
		tells(reads(conn))
		if _, err := conn.Read(b); err == nil {
			t.Error("the server did not close")
		}
		conn.Close()
	}
	// A large answer that does not fit; then one that the server fragments, because it was told.
	conn := dial("udp")
	send(conn, wish(2, "plain", 1400, 1))
	conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	if n, err := conn.Read(b); err == nil {
		t.Errorf("an answer of %d octets came through", n)
	}
	kind := dnscount.FragNeeded
	if family == 1 {
		kind = dnscount.PacketTooBig
	}
	want.Feedback[kind][dnscount.Query]++
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	asks(conn, wish(3, "plain", 1400, 2))
	conn.Close()
	for i := range 3 { // gone before the answer comes
		once(wish(uint16(10+i), "late", 100, i))
		want.Feedback[dnscount.PortUnreachable][dnscount.Query]++
	}
	for i := range 5 {
		conn := dial("udp")
		m := wish(uint16(20+i), "mute", 0, i)
		for range 3 {
			send(conn, m)
		}
		conn.Close()
		want.Retransmits += 2
	}
	for i := range 4 {
		for n := range 3 {
			once(wish(uint16(100+10*i+n), "mute", 1, i))
		}
		want.Requeries += 2
	}
	for i := range 2 {
		for n, size := range []uint16{4096, 1232, 1232, 0} {
			m := wish(uint16(200+10*i+n), "mute", 2, i)
			if size > 0 {
				m.SetEdns0(size, n < 2)
			}
			once(m)
		}
		want.Requeries += 3
		want.Downgrades += 3
	}
	for i := range 5 { // truncated, so over TCP
		m := wish(uint16(300+i), "short", 0, i)
		udp := dial("udp")
		asks(udp, m)
		udp.Close()
		conn := dial("tcp")
		conn.Write(framed(m))
		tells(reads(conn))
		conn.Close()
		want.Fallbacks++
	}
	conn = dial("tcp") // one after the other
	for i, size := range []int{60, 129, 513, 1233, 1473, 9000, 40000, 65535, 100} {
		conn.Write(framed(wish(uint16(400+i), "plain", size, i)))
		tells(reads(conn))
	}
	conn.Close()
	conn = dial("tcp") // all at once
	var all []byte
	for i := range 10 {
		all = append(all, framed(wish(uint16(500+i), "plain", 300+i, i))...)
	}
	conn.Write(all)
	for range 10 {
		reads(conn)
	}
	conn.Close()
	return want
}
