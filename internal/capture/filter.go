package capture

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"

	"golang.org/x/net/bpf"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

const (
	// wholePacket is more than any packet: BIG TCP has some of 185 kB.
	wholePacket = 1 << 18
	// headersOnly holds Ethernet with two tags, an outer and an inner IPv6 header, GUE or GRE between them, UDP and the
	// header of DNS.
	headersOnly = 192
	// maxAddresses is how many real servers a filter names; with more of them it looks at ports only. The kernel takes 4096
	// instructions (BPF_MAXINSNS).
	maxAddresses = 150
)

// Scratch memory of the filter.
const (
	slotSnap  = 0
	slotProto = 1
	slotID    = 2
)

const (
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	outgoing  = 4 // PACKET_OUTGOING
)

// Filter makes the kernel's filter for a view, for packets that begin with such a link header, and a sample of one
// transaction in 1 << shift. The X register has the place of the IP header, then that of the next one.
func Filter(v dnscount.View, link dnscount.Link, shift uint8) ([]bpf.RawInstruction, error) {
	f := &filter{program: newProgram(), View: v, shift: shift, ports: map[uint16]bool{}, natPorts: map[uint16]bool{}}
	for _, s := range v.Services {
		f.ports[s.Port] = true
		f.vips = append(f.vips, s.Addr)
		for _, r := range s.Servers {
			switch r.Method {
			case dnscount.NAT:
				f.nat = append(f.nat, r.Addr)
				f.natPorts[r.Port] = true
			case dnscount.TUN:
				f.tun = append(f.tun, r.Addr)
			case dnscount.DR, dnscount.Local:
			}
		}
	}
	for _, list := range []*[]netip.Addr{&f.vips, &f.nat, &f.tun} {
		slices.SortFunc(*list, netip.Addr.Compare)
		*list = slices.Compact(*list)
	}
	f.coarse = len(f.nat)+len(f.tun) > maxAddresses
	if len(f.vips) > 0 {
		f.start(link)
		f.family(ipv4)
		f.family(ipv6)
		// Before drop: the kernel thinks that the one may run into the other, and that nothing is in the scratch memory then.
		f.label("take")
		f.do(bpf.LoadScratch{Dst: bpf.RegA, N: slotSnap}, bpf.RetA{})
	}
	f.label("drop")
	f.do(bpf.RetConstant{Val: 0})
	return f.assemble()
}

type filter struct {
	*program
	dnscount.View
	shift           uint8
	vips, nat, tun  []netip.Addr
	ports, natPorts map[uint16]bool
	coarse          bool
}

// layout is where an IP header has what.
type layout struct {
	name            string
	is4             bool
	src, dst, proto uint32
	icmp            uint32
}

var (
	ipv4 = layout{"IPv4", true, 12, 16, 9, 1}
	ipv6 = layout{"IPv6", false, 8, 24, 6, 58}
)

// start finds the IP header and its version.
func (f *filter) start(link dnscount.Link) {
	if link == dnscount.Raw {
		f.do(bpf.LoadConstant{Dst: bpf.RegX, Val: 0}, bpf.LoadAbsolute{Off: 0, Size: 1}, bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4})
		f.when(bpf.JumpEqual, 4, ipv4.name)
		f.when(bpf.JumpEqual, 6, ipv6.name)
		f.jump("drop")
		return
	}
	// The outer VLAN tag is mostly taken off by card or kernel, inner ones are there.
	for at := uint32(12); at <= 20; at += 4 {
		f.do(bpf.LoadConstant{Dst: bpf.RegX, Val: at + 2}, bpf.LoadAbsolute{Off: at, Size: 2})
		f.when(bpf.JumpEqual, etherIPv4, ipv4.name)
		f.when(bpf.JumpEqual, etherIPv6, ipv6.name)
		next := f.mark()
		for _, tag := range []uint32{0x8100, 0x88a8, 0x9100} {
			f.when(bpf.JumpEqual, tag, next)
		}
		f.jump("drop")
		f.label(next)
	}
	f.jump("drop")
}

// family is the part for one version of IP.
func (f *filter) family(ip layout) {
	at := func(name string) string { return ip.name + " " + name }
	f.label(ip.name)
	f.snap(wholePacket)
	f.do(bpf.LoadExtension{Num: bpf.ExtType})
	f.when(bpf.JumpEqual, outgoing, at("out"))

	// In: to a virtual server, or in a tunnel to this host.
	f.match(ip, ip.dst, f.vips, at("to service"))
	if f.Role == dnscount.RealServer {
		f.tunnels(ip, "take")
	}
	f.jump("drop")

	// Out: from a virtual server whole; to a real server as much as tells which one.
	f.label(at("out"))
	f.match(ip, ip.src, f.vips, at("from service"))
	if f.Role == dnscount.Director {
		f.snap(headersOnly)
		f.match(ip, ip.dst, f.vips, at("to service"))
		if f.coarse {
			f.tunnels(ip, "take")
			f.jump(at("to server"))
		} else {
			f.match(ip, ip.dst, f.nat, at("to server"))
			f.match(ip, ip.dst, f.tun, at("to tunnel"))
		}
		f.jump("drop")
		f.label(at("to tunnel"))
		f.tunnels(ip, "take")
		f.fragments(ip)
		f.jump("drop")
		f.label(at("to server"))
		f.transport(ip, f.natPorts, 2, 0)
	} else {
		// An answer from an address that is no virtual server's.
		f.do(bpf.LoadIndirect{Off: ip.proto, Size: 1})
		f.unless(17, "drop")
		f.transport(ip, f.ports, 0, 2)
	}

	f.label(at("to service"))
	f.transport(ip, f.ports, 2, 0)
	f.label(at("from service"))
	f.transport(ip, f.ports, 0, 2)
}

