package dnscount

import (
	"encoding/binary"
	"net/netip"
)

// Packets, written from the RFCs, so that a mistake in the decoders does not hide in the tests.

var (
	macHost   = [6]byte{2, 0, 0, 0, 0, 1}
	macRouter = [6]byte{2, 0, 0, 0, 0, 9}
	macDNS1   = [6]byte{2, 0, 0, 0, 0, 0x21}
	macDNS2   = [6]byte{2, 0, 0, 0, 0, 0x22}
)

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
func ip(s string) netip.Addr     { return netip.MustParseAddr(s) }

func udp(src, dst uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	b = append(b, 0, 0)
	return append(b, payload...)
}

func tcp(src, dst uint16, seq uint32, flags byte, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = append(b, 0, 0, 0, 0, 0x80, flags, 0xff, 0xff, 0, 0, 0, 0)
	b = append(b, 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0) // timestamps
	return append(b, payload...)
}

func ipPacket(src, dst netip.Addr, proto byte, payload []byte) []byte {
	return ipFragment(src, dst, proto, payload, 0, 0, false)
}

func ipFragment(src, dst netip.Addr, proto byte, payload []byte, id uint16, offset int, more bool) []byte {
	var b []byte
	if src.Is4() {
		word := uint16(offset / 8)
		if more {
			word |= 0x2000
		}
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(20+len(payload)))
		b = binary.BigEndian.AppendUint16(b, id)
		b = binary.BigEndian.AppendUint16(b, word)
		b = append(b, 64, proto, 0, 0)
	} else {
		if offset > 0 || more {
			word := uint16(offset)
			if more {
				word |= 1
			}
			head := []byte{proto, 0}
			head = binary.BigEndian.AppendUint16(head, word)
			head = append(head, 0, 0, byte(id>>8), byte(id))
			payload, proto = append(head, payload...), 44
		}
		b = append(b, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
		b = append(b, proto, 64)
	}
	b = append(b, src.AsSlice()...)
	b = append(b, dst.AsSlice()...)
	return append(b, payload...)
}

func ether(to [6]byte, packet []byte, tags ...uint16) []byte {
	b := append(to[:], 2, 0, 0, 0, 0, 0x99)
	for i, tag := range tags {
		kind := uint16(0x8100)
		if i == 0 && len(tags) > 1 {
			kind = 0x88a8
		}
		b = binary.BigEndian.AppendUint16(b, kind)
		b = binary.BigEndian.AppendUint16(b, tag)
	}
	if packet[0]>>4 == 6 {
		b = append(b, 0x86, 0xdd)
	} else {
		b = append(b, 8, 0)
	}
	b = append(b, packet...)
	for len(b) < 60 {
		b = append(b, 0xee) // Ethernet pads, not always with zeros
	}
	return b
}

// wire is frames that a Counter is given, with a clock.
type wire struct {
	*Counter
	now int64
}

func newWire(v View) *wire {
	c := New(Options{Seed: 7, Waiting: 4096, Flows: 256, Fragments: 64})
	c.Use(v)
	return &wire{c, 1e18}
}

func (w *wire) in(b []byte)  { w.frame(b, Host) }
func (w *wire) out(b []byte) { w.frame(b, Outgoing) }

func (w *wire) frame(b []byte, kind Kind) {
	w.Frame(&Frame{Data: b, Wire: len(b), Time: w.now, Kind: kind})
}

// datagram makes a frame with a UDP datagram.
func datagram(from, to netip.AddrPort, mac [6]byte, message []byte) []byte {
	return ether(mac, ipPacket(from.Addr(), to.Addr(), protoUDP, udp(from.Port(), to.Port(), message)))
}

func (w *wire) only() Counts {
	w.Tick(w.now)
	return w.Report().Services[0].Counts
}

// director is a view with a virtual server of each family and each method.
func director() View {
	return View{
		Role:  Director,
		Local: []netip.Addr{ip("192.0.2.11"), ip("2001:db8::11")},
		MACs:  [][6]byte{macHost},
		Services: []Service{
			{Addr: ip("192.0.2.1"), Port: 53, Servers: []Server{
				{Addr: ip("192.0.2.21"), Port: 53, Method: DR, MAC: macDNS1},
				{Addr: ip("192.0.2.22"), Port: 53, Method: TUN},
				{Addr: ip("192.0.2.23"), Port: 5353, Method: NAT},
			}},
			{Addr: ip("2001:db8::1"), Port: 53, Servers: []Server{
				{Addr: ip("2001:db8::21"), Port: 53, Method: DR, MAC: macDNS1},
				{Addr: ip("2001:db8::22"), Port: 53, Method: TUN},
			}},
		},
		GUEPorts: []uint16{6080},
	}
}

// realServer is a view of one with the same virtual servers.
func realServer() View {
	v := director()
	v.Role = RealServer
	v.Local = []netip.Addr{ip("192.0.2.21"), ip("2001:db8::21")}
	for i := range v.Services {
		v.Services[i].Servers = nil
	}
	return v
}
