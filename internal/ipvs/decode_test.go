package ipvs

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// attr is a netlink attribute with its padding, in this machine's byte order.
func attr(kind uint16, value ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func n16(n uint16) []byte { return binary.NativeEndian.AppendUint16(nil, n) }
func n32(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }
func n64(n uint64) []byte { return binary.NativeEndian.AppendUint64(nil, n) }

func cat(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

var (
	v4 = append([]byte{192, 0, 2, 1}, make([]byte, 12)...)
	v6 = netip.MustParseAddr("2001:db8::1").AsSlice()
)

func TestDecodeService(t *testing.T) {
	addr := netip.MustParseAddr
	key := cat(attr(svcFamily, n16(2)...), attr(svcProtocol, n16(17)...), attr(svcAddr, v4...), attr(svcPort, 0, 53))
	key6 := cat(attr(svcFamily, n16(10)...), attr(svcProtocol, n16(6)...), attr(svcAddr, v6...), attr(svcPort, 0x14, 0xe9))
	want := Service{ServiceKey: ServiceKey{Family: IPv4, Protocol: UDP, Addr: addr("192.0.2.1"), Port: 53}}
	want6 := Service{ServiceKey: ServiceKey{Family: IPv6, Protocol: TCP, Addr: addr("2001:db8::1"), Port: 5353}}
	narrow := attr(svcStats, cat(attr(statConns, n32(1)...), attr(statInBytes, n64(2)...))...)
	wide := attr(svcStats64, cat(attr(statConns, n64(1<<40)...), attr(11), attr(statOutByteRate, n64(3)...))...)

	with := func(s Service, change func(*Service)) Service { change(&s); return s }
	for _, test := range []struct {
		name string
		b    []byte
		want Service
		err  string
	}{
		{name: "IPv4 key", b: key, want: want},
		{name: "IPv6 key", b: cat(key6, attr(svcNetmask, n32(128)...)), want: want6},
		{name: "firewall mark", b: cat(attr(svcFamily, n16(10)...), attr(svcFWMark, n32(7)...), attr(svcNetmask, n32(128)...)),
			want: Service{ServiceKey: Mark(IPv6, 7)}},
		{name: "firewall mark and an address", b: cat(key, attr(svcFWMark, n32(7)...), attr(svcNetmask, 255, 255, 255, 255)),
			want: Service{ServiceKey: Mark(IPv4, 7)}},
		{name: "all settings", b: cat(key, attr(svcScheduler, []byte("wlc\x00")...), attr(svcFlags, cat(n32(3), n32(1<<32-1))...),
			attr(svcTimeout, n32(300)...), attr(svcNetmask, 255, 255, 0, 0), attr(svcPEName, []byte("sip\x00")...)),
			want: with(want, func(s *Service) {
				s.Scheduler, s.Flags, s.Timeout, s.PEName = "wlc", Persistent|Hashed, 5*time.Minute, "sip"
				s.Netmask = MaskIPv4(addr("255.255.0.0"))
			})},
		{name: "no scheduler", b: cat(key, attr(svcScheduler, []byte("none\x00")...), attr(svcNetmask, 255, 255, 255, 255)), want: want},
		{name: "scheduler nobody knows, without its zero", b: cat(
			key, attr(svcScheduler, []byte("new")...), attr(svcNetmask, 255, 255, 255, 255),
		),
			want: with(want, func(s *Service) { s.Scheduler = "new" })},
		{name: "prefix length", b: cat(key6, attr(svcNetmask, n32(64)...)),
			want: with(want6, func(s *Service) { s.Netmask = MaskBits(IPv6, 64) })},
		{name: "narrow counters", b: cat(key, attr(svcNetmask, 255, 255, 255, 255), narrow),
			want: with(want, func(s *Service) { s.Stats = Stats{Connections: 1, InBytes: 2} })},
		{name: "wide counters first", b: cat(key, attr(svcNetmask, 255, 255, 255, 255), wide, narrow),
			want: with(want, func(s *Service) { s.Stats = Stats{Connections: 1 << 40, OutByteRate: 3, Wide: true} })},
		{name: "attribute of a later kernel", b: cat(attr(99, 1, 2, 3), key, attr(svcNetmask, 255, 255, 255, 255)), want: want},
		{name: "nested flag set", b: cat(key, attr(svcNetmask, 255, 255, 255, 255), append(attr(svcStats | 0x8000)[:4], nil...)), want: want},

		{name: "nothing", err: "unknown address"},
		{name: "family nobody knows", b: cat(attr(svcFamily, n16(7)...), attr(svcAddr, v4...)), err: "unknown address family-7"},
		{name: "no address", b: attr(svcFamily, n16(2)...), err: "ipv4 address of 0 bytes"},
		{name: "short address", b: cat(attr(svcFamily, n16(10)...), attr(svcAddr, v6[:15]...)), err: "ipv6 address of 15 bytes"},
		{name: "long port", b: attr(svcPort, 0, 0, 53), err: errLength.Error()},
		{name: "short flags", b: attr(svcFlags, 1), err: errLength.Error()},
		{name: "number of three bytes", b: attr(svcTimeout, 1, 2, 3), err: errLength.Error()},
		{name: "family beyond its range", b: attr(svcFamily, n32(1<<16)...), err: errRange.Error()},
		{name: "length beyond the end", b: []byte{200, 200, 1, 0, 0, 0, 0, 0}, err: errShort.Error()},
		{name: "length below the header", b: []byte{0, 0, 1, 0}, err: errShort.Error()},
		{name: "half a header", b: []byte{4, 0}, err: errShort.Error()},
		{name: "bad counter", b: cat(key, attr(svcStats, attr(statConns, 1, 2, 3)...)), err: errLength.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Service{Scheduler: "left over"}
			err := decodeService(test.b, &got)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got  %#v, %v\nwant %#v", got, err, test.want)
			}
		})
	}
}

