package capture

import (
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

var (
	macHost = [6]byte{2, 0, 0, 0, 0, 1}
	macDNS  = [6]byte{2, 0, 0, 0, 0, 2}
)

func ip(s string) netip.Addr     { return netip.MustParseAddr(s) }
func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// run runs a filter as the kernel does, for a packet of a kind.
func run(t *testing.T, code []bpf.RawInstruction, kind dnscount.Kind, packet []byte) int {
	t.Helper()
	decoded, all := bpf.Disassemble(code)
	if !all {
		t.Fatal("not all instructions are known")
	}
	for i, in := range decoded {
		// The machine of x/net knows no packet types.
		if e, ok := in.(bpf.LoadExtension); ok && e.Num == bpf.ExtType {
			decoded[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: uint32(kind)}
		}
	}
	vm, err := bpf.NewVM(decoded)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(packet)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func views() (director, real dnscount.View) {
	director = dnscount.View{
		Role: dnscount.Director, GUEPorts: []uint16{6080}, MACs: [][6]byte{macHost},
		Local: []netip.Addr{ip("192.0.2.11"), ip("192.0.2.21")},
		Services: []dnscount.Service{
			{Addr: ip("192.0.2.1"), Port: 53, Servers: []dnscount.Server{
				{Addr: ip("192.0.2.21"), Port: 53, Method: dnscount.DR, MAC: macDNS},
				{Addr: ip("192.0.2.22"), Port: 53, Method: dnscount.TUN},
				{Addr: ip("192.0.2.23"), Port: 5353, Method: dnscount.NAT},
			}},
			{Addr: ip("2001:db8::1"), Port: 53, Servers: []dnscount.Server{{Addr: ip("2001:db8::22"), Port: 53, Method: dnscount.TUN}}},
			{Addr: ip("192.0.2.2"), Port: 5300},
		},
	}
	real = director
	real.Role, real.Services = dnscount.RealServer, nil
	for _, s := range director.Services {
		s.Servers = nil
		real.Services = append(real.Services, s)
	}
	return director, real
}

func TestFilter(t *testing.T) {
	director, real := views()
	client, vip := ap("198.51.100.5:4242"), ap("192.0.2.1:53")
	client6, vip6 := ap("[2001:db8:5::5]:4242"), ap("[2001:db8::1]:53")
	message := make([]byte, 30)
	query := packets.Datagram(client, vip, macHost, message)
	query6 := packets.Datagram(client6, vip6, macHost, message)
	inner := packets.IP(client.Addr(), vip.Addr(), 17, packets.UDP(4242, 53, message))
	inner6 := packets.IP(client6.Addr(), vip6.Addr(), 17, packets.UDP(4242, 53, message))
	tunnel := packets.Ether(macDNS, packets.IP(ip("192.0.2.11"), ip("192.0.2.22"), 4, inner))
	const none, head, whole = 0, headersOnly, wholePacket
	for _, tt := range []struct {
		name           string
		packet         []byte
		kind           dnscount.Kind
		director, real int
	}{
		{"query", query, 0, whole, whole},
		{"query to a virtual MAC", query, dnscount.OtherHost, whole, whole},
		{"query, IPv6", query6, 0, whole, whole},
		{"VLAN", packets.Ether(macHost, inner, 5), 0, whole, whole},
		{"three tags are too many", packets.Ether(macHost, inner, 5, 6, 7), 0, none, none},
		{"two tags, IPv6", packets.Ether(macHost, inner6, 5, 6), 0, whole, whole},
		{"another port", packets.Datagram(client, ap("192.0.2.1:54"), macHost, message), 0, none, none},
		{"another address", packets.Datagram(client, ap("192.0.2.3:53"), macHost, message), 0, none, none},
		{"another address, IPv6", packets.Datagram(client6, ap("[2001:db8::3]:53"), macHost, message), 0, none, none},
		{"the other service", packets.Datagram(client, ap("192.0.2.2:5300"), macHost, message), 0, whole, whole},
		{"TCP", packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), 6, packets.TCP(1, 53, 1, 2, nil))), 0, whole, whole},
		{"TCP to another port", packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), 6, packets.TCP(53, 80, 1, 2, nil))), 0, none, none},
		{"a later fragment", packets.Ether(macHost, packets.Fragment(client.Addr(), vip.Addr(), 17, message, 1, 1480, false)), 0, whole, whole},
		{"a later fragment, IPv6", packets.Ether(macHost, packets.Fragment(client6.Addr(), vip6.Addr(), 17, message, 1, 1480, false)), 0, whole, whole},
		{"ICMP", packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), 1, message)), 0, whole, whole},
		{"ICMPv6", packets.Ether(macHost, packets.IP(client6.Addr(), vip6.Addr(), 58, message)), 0, whole, whole},
		{"ARP", append(append(macHost[:], make([]byte, 6)...), 8, 6, 0, 1, 8, 0, 6, 4, 0, 1), 0, none, none},
		{"response", packets.Datagram(vip, client, macDNS, message), dnscount.Outgoing, whole, whole},
		{"response, IPv6", packets.Datagram(vip6, client6, macDNS, message), dnscount.Outgoing, whole, whole},
		{"response on its way in", packets.Datagram(vip, client, macDNS, message), 0, none, none},
		{"forwarded", packets.Datagram(client, vip, macDNS, message), dnscount.Outgoing, head, none},
		{"forwarded by NAT", packets.Datagram(client, ap("192.0.2.23:5353"), macDNS, message), dnscount.Outgoing, head, none},
		{"to a real server's other port", packets.Datagram(client, ap("192.0.2.23:53"), macDNS, message), dnscount.Outgoing, none, none},
		{"the response of NAT before it is translated", packets.Datagram(ap("192.0.2.23:5353"), client, macHost, message), 0, none, none},
		{"tunnel out", tunnel, dnscount.Outgoing, head, none},
		{"tunnel in", tunnel, 0, none, whole},
		{"tunnel to somebody else", packets.Ether(macDNS, packets.IP(ip("192.0.2.11"), ip("192.0.2.99"), 4, inner)), dnscount.Outgoing, none, none},
		{"GUE out", packets.Ether(macDNS, packets.IP(ip("192.0.2.11"), ip("192.0.2.22"), 17, packets.UDP(9, 6080, inner))), dnscount.Outgoing, head, none},
		{"GUE in", packets.Ether(macDNS, packets.IP(ip("192.0.2.11"), ip("192.0.2.22"), 17, packets.UDP(9, 6080, inner))), 0, none, whole},
		{"6 in 6 out", packets.Ether(macDNS, packets.IP(ip("2001:db8::11"), ip("2001:db8::22"), 41, inner6)), dnscount.Outgoing, head, none},
		{"a later piece of a tunnel's packet", packets.Ether(macDNS, packets.Fragment(ip("192.0.2.11"), ip("192.0.2.22"), 4, message, 1, 1480, false)), dnscount.Outgoing, head, none},
		{"an answer from a wrong address", packets.Datagram(ap("192.0.2.21:53"), client, macDNS, message), dnscount.Outgoing, none, whole},
		{"the server's own question", packets.Datagram(ap("192.0.2.21:4000"), ap("203.0.113.1:53"), macDNS, message), dnscount.Outgoing, none, none},
		{"the answer to it", packets.Datagram(ap("203.0.113.1:53"), ap("192.0.2.21:4000"), macHost, message), 0, none, none},
	} {
		for _, at := range []struct {
			view dnscount.View
			want int
		}{{director, tt.director}, {real, tt.real}} {
			code, err := Filter(at.view, dnscount.Ethernet, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := run(t, code, tt.kind, tt.packet); got != min(at.want, wholePacket) {
				t.Errorf("%s: a %s takes %d octets, want %d", tt.name, at.view.Role, got, at.want)
			}
			// Cut anywhere it is no worse than not taken.
			for n := range tt.packet {
				run(t, code, tt.kind, tt.packet[:n])
			}
		}
	}
	raw, err := Filter(director, dnscount.Raw, 0)
	if err != nil {
		t.Fatal(err)
	}
	if run(t, raw, 0, inner) != wholePacket || run(t, raw, 0, inner6) != wholePacket || run(t, raw, 0, []byte{0x50}) != 0 {
		t.Error("without a link header")
	}
	empty, err := Filter(dnscount.View{}, dnscount.Ethernet, 0)
	if err != nil || run(t, empty, 0, query) != 0 {
		t.Errorf("nothing to serve: %v", err)
	}
}

