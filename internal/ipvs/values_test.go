package ipvs

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestNames(t *testing.T) {
	for _, test := range []struct {
		got  fmt.Stringer
		want string
	}{
		{Family(0), ""}, {IPv4, "ipv4"}, {IPv6, "ipv6"}, {Family(7), "family-7"},
		{TCP, "tcp"}, {UDP, "udp"}, {SCTP, "sctp"}, {Protocol(51), "proto-51"},
		{Masq, "masq"}, {Local, "local"}, {Tun, "tun"}, {DR, "dr"}, {Bypass, "bypass"}, {ForwardMethod(7), "method-7"},
		{IPIP, "ipip"}, {GUE, "gue"}, {GRE, "gre"}, {TunnelType(9), "tunnel-9"},
		{TunnelFlags(0), ""}, {Csum, "csum"}, {RemCsum | Csum, "csum,remcsum"}, {TunnelFlags(5), "csum,0x4"},
		{Master, "master"}, {Backup, "backup"}, {DaemonRole(3), "role-3"},
		{ServiceFlags(0), ""}, {Hashed, ""}, {Persistent | Hashed | OnePacket, "persistent,ops"},
		{Sched1 | Sched2 | Sched3, "flag-1,flag-2,flag-3"}, {ServiceFlags(0x40), "0x40"},
		{At(UDP, netip.MustParseAddrPort("192.0.2.1:53")), "udp 192.0.2.1:53"},
		{At(TCP, netip.MustParseAddrPort("[2001:db8::1]:53")), "tcp [2001:db8::1]:53"},
		{At(UDP, netip.MustParseAddrPort("[::ffff:192.0.2.1]:53")), "udp 192.0.2.1:53"},
		{Mark(IPv4, 7), "fwm 7"}, {Mark(IPv6, 7), "fwm 7 ipv6"},
		{To(netip.MustParseAddrPort("[2001:db8::1]:53")), "[2001:db8::1]:53"},
		{Netmask{}, ""}, {MaskBits(IPv4, 32), ""}, {MaskBits(IPv6, 128), ""},
		{MaskBits(IPv4, 24), "255.255.255.0"}, {MaskBits(IPv4, 0), "0.0.0.0"}, {MaskBits(IPv6, 64), "64"},
		{MaskIPv4(netip.MustParseAddr("255.0.255.0")), "255.0.255.0"},
	} {
		if got := test.got.String(); got != test.want {
			t.Errorf("%#v is %q, want %q", test.got, got, test.want)
		}
	}
	if got := (Sched1 | Sched2 | Persistent).Names("mh"); got != "persistent,mh-fallback,mh-port" {
		t.Errorf("flags of mh are %q", got)
	}
	if got := At(SCTP, netip.AddrPort{}).Proto() + Mark(IPv4, 1).Proto(); got != "sctpfwm" {
		t.Errorf("Proto says %q", got)
	}
}

func TestNetmask(t *testing.T) {
	for _, test := range []struct {
		mask Netmask
		bits int
		ok   bool
	}{
		{Netmask{}, 0, false},
		{MaskBits(IPv4, 0), 0, true}, {MaskBits(IPv4, 24), 24, true}, {MaskBits(IPv4, 31), 31, true},
		{MaskIPv4(netip.MustParseAddr("255.0.255.0")), 8, false},
		{MaskBits(IPv6, 1), 1, true}, {MaskBits(IPv6, 127), 127, true},
	} {
		if bits, ok := test.mask.Bits(); bits != test.bits || ok != test.ok {
			t.Errorf("%s has %d bits, %v; want %d, %v", test.mask, bits, ok, test.bits, test.ok)
		}
	}
	for f, limit := range map[Family]int{IPv4: 32, IPv6: 128} {
		for n := range limit + 1 {
			m := MaskBits(f, n)
			var b builder
			b.netmask(f, m)
			w := walker{rest: b.b}
			if !w.next() || wireNetmask(f, w.uint32()) != m {
				t.Errorf("%s /%d goes out as %x and does not come back", f, n, b.b)
			}
		}
	}
}