func TestDecodeDestination(t *testing.T) {
	key := cat(attr(destAddr, v4...), attr(destPort, 0, 53))
	want := Destination{DestinationKey: DestinationKey{Addr: netip.MustParseAddr("192.0.2.1"), Port: 53}}
	all := want
	all.Forward, all.Weight, all.UpperThreshold, all.LowerThreshold = Tun, 1, 2, 3
	all.Active, all.Inactive, all.Persistent = 4, 5, 6
	all.Tunnel = Tunnel{Type: GUE, Port: 6080, Flags: RemCsum}
	all.Stats = Stats{
		Connections: 1, InPackets: 2, OutPackets: 3, InBytes: 4, OutBytes: 5,
		ConnectionRate: 6, InPacketRate: 7, OutPacketRate: 8, InByteRate: 9, OutByteRate: 10, Wide: true,
	}
	var stats []byte
	for i := range uint16(10) {
		stats = append(stats, attr(1+i, n64(uint64(1+i))...)...)
	}
	for _, test := range []struct {
		name   string
		family Family
		b      []byte
		want   Destination
		err    error
	}{
		{"family of the service, before Linux 3.18", IPv4, key, want, nil},
		{"family of its own", IPv6, cat(key, attr(destFamily, n16(2)...)), want, nil},
		{"everything", IPv4, cat(key, attr(destForward, n32(2)...), attr(destWeight, n32(1)...),
			attr(destUpper, n32(2)...), attr(destLower, n32(3)...),
			attr(destActive, n32(4)...), attr(destInactive, n32(5)...), attr(destPersistent, n32(6)...),
			attr(destTunType, 1), attr(destTunPort, 0x17, 0xc0), attr(destTunFlags, n16(2)...), attr(destStats64, stats...)), all, nil},
		{"weight of eight bytes", IPv4, cat(key, attr(destWeight, n64(1<<32)...)), want, errRange},
		{"tunnel type beyond its range", IPv4, cat(key, attr(destTunType, n16(256)...)), want, errRange},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Destination{Weight: 77}
			err := decodeDestination(test.b, test.family, &got)
			if !errors.Is(err, test.err) || err == nil && got != test.want {
				t.Errorf("got  %+v, %v\nwant %+v, %v", got, err, test.want, test.err)
			}
		})
	}
}

// TestDecodeDoesNotAllocate: a table has many destinations, and is read every few seconds for ever.
func TestDecodeDoesNotAllocate(t *testing.T) {
	var attrs []byte
	var d Destination
	for _, x := range readDumps(t, "testdata/linux-6.1.176.hex") {
		if x.what == "destination" {
			attrs = x.attrs
		}
	}
	decode := func() {
		b, err := within(attrs, attrDest)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeDestination(b, IPv4, &d); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(100, decode); n != 0 {
		t.Errorf("%v allocations for a destination, want none", n)
	}
	if !d.Stats.Wide {
		t.Errorf("decoded %+v, want 64-bit counters", d)
	}
}

// TestStripped reads each recorded destination as a kernel before 4.1 would have sent it.
func TestStripped(t *testing.T) {
	var checked int
	for _, x := range readDumps(t, "testdata/linux-6.1.176.hex") {
		if x.what != "destination" {
			continue
		}
		b, err := within(x.attrs, attrDest)
		if err != nil {
			t.Fatal(err)
		}
		var old []byte
		for w := (walker{rest: b}); w.next(); {
			if w.kind != destStats64 {
				old = append(old, attr(w.kind, w.value...)...)
			}
		}
		var got, want Destination
		if err := errors.Join(decodeDestination(old, IPv4, &got), decodeDestination(b, IPv4, &want)); err != nil {
			t.Fatal(err)
		}
		want.Stats.Wide = false
		if got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		checked++
	}
	if checked == 0 {
		t.Error("no destination in the recording")
	}
}