// TestFilterSamples: the kernel must choose as the counter does, of all packets of an exchange.
func TestFilterSamples(t *testing.T) {
	director, _ := views()
	for _, shift := range []uint8{1, 4, 10} {
		code, err := Filter(director, dnscount.Ethernet, shift)
		if err != nil {
			t.Fatal(err)
		}
		taken := 0
		for i := range 3000 {
			id, port := uint16(i*7919), uint16(1024+i*13)
			client := netip.AddrPortFrom(ip("198.51.100.5"), port)
			message := append([]byte{byte(id >> 8), byte(id)}, make([]byte, 20)...)
			want := dnscount.Sampled(id, port, shift)
			if want {
				taken++
			}
			for what, got := range map[string]int{
				"query":     run(t, code, 0, packets.Datagram(client, ap("192.0.2.1:53"), macHost, message)),
				"response":  run(t, code, dnscount.Outgoing, packets.Datagram(ap("192.0.2.1:53"), client, macHost, message)),
				"forwarded": run(t, code, dnscount.Outgoing, packets.Datagram(client, ap("192.0.2.23:5353"), macHost, message)),
			} {
				if got > 0 != want {
					t.Fatalf("1/%d: %s with ID %d and port %d: %d octets, want them: %t", 1<<shift, what, id, port, got, want)
				}
			}
			if got := run(t, code, 0, packets.Ether(macHost, packets.IP(client.Addr(), ip("192.0.2.1"), 6, packets.TCP(port, 53, 1, 16, message)))); got > 0 != dnscount.Sampled(0, port, shift) {
				t.Fatalf("1/%d: TCP port %d: %d octets", 1<<shift, port, got)
			}
		}
		if want := 3000 >> shift; shift < 10 && (taken < want*8/10 || taken > want*12/10) {
			t.Errorf("1/%d: %d of 3000", 1<<shift, taken)
		}
	}
}