func (f *filter) snap(octets uint32) {
	f.do(bpf.LoadConstant{Dst: bpf.RegA, Val: octets}, bpf.StoreScratch{Src: bpf.RegA, N: slotSnap})
}

// match jumps if the address at an offset is one of these.
func (f *filter) match(ip layout, off uint32, addresses []netip.Addr, to string) {
	if ip.is4 {
		f.do(bpf.LoadIndirect{Off: off, Size: 4})
	}
	for _, a := range addresses {
		if a.Is4() != ip.is4 {
			continue
		}
		b := a.AsSlice()
		if ip.is4 {
			f.when(bpf.JumpEqual, binary.BigEndian.Uint32(b), to)
			continue
		}
		next := f.mark()
		// The host's part and the subnet tell addresses apart well enough: what slips through is looked at whole later, and four
		// words of each address would make the filter too long.
		for _, word := range [...]int{3, 1} {
			f.do(bpf.LoadIndirect{Off: off + 4*uint32(word), Size: 4})
			f.unless(binary.BigEndian.Uint32(b[4*word:]), next)
		}
		f.jump(to)
		f.label(next)
	}
}

// tunnels jumps if another packet is inside.
func (f *filter) tunnels(ip layout, to string) {
	f.do(bpf.LoadIndirect{Off: ip.proto, Size: 1})
	for _, proto := range []uint32{4, 41, 47} {
		f.when(bpf.JumpEqual, proto, to)
	}
	if !ip.is4 {
		f.when(bpf.JumpEqual, 44, to) // a fragment of such a packet, or of another: rare
	}
	for _, port := range f.GUEPorts {
		next := f.mark()
		f.do(bpf.LoadIndirect{Off: ip.proto, Size: 1})
		f.unless(17, next)
		// Where there are no options and no extension headers: none is in what a director makes.
		f.do(bpf.LoadIndirect{Off: ip.headerSize() + 2, Size: 2})
		f.when(bpf.JumpEqual, uint32(port), to)
		f.label(next)
	}
}

func (ip layout) headerSize() uint32 {
	if ip.is4 {
		return 20
	}
	return 40
}

// fragments takes what has no ports or may have none.
func (f *filter) fragments(ip layout) {
	if ip.is4 {
		f.do(bpf.LoadIndirect{Off: 6, Size: 2})
		f.when(bpf.JumpBitsSet, 0x3fff, "take")
		return
	}
	f.do(bpf.LoadIndirect{Off: ip.proto, Size: 1})
	for _, extension := range []uint32{44, 0, 43, 51, 60} {
		f.when(bpf.JumpEqual, extension, "take")
	}
}

// transport takes ICMP, fragments, and what has one of these ports; a sample of the latter, by the client's port.
func (f *filter) transport(ip layout, ports map[uint16]bool, server, client uint32) {
	f.fragments(ip)
	f.do(bpf.LoadIndirect{Off: ip.proto, Size: 1})
	f.when(bpf.JumpEqual, ip.icmp, "take")
	wanted, ok, sample := f.mark(), f.mark(), f.mark()
	f.when(bpf.JumpEqual, 17, wanted)
	f.unless(6, "drop")
	f.label(wanted)
	f.do(bpf.StoreScratch{Src: bpf.RegA, N: slotProto})
	if ip.is4 {
		f.do(bpf.LoadIndirect{Off: 0, Size: 1}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 15}, bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: 2})
	} else {
		f.do(bpf.LoadConstant{Dst: bpf.RegA, Val: 40})
	}
	f.do(bpf.ALUOpX{Op: bpf.ALUOpAdd}, bpf.TAX{}, bpf.LoadIndirect{Off: server, Size: 2})
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		f.when(bpf.JumpEqual, uint32(port), ok)
	}
	f.jump("drop")
	f.label(ok)
	if f.shift == 0 {
		f.jump("take")
		return
	}
	// As dnscount.Sampled does.
	f.do(bpf.LoadConstant{Dst: bpf.RegA, Val: 0}, bpf.StoreScratch{Src: bpf.RegA, N: slotID}, bpf.LoadScratch{Dst: bpf.RegA, N: slotProto})
	f.unless(17, sample)
	f.do(bpf.LoadIndirect{Off: 8, Size: 2}, bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: 16}, bpf.StoreScratch{Src: bpf.RegA, N: slotID})
	f.label(sample)
	f.do(bpf.LoadIndirect{Off: client, Size: 2}, bpf.LoadScratch{Dst: bpf.RegX, N: slotID}, bpf.ALUOpX{Op: bpf.ALUOpOr},
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: dnscount.SampleFactor}, bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: uint32(32 - f.shift)})
	f.when(bpf.JumpEqual, 0, "take")
	f.jump("drop")
}
