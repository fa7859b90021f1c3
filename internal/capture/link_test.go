package capture

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

func TestChoose(t *testing.T) {
	card := func(name, kind string) Link { return Link{Name: name, Kind: kind, Type: typeEthernet, Up: true} }
	on := func(name, kind string) Link { l := card(name, kind); l.Lower = true; return l }
	lo := Link{Name: "lo", Type: 772, Up: true, Loopback: true}
	tunnel := Link{Name: "tunl0", Kind: "ipip", Type: 768, Up: true}
	for _, tt := range []struct {
		name   string
		all    []Link
		names  []string
		want   []string
		double []string
	}{
		{"one card", []Link{lo, card("eth0", "")}, nil, []string{"eth0"}, nil},
		{"two cards", []Link{lo, card("eth0", ""), card("eth1", "")}, nil, []string{"eth0", "eth1"}, nil},
		{"down", []Link{{Name: "eth1", Type: typeEthernet}, card("eth0", "")}, nil, []string{"eth0"}, nil},
		{"a container", []Link{lo, card("eth0", "veth")}, nil, []string{"eth0"}, nil},
		{"a container with macvlan", []Link{lo, card("eth0", "macvlan")}, nil, []string{"eth0"}, nil},
		{"VLAN", []Link{card("eth0", ""), on("eth0.5", "vlan")}, nil, []string{"eth0"}, nil},
		{"bond", []Link{card("eth0", ""), card("eth1", ""), card("bond0", "bond")}, nil, []string{"eth0", "eth1"}, nil},
		{"bridge", []Link{card("eth0", ""), card("br0", "bridge")}, nil, []string{"eth0"}, nil},
		{"VRRP's own MAC", []Link{card("eth0", ""), on("vrrp.51", "macvlan")}, nil, []string{"eth0"}, nil},
		{"tunnel, dummy", []Link{card("eth0", ""), tunnel, card("dummy0", "dummy")}, nil, []string{"eth0"}, nil},
		{"tun", []Link{{Name: "tun0", Kind: "tun", Type: typeNone, Up: true}}, nil, []string{"tun0"}, nil},
		{"by name", []Link{card("eth0", ""), on("eth0.5", "vlan")}, []string{"eth0.5"}, []string{"eth0.5"}, nil},
		{"by two names that see the same", []Link{card("eth0", ""), on("eth0.5", "vlan")}, []string{"eth0", "eth0.5"}, []string{"eth0", "eth0.5"}, []string{"eth0.5"}},
		{"by a name that is not there", []Link{card("eth0", "")}, []string{"eth9"}, nil, nil},
	} {
		var got []string
		chosen := Choose(tt.all, tt.names)
		for _, l := range chosen {
			got = append(got, l.Name)
		}
		if !slices.Equal(got, tt.want) || !slices.Equal(DoubleCounting(chosen), tt.double) {
			t.Errorf("%s: %q, double %q", tt.name, got, DoubleCounting(chosen))
		}
	}
}

func TestDetectRole(t *testing.T) {
	lo := func(addr string, bits int) Holding {
		return Holding{Addr: netip.MustParseAddr(addr), Bits: bits, Link: "lo", Loop: true}
	}
	eth := Holding{Addr: netip.MustParseAddr("192.0.2.11"), Bits: 24, Link: "eth0"}
	for _, tt := range []struct {
		name     string
		virtual  int
		holdings []Holding
		role     dnscount.Role
		vips     int
	}{
		{"director", 2, []Holding{eth, lo("127.0.0.1", 8)}, dnscount.Director, 0},
		{"director that serves too", 2, []Holding{eth, lo("192.0.2.1", 32)}, dnscount.Director, 0},
		{"real server", 0, []Holding{eth, lo("127.0.0.1", 8), lo("::1", 128), lo("192.0.2.1", 32), lo("2001:db8::1", 128)}, dnscount.RealServer, 2},
		{"real server with a tunnel", 0, []Holding{eth, {Addr: netip.MustParseAddr("192.0.2.1"), Bits: 32, Link: "tunl0", Kind: "ipip"}}, dnscount.RealServer, 1},
		{"neither", 0, []Holding{eth, lo("127.0.0.1", 8)}, dnscount.Director, 0},
	} {
		role, vips := DetectRole(tt.virtual, tt.holdings)
		if role != tt.role || len(vips) != tt.vips {
			t.Errorf("%s: %s with %s", tt.name, role, vips)
		}
	}
}

// FuzzNetlink: what the kernel says of devices and neighbours is decoded whatever it is.
func FuzzNetlink(f *testing.F) {
	f.Add([]byte{32, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = parseLinks(b)
		_, _ = parseNeighbours(b)
	})
}