// TestLargestFilter: the kernel takes no more than 4096 instructions.
func TestLargestFilter(t *testing.T) {
	for _, method := range []dnscount.Method{dnscount.NAT, dnscount.TUN} {
		for _, servers := range []int{1, 3, 64} {
			var v dnscount.View
			for i := range dnscount.MaxServices {
				s := dnscount.Service{Addr: ip(fmt.Sprintf("2001:db8::%x", 0x1000+i)), Port: uint16(1000 + i)}
				for j := range servers {
					s.Servers = append(s.Servers, dnscount.Server{Addr: ip(fmt.Sprintf("2001:db8:%x::%x", i, j)), Port: uint16(2000 + i), Method: method})
				}
				v.Services = append(v.Services, s)
			}
			code, err := Filter(v, dnscount.Ethernet, 10)
			if err != nil {
				t.Fatal(err)
			}
			if len(code) > 4096 {
				t.Errorf("%d services with %d real servers each: %d instructions", len(v.Services), servers, len(code))
			}
			last := v.Services[len(v.Services)-1]
			if got := run(t, code, 0, packets.Ether(macHost, packets.Fragment(ip("2001:db8:5::5"), last.Addr, 17, make([]byte, 20), 1, 1480, false))); got != wholePacket {
				t.Errorf("the last service gets %d octets", got)
			}
		}
	}
}
