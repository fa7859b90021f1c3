package ipvs

import (
	"bytes"
	"net/netip"
	"testing"
	"time"
)

// TestEncode pins the bytes that the kernel's policies ask for (ip_vs_genl_parse_service and its kin).
func TestEncode(t *testing.T) {
	vip := At(UDP, netip.MustParseAddrPort("192.0.2.1:53"))
	key := cat(attr(svcFamily, n16(2)...), attr(svcProtocol, n16(17)...), attr(svcAddr, v4...), attr(svcPort, 0, 53))
	flags := func(n uint32) []byte { return attr(svcFlags, cat(n32(n), n32(1<<32-1))...) }
	const nested = 0x8000
	for _, test := range []struct {
		name string
		got  func(*builder) error
		want []byte
	}{
		{"key", func(b *builder) error { return b.key(vip) }, attr(attrService|nested, key...)},
		{"key with a mark", func(b *builder) error { return b.key(Mark(IPv6, 7)) },
			attr(attrService|nested, cat(attr(svcFamily, n16(10)...), attr(svcFWMark, n32(7)...))...)},
		{"least of a service", func(b *builder) error { return b.service(Service{ServiceKey: vip, Flags: Hashed}) },
			attr(attrService|nested, cat(key, attr(svcScheduler, []byte("none\x00")...), flags(0), attr(svcTimeout, n32(0)...),
				attr(svcNetmask, 255, 255, 255, 255))...)},
		{"IPv6 netmask", func(b *builder) error {
			return b.service(Service{
				ServiceKey: Mark(IPv6, 7), Scheduler: "sh", Flags: Persistent | Sched1, Timeout: time.Minute,
				PEName: "sip", Netmask: MaskBits(IPv6, 64),
			})
		}, attr(attrService|nested, cat(attr(svcFamily, n16(10)...), attr(svcFWMark, n32(7)...),
			attr(svcScheduler, []byte("sh\x00")...), flags(9),
			attr(svcTimeout, n32(60)...), attr(svcNetmask, n32(64)...), attr(svcPEName, []byte("sip\x00")...))...)},
		{"least of a destination", func(b *builder) error {
			return b.destination(Destination{DestinationKey: To(netip.MustParseAddrPort("[2001:db8::1]:5353"))})
		}, attr(attrDest|nested, cat(attr(destAddr, v6...), attr(destPort, 0x14, 0xe9),
			attr(destFamily, n16(10)...), attr(destForward, n32(0)...),
			attr(destWeight, n32(0)...), attr(destUpper, n32(0)...), attr(destLower, n32(0)...))...)},
		{"tunnel", func(b *builder) error {
			return b.destination(Destination{
				DestinationKey: To(netip.MustParseAddrPort("192.0.2.1:53")), Forward: Tun, Weight: 1,
				Tunnel: Tunnel{GUE, 6080, Csum},
			})
		}, attr(attrDest|nested, cat(attr(destAddr, v4...), attr(destPort, 0, 53), attr(destFamily, n16(2)...), attr(destForward, n32(2)...),
			attr(destWeight, n32(1)...), attr(destUpper, n32(0)...), attr(destLower, n32(0)...), attr(destTunType, 1), attr(destTunPort, 0x17, 0xc0),
			attr(destTunFlags, n16(1)...))...)},
		{"daemon with the kernel's defaults", func(b *builder) error { b.daemon(Daemon{Role: Backup, Interface: "lan"}); return nil },
			attr(attrDaemon|nested, cat(
				attr(daemonRole, n32(2)...), attr(daemonInterface, []byte("lan\x00")...),
				attr(daemonSyncID, n32(0)...),
			)...)},
		{"daemon", func(b *builder) error {
			b.daemon(Daemon{Master, "lan", 5, 1400, netip.MustParseAddr("224.0.0.81"), 8849, 2})
			return nil
		}, attr(attrDaemon|nested, cat(attr(daemonRole, n32(1)...), attr(daemonInterface, []byte("lan\x00")...), attr(daemonSyncID, n32(5)...),
			attr(daemonMaxLength, n16(1400)...), attr(daemonGroup, 224, 0, 0, 81), attr(daemonPort, n16(8849)...), attr(daemonTTL, 2))...)},
		{"one timeout", func(b *builder) error { return b.timeouts(Timeouts{UDP: time.Minute}) }, attr(attrTimeoutUDP, n32(60)...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b builder
			if err := test.got(&b); err != nil || !bytes.Equal(b.b, test.want) {
				t.Errorf("got  %x, %v\nwant %x", b.b, err, test.want)
			}
		})
	}
}

// TestDaemonRoundTrip covers what the table of the stand-in kernel does not.
func TestDaemonRoundTrip(t *testing.T) {
	for _, want := range []Daemon{
		{Role: Master, Interface: "lan", SyncID: 1<<32 - 1, MaxLength: 65535, Group: netip.MustParseAddr("ff02::51"), Port: 65535, TTL: 255},
		{Role: Backup, Interface: "lan"},
	} {
		var out builder
		out.daemon(want)
		b, err := within(out.b, attrDaemon)
		if err != nil {
			t.Fatal(err)
		}
		var got Daemon
		if err := decodeDaemon(b, &got); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
}
