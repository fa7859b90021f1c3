package dnsview

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

func TestNew(t *testing.T) {
	mac := [6]byte{2, 0, 0, 0, 0, 2}
	addr, at := netip.MustParseAddr, netip.MustParseAddrPort
	destination := func(a string, method ipvs.ForwardMethod) ipvs.Destination {
		return ipvs.Destination{DestinationKey: ipvs.To(at(a)), Forward: method}
	}
	gue := destination("192.0.2.24:53", ipvs.Tun)
	gue.Tunnel = ipvs.Tunnel{Port: 6081}
	entry := func(k ipvs.ServiceKey, d ...ipvs.Destination) ipvs.TableEntry {
		return ipvs.TableEntry{Service: ipvs.Service{ServiceKey: k}, Destinations: d}
	}
	table := ipvs.Table{Entries: []ipvs.TableEntry{
		entry(ipvs.At(ipvs.UDP, at("192.0.2.1:53")), destination("192.0.2.21:53", ipvs.DR), gue),
		entry(ipvs.At(ipvs.TCP, at("192.0.2.1:53")), destination("192.0.2.21:53", ipvs.DR), destination("192.0.2.23:5353", ipvs.Masq)),
		entry(ipvs.At(ipvs.TCP, at("192.0.2.1:80")), destination("192.0.2.21:80", ipvs.DR)),
		entry(ipvs.At(ipvs.UDP, at("192.0.2.2:0")), destination("192.0.2.25:0", ipvs.Local)),
		entry(ipvs.Mark(ipvs.IPv4, 7), destination("192.0.2.21:0", ipvs.DR)),
	}}
	around := Surroundings{
		Links:      []capture.Link{{Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, 1}}},
		Neighbours: []capture.Neighbour{{Addr: addr("192.0.2.21"), MAC: mac}},
		Holdings: []capture.Holding{
			{Addr: addr("192.0.2.11"), Bits: 24, Link: "eth0"}, {Addr: addr("192.0.2.1"), Bits: 32, Link: "eth0"},
			{Addr: addr("192.0.2.9"), Bits: 32, Link: "lo", Loop: true},
		},
	}
	v := New(table, around, Options{Services: []netip.AddrPort{at("192.0.2.7:53")}})
	if v.Role != dnscount.Director || len(v.Services) != 3 || !slices.Equal(v.GUEPorts, []uint16{6081}) ||
		!slices.Equal(v.Local, []netip.Addr{addr("192.0.2.11"), addr("192.0.2.9")}) {
		t.Fatalf("%+v", v)
	}
	want := []dnscount.Server{
		{Addr: addr("192.0.2.21"), Port: 53, Method: dnscount.DR, MAC: mac}, {Addr: addr("192.0.2.24"), Port: 53, Method: dnscount.TUN}, {Addr: addr("192.0.2.23"), Port: 5353, Method: dnscount.NAT},
	}
	if !slices.Equal(v.Services[0].Servers, want) {
		t.Errorf("%+v", v.Services[0].Servers)
	}
	if s := v.Services[1]; s.Port != 53 || s.Servers[0] != (dnscount.Server{Addr: addr("192.0.2.25"), Port: 53, Method: dnscount.Local}) {
		t.Errorf("all ports: %+v", s)
	}
	v = New(ipvs.Table{}, around, Options{Ports: []uint16{53, 5300}})
	if v.Role != dnscount.RealServer || len(v.Services) != 2 || v.Services[0].Addr != addr("192.0.2.9") || v.Services[1].Port != 5300 {
		t.Errorf("a real server: %+v", v)
	}
	if v := New(table, around, Options{Role: "realserver"}); v.Role != dnscount.RealServer || len(v.Services) != 1 {
		t.Errorf("a real server that is also a director: %+v", v)
	}
}

// TestRepliesPass holds that a director's table and what is counted of its packets say the same of each method.
func TestRepliesPass(t *testing.T) {
	for m, want := range map[ipvs.ForwardMethod]bool{ipvs.Masq: true, ipvs.Local: true, ipvs.Bypass: true, ipvs.DR: false, ipvs.Tun: false} {
		if got := m.RepliesPass(); got != want {
			t.Errorf("%s: %t", m, got)
		}
		if got := methodOf(m).RepliesPass(); got != want {
			t.Errorf("%s, for counting: %t", m, got)
		}
	}
}

// TestTwoMethods has a real server that gets UDP by NAT and TCP by direct routing: its responses over TCP go past the director, whatever
// the order of the table.
func TestTwoMethods(t *testing.T) {
	at := netip.MustParseAddrPort
	entry := func(p ipvs.Protocol, m ipvs.ForwardMethod) ipvs.TableEntry {
		return ipvs.TableEntry{
			Service:      ipvs.Service{ServiceKey: ipvs.At(p, at("192.0.2.1:53"))},
			Destinations: []ipvs.Destination{{DestinationKey: ipvs.To(at("192.0.2.21:53")), Forward: m}},
		}
	}
	udp, tcp := entry(ipvs.UDP, ipvs.Masq), entry(ipvs.TCP, ipvs.DR)
	for _, entries := range [][]ipvs.TableEntry{{udp, tcp}, {tcp, udp}} {
		all := Services(ipvs.Table{Entries: entries}, []uint16{53})
		if len(all) != 1 || len(all[0].Servers) != 2 || !all[0].Bypassed() {
			t.Errorf("%+v", all)
		}
	}
	all := Services(ipvs.Table{Entries: []ipvs.TableEntry{udp, entry(ipvs.TCP, ipvs.Masq)}}, []uint16{53})
	if len(all) != 1 || len(all[0].Servers) != 1 || all[0].Bypassed() {
		t.Errorf("NAT alone: %+v", all)
	}
}
