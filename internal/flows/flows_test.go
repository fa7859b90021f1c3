package flows

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

func at(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func entry(service ipvs.ServiceKey, flags ipvs.ServiceFlags, methods ...ipvs.ForwardMethod) ipvs.TableEntry {
	e := ipvs.TableEntry{Service: ipvs.Service{ServiceKey: service, Flags: flags}}
	for i, m := range methods {
		addr := netip.AddrFrom4([4]byte{198, 51, 100, byte(i + 1)})
		e.Destinations = append(e.Destinations, ipvs.Destination{
			DestinationKey: ipvs.To(netip.AddrPortFrom(addr, 53)), Forward: m, Weight: uint32(i), // the first is drained
		})
	}
	return e
}

func TestServices(t *testing.T) {
	gone := entry(ipvs.At(ipvs.UDP, at("192.0.2.3:53")), 0)
	gone.Gone = true
	got := Services(ipvs.Table{Entries: []ipvs.TableEntry{
		entry(ipvs.At(ipvs.UDP, at("192.0.2.1:53")), 0, ipvs.Masq, ipvs.DR),
		entry(ipvs.At(ipvs.TCP, at("192.0.2.1:53")), 0, ipvs.Masq),
		entry(ipvs.Mark(ipvs.IPv4, 7), 0, ipvs.Masq),
		gone,
		entry(ipvs.At(ipvs.UDP, at("[2001:db8::1]:0")), 0),
	}})
	if len(got) != 2 || got[0].At != at("192.0.2.1:53") || got[1].At != at("[2001:db8::1]:0") || len(got[1].Servers) != 0 ||
		!slices.Equal(got[0].Servers, []conntrack.Server{{At: at("198.51.100.1:53"), Drained: true}, {At: at("198.51.100.2:53")}}) {
		t.Errorf("%+v", got)
	}
}

func TestTrack(t *testing.T) {
	four, six := ipvs.At(ipvs.UDP, at("192.0.2.1:53")), ipvs.At(ipvs.UDP, at("[2001:db8::1]:53"))
	on := Kernel{Conntrack: 1, IPv4: true, IPv6: true}
	for _, tt := range []struct {
		name   string
		kernel Kernel
		entry  ipvs.TableEntry
		want   Reason
	}{
		{"NAT", on, entry(four, 0, ipvs.Masq, ipvs.Masq), Tracked},
		{"NAT, IPv6", on, entry(six, ipvs.Persistent|ipvs.Hashed, ipvs.Masq), Tracked},
		{"no real server is left", on, entry(four, 0), Tracked},
		{"sysctl off", Kernel{Conntrack: 0, IPv4: true}, entry(four, 0, ipvs.Masq), Off},
		{"sysctl off says more than the rest", Kernel{}, entry(four, ipvs.OnePacket, ipvs.DR), Off},
		{"sysctl not known", Kernel{Conntrack: -1, IPv4: true}, entry(four, 0, ipvs.Masq), Unknown},
		{"no hooks", Kernel{Conntrack: 1}, entry(four, 0, ipvs.Masq), NothingSeen},
		{"hooks for the other family", Kernel{Conntrack: 1, IPv4: true}, entry(six, 0, ipvs.Masq), NothingSeen},
		{"hooks for this family", Kernel{Conntrack: 1, IPv4: true}, entry(four, 0, ipvs.Masq), Tracked},
		{"one packet", on, entry(four, ipvs.OnePacket, ipvs.Masq), OnePacket},
		{"direct routing", on, entry(four, 0, ipvs.DR, ipvs.DR), NotTranslated},
		{"tunnel", on, entry(six, 0, ipvs.Tun), NotTranslated},
		{"a real server on the director", on, entry(four, 0, ipvs.Local), NotTranslated},
		{"NAT and tunnel", on, entry(four, 0, ipvs.Masq, ipvs.Tun), Mixed},
	} {
		got := Track(ipvs.Table{Entries: []ipvs.TableEntry{tt.entry, entry(ipvs.Mark(ipvs.IPv4, 1), 0)}}, tt.kernel)
		if len(got) != 1 || got[0].Reason != tt.want || !slices.Contains(Reasons(), tt.want) {
			t.Errorf("%s: %+v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestLook(t *testing.T) {
	services := conntrack.NewServices([]conntrack.Service{{At: at("192.0.2.1:53"), Servers: []conntrack.Server{{At: at("198.51.100.1:53")}}}})
	wants := func(to conntrack.Target) bool { return to == conntrack.Removed }
	flow := func(port uint16, server string) conntrack.Flow {
		s := at(server)
		return conntrack.Flow{
			Client: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), port), At: at("192.0.2.1:53"), Server: s,
			Target: services.Target(0, at("192.0.2.1:53"), s), Expires: time.Second,
		}
	}
	connection := func(p ipvs.Protocol, port uint16, virtual, server string) ipvs.Connection {
		return ipvs.Connection{
			Protocol: p, Client: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), port), Virtual: at(virtual),
			Destination: at(server), Expires: time.Minute,
		}
	}
	l := NewLook(services, wants, 3)
	for _, f := range []conntrack.Flow{
		flow(4, "198.51.100.9:53"), flow(1, "198.51.100.1:53"), flow(2, "192.0.2.1:53"), flow(3, "198.51.100.9:53"),
	} {
		if err := l.Conntrack(f); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []ipvs.Connection{
		connection(ipvs.UDP, 3, "192.0.2.1:53", "198.51.100.9:53"), // both know it
		connection(ipvs.UDP, 4, "192.0.2.1:53", "198.51.100.1:53"), // IPVS sends it where it is served
		connection(ipvs.UDP, 5, "192.0.2.1:53", "198.51.100.8:53"), // IPVS alone
		connection(ipvs.UDP, 6, "192.0.2.1:53", "198.51.100.8:53"), // one too many
		connection(ipvs.UDP, 0, "192.0.2.1:53", "198.51.100.8:53"), // a template
		connection(ipvs.TCP, 7, "192.0.2.1:53", "198.51.100.8:53"),
		connection(ipvs.UDP, 7, "192.0.2.2:53", "198.51.100.8:53"), // of a service that is not looked at
	} {
		if err := l.Connection(c); err != nil {
			t.Fatal(err)
		}
	}
	held, tally := l.Held()
	if want := (Tally{Conntrack: 2, IPVS: 3, Removed: 3, Left: 1}); tally != want {
		t.Errorf("%+v, want %+v", tally, want)
	}
	var got []string
	for _, h := range held {
		got = append(got, h.Client.String()+map[bool]string{true: " conntrack"}[h.Conntrack != nil]+map[bool]string{true: " ipvs"}[h.IPVS != nil])
	}
	if want := "10.0.0.1:5 ipvs, 10.0.0.1:3 conntrack ipvs, 10.0.0.1:4 conntrack"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
	if d := Deletable(held); len(d) != 2 || d[0].Client.Port() != 3 || d[1].Client.Port() != 4 {
		t.Errorf("to delete: %+v", d)
	}
}

// TestPersistence: a template that keeps its client with a real server of weight 0 is listed, others are not.
func TestPersistence(t *testing.T) {
	table := ipvs.Table{Entries: []ipvs.TableEntry{
		entry(ipvs.At(ipvs.UDP, at("192.0.2.1:53")), ipvs.Persistent, ipvs.DR, ipvs.DR),
		entry(ipvs.At(ipvs.UDP, at("192.0.2.2:53")), 0, ipvs.DR),
		entry(ipvs.At(ipvs.TCP, at("192.0.2.1:53")), ipvs.Persistent, ipvs.DR),
		entry(ipvs.Mark(ipvs.IPv4, 7), ipvs.Persistent, ipvs.DR),
	}}
	connections := []ipvs.Connection{
		{Protocol: ipvs.UDP, Client: at("10.0.0.1:0"), Virtual: at("192.0.2.1:53"), Destination: at("198.51.100.1:53")},
		{Protocol: ipvs.UDP, Client: at("10.0.0.2:0"), Virtual: at("192.0.2.1:53"), Destination: at("198.51.100.2:53")},    // takes clients
		{Protocol: ipvs.UDP, Client: at("10.0.0.3:0"), Virtual: at("192.0.2.1:53"), Destination: at("198.51.100.1:65535")}, // invalid
		{
			Protocol: ipvs.UDP, Client: at("10.0.0.4:0"), Virtual: at("192.0.2.1:53"),
			Destination: at("198.51.100.9:53"),
		}, // removed: the kernel gives another
		{
			Protocol: ipvs.UDP, Client: at("10.0.0.5:0"), Virtual: at("192.0.2.2:53"),
			Destination: at("198.51.100.1:53"),
		}, // not persistent any more
		{Protocol: ipvs.TCP, Client: at("10.0.0.6:0"), Virtual: at("192.0.2.1:53"), Destination: at("198.51.100.1:53")},
		{Client: at("10.0.0.7:0"), Virtual: at("0.0.0.7:0"), Destination: at("198.51.100.1:0")},
		{Protocol: ipvs.UDP, Client: at("10.0.0.1:4000"), Virtual: at("192.0.2.1:53"), Destination: at("198.51.100.1:53")}, // a flow
	}
	drained := func(to conntrack.Target) bool { return to == conntrack.Removed || to == conntrack.Drained }
	for _, tt := range []struct {
		name   string
		setup  func(*Look)
		wants  func(conntrack.Target) bool
		want   string
		counts Tally
	}{
		{
			"drained", func(l *Look) { l.Persistence(ipvs.NewTemplates(table), true) }, drained,
			"10.0.0.7:0 mark 7, 10.0.0.1:0, 10.0.0.1:4000", Tally{IPVS: 3, Drained: 1, Bound: 2},
		},
		{
			"of named virtual servers", func(l *Look) { l.Persistence(ipvs.NewTemplates(table), false) }, drained,
			"10.0.0.1:0, 10.0.0.1:4000", Tally{IPVS: 2, Drained: 1, Bound: 1},
		},
		{"expire_quiescent_template is set", func(*Look) {}, drained, "10.0.0.1:4000", Tally{IPVS: 1, Drained: 1}},
		{
			"removed", func(l *Look) { l.Persistence(ipvs.NewTemplates(table), true) },
			func(to conntrack.Target) bool { return to == conntrack.Removed }, "", Tally{},
		},
	} {
		l := NewLook(conntrack.NewServices(Services(table)), tt.wants, 10)
		tt.setup(l)
		for _, c := range connections {
			if err := l.Connection(c); err != nil {
				t.Fatal(err)
			}
		}
		held, tally := l.Held()
		var got []string
		for _, h := range held {
			name := h.Client.String()
			if h.Mark != 0 {
				name += fmt.Sprintf(" mark %d", h.Mark)
			}
			if h.Template() != (h.Client.Port() == 0) || h.Target != conntrack.Drained || h.IPVS == nil || len(Deletable(held)) > 0 {
				t.Errorf("%s: %+v", tt.name, h)
			}
			got = append(got, name)
		}
		if strings.Join(got, ", ") != tt.want || tally != tt.counts {
			t.Errorf("%s: %s, %+v; want %s, %+v", tt.name, strings.Join(got, ", "), tally, tt.want, tt.counts)
		}
	}
}

func TestAdvice(t *testing.T) {
	for _, tt := range []struct {
		name     string
		tally    Tally
		settings Settings
		has, not string
		lines    int
	}{
		{"nothing", Tally{}, Settings{1, 0, 0, false}, "", "", 0},
		{"conntrack alone", Tally{Conntrack: 9}, Settings{1, 0, 0, false}, "", "", 0},
		{"IPVS holds", Tally{Removed: 1}, Settings{1, 0, 0, false}, "1 flow to a removed real server", "is 1: each", 3},
		{"and conntrack would cost a packet", Tally{Removed: 2}, Settings{1, 1, 0, false}, "next packet, which is lost; not if", "sysctl -w", 2},
		{"but has been deleted", Tally{Removed: 2}, Settings{1, 1, 0, true}, "next packet.", "lost", 2},
		{"or is off", Tally{Removed: 2}, Settings{0, 1, 0, false}, "conntrack is 0", "lost", 3},
		{"nothing known", Tally{Removed: 2}, Settings{-1, -1, 0, false}, "sysctl -w net.ipv4.vs.expire_nodest_conn=1", "lost", 3},
		{"persistence", Tally{Bound: 2}, Settings{1, 1, 0, false}, "2 clients to a real server with weight 0, dead or alive", "removed", 1},
		{
			"persistence, in words that mend", Tally{Bound: 1}, Settings{1, 1, 0, false},
			`1 client to a real server with weight 0, dead or alive: from whatever port they ask they get that one, and each question makes it last. Run "sysctl -w net.ipv4.vs.expire_quiescent_template=1"`,
			"expire_nodest", 1,
		},
		{"weight 0", Tally{Drained: 2}, Settings{1, 1, 0, false}, "2 flows to a real server with weight 0", "removed", 1},
	} {
		got := Advice(tt.tally, tt.settings)
		text := strings.Join(got, "\n")
		if len(got) != tt.lines || !strings.Contains(text, tt.has) || tt.not != "" && strings.Contains(text, tt.not) {
			t.Errorf("%s: %d lines, want %d:\n%s", tt.name, len(got), tt.lines, text)
		}
	}
}
