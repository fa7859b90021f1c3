package dnscount

import "slices"

// Frame is what a tap saw of a packet.
type Frame struct {
	Data []byte // what was captured, with the link header
	Wire int    // length on the wire, of which Data may be a part
	Time int64  // nanoseconds since 1970
	Link Link
	Kind Kind
}

// Link is what a captured packet begins with.
type Link uint8

// The links.
const (
	Ethernet Link = iota
	Raw           // the IP header
)

// Kind is how the kernel calls a frame's way (packet(7), sll_pkttype).
type Kind uint8

// The kinds.
const (
	Host      Kind = 0
	Broadcast Kind = 1
	Multicast Kind = 2
	OtherHost Kind = 3
	Outgoing  Kind = 4
)

const (
	protoICMP    = 1
	protoIPIP    = 4
	protoTCP     = 6
	protoUDP     = 17
	protoIPv6    = 41
	protoGRE     = 47
	protoICMPv6  = 58
	hopByHop     = 0
	routing      = 43
	fragmentExt  = 44
	authHeader   = 51
	destination  = 60
	mobility     = 135
	hostIdentity = 139
	shim6        = 140
)

const (
	tcpFIN = 1
	tcpSYN = 2
	tcpRST = 4
	tcpACK = 16
)

// packet is a frame taken apart, as far as counting wants it.
type packet struct {
	src, dst     address
	outer        address // where the tunnel leads, if tunnelled
	mac          [6]byte // of the receiver; zero without Ethernet
	payload      []byte  // of UDP, TCP, ICMP or a later fragment, as far as it was captured
	size         int     // of payload on the wire
	seq, ack     uint32
	fragment     fragment
	sport, dport uint16
	proto        uint8
	tcpFlags     uint8
	family       uint8 // index of Families
	tunnelled    bool
	guePorts     []uint16
	bad          bool // the lengths of UDP and IP disagree
}

// fragment is what the outermost fragmented header says.
type fragment struct {
	src, dst address
	id       uint32
	offset   uint32
	length   uint32 // of what this fragment carries, on the wire
	proto    uint8
	is       bool
	more     bool
	outer    bool // another packet is inside it
}

// decode takes a frame apart; false: no IP packet, or one that is not wanted. gue are the ports on which
// UDP carries other packets.
func decode(f *Frame, p *packet, gue []uint16) bool {
	b := f.Data
	// Only what not every packet sets: to clear all of it would cost as much as to read the headers.
	p.fragment.is, p.fragment.outer, p.tunnelled, p.bad, p.tcpFlags, p.sport, p.dport = false, false, false, false, 0, 0, 0
	p.guePorts = gue
	if f.Link == Ethernet && p.plain(b) {
		return true
	}
	wire := max(f.Wire, len(b))
	if f.Link == Ethernet {
		if len(b) < 14 {
			return false
		}
		copy(p.mac[:], b)
		kind, off := uint16(b[12])<<8|uint16(b[13]), 14
		for kind == 0x8100 || kind == 0x88a8 || kind == 0x9100 {
			if len(b) < off+4 {
				return false
			}
			kind = uint16(b[off+2])<<8 | uint16(b[off+3])
			off += 4
		}
		if kind != 0x0800 && kind != 0x86dd {
			return false
		}
		b, wire = b[off:], wire-off
	} else {
		p.mac = [6]byte{}
	}
	return p.ip(b, wire, 0)
}

// plain reads what nearly every frame is: UDP in IPv4, without options, tags, tunnels and fragments. It says no to everything else, of
// which it may have taken some, and finds what decode would.
func (p *packet) plain(b []byte) bool {
	const ip, udp, data = 14, 34, 42
	if len(b) < data || be16(b, 12) != 0x0800 || b[ip] != 0x45 || b[ip+9] != protoUDP || be16(b, ip+6)&0x3fff != 0 {
		return false
	}
	total, length := int(be16(b, ip+2)), int(be16(b, udp+4))
	if length < 8 || 20+length > total {
		return false
	}
	if slices.Contains(p.guePorts, be16(b, udp+2)) {
		return false
	}
	copy(p.mac[:], b)
	p.family, p.proto = 0, protoUDP
	p.src, p.dst = address4(b[ip+12:ip+16]), address4(b[ip+16:ip+20])
	p.sport, p.dport = be16(b, udp), be16(b, udp+2)
	p.payload, p.size = b[data:min(len(b), udp+length)], length-8
	return true
}

// maxTunnels is how many packets may be inside each other.
const maxTunnels = 2

// ip reads an IP packet of so many octets on the wire.
func (p *packet) ip(b []byte, wire int, depth int) bool {
	if len(b) == 0 {
		return false
	}
	switch b[0] >> 4 {
	case 4:
		return p.ipv4(b, wire, depth)
	case 6:
		return p.ipv6(b, wire, depth)
	}
	return false
}

func be16(b []byte, at int) uint16 { return uint16(b[at])<<8 | uint16(b[at+1]) }

func (p *packet) ipv4(b []byte, wire int, depth int) bool {
	if len(b) < 20 {
		return false
	}
	header, total := int(b[0]&15)*4, int(be16(b, 2))
	if total == 0 {
		total = wire // a super-segment of more than 64 KiB (BIG TCP)
	}
	if header < 20 || total < header || len(b) < header {
		return false
	}
	p.family, p.proto = 0, b[9]
	p.src, p.dst = address4(b[12:]), address4(b[16:])
	if word := be16(b, 6); word&0x3fff != 0 && !p.fragment.is {
		p.fragment = fragment{
			src: p.src, dst: p.dst, id: uint32(be16(b, 4)), proto: p.proto, is: true,
			offset: uint32(word&0x1fff) * 8, length: uint32(total - header), more: word&0x2000 != 0,
		}
	}
	if total < len(b) {
		b = b[:total] // Ethernet pads
	}
	return p.inside(b[header:], total-header, depth)
}

func (p *packet) ipv6(b []byte, wire int, depth int) bool {
	if len(b) < 40 {
		return false
	}
	size := int(be16(b, 4))
	if size == 0 {
		size = wire - 40
	}
	p.family, p.proto = 1, b[6]
	p.src, p.dst = address6(b[8:]), address6(b[24:])
	if b = b[40:]; size < len(b) {
		b = b[:size]
	}
	// RFC 8200 section 4: any order, so that only their number ends the walk.
	for range 8 {
		length := 0
		switch p.proto {
		case hopByHop, routing, destination, mobility, hostIdentity, shim6:
			if len(b) < 8 {
				return false
			}
			length = int(b[1])*8 + 8
		case authHeader:
			if len(b) < 8 {
				return false
			}
			length = int(b[1])*4 + 8
		case fragmentExt:
			if len(b) < 8 {
				return false
			}
			length = 8
			word := be16(b, 2)
			if word&0xfff9 != 0 && !p.fragment.is { // RFC 6946: an atomic one is whole
				p.fragment = fragment{
					src: p.src, dst: p.dst, id: uint32(be16(b, 4))<<16 | uint32(be16(b, 6)), proto: b[0], is: true,
					offset: uint32(word & 0xfff8), length: uint32(max(size-8, 0)), more: word&1 != 0,
				}
			}
			if p.fragment.offset > 0 {
				p.proto = b[0]
				return p.inside(b[8:], size-8, depth)
			}
		default:
			return p.inside(b, size, depth)
		}
		if size < length || len(b) < length {
			return false
		}
		p.proto = b[0]
		b, size = b[length:], size-length
	}
	return false
}

// inside reads what an IP header carries.
func (p *packet) inside(b []byte, size int, depth int) bool {
	p.payload, p.size = b, size
	if p.fragment.is && p.fragment.offset > 0 {
		return true
	}
	switch p.proto {
	case protoUDP:
		return p.udp(b, size, depth)
	case protoTCP:
		return p.tcp(b, size)
	case protoICMP, protoICMPv6:
		return true
	case protoIPIP, protoIPv6:
		return p.tunnel(b, size, depth)
	case protoGRE:
		return p.gre(b, size, depth)
	}
	return false
}

func (p *packet) tunnel(b []byte, size int, depth int) bool {
	if depth == maxTunnels {
		return false
	}
	p.outer, p.tunnelled = p.dst, true
	p.fragment.outer = p.fragment.is
	return p.ip(b, size, depth+1)
}

// gre reads RFC 2784 and 2890: flags for a checksum, a key and a sequence number, four octets each.
func (p *packet) gre(b []byte, size int, depth int) bool {
	if len(b) < 4 {
		return false
	}
	length := 4
	for _, flag := range [...]byte{0x80, 0x20, 0x10} {
		if b[0]&flag != 0 {
			length += 4
		}
	}
	if kind := be16(b, 2); b[1]&7 != 0 || kind != 0x0800 && kind != 0x86dd || len(b) < length || size < length {
		return false
	}
	return p.tunnel(b[length:], size-length, depth)
}

func (p *packet) udp(b []byte, size int, depth int) bool {
	if len(b) < 8 {
		return false
	}
	p.sport, p.dport = be16(b, 0), be16(b, 2)
	for _, port := range p.guePorts {
		if p.dport == port {
			return p.gue(b[8:], size-8, depth)
		}
	}
	length := int(be16(b, 4))
	if length == 0 {
		length = size
	}
	// A first fragment holds less than the datagram has.
	p.bad = length < 8 || length > size && !p.fragment.is
	if length < 8 || length > size && !p.fragment.is {
		length = max(size, 8)
	}
	p.payload, p.size = b[8:], length-8
	if p.size < len(p.payload) {
		p.payload = p.payload[:p.size]
	}
	return true
}

// gue reads draft-ietf-intarea-gue-09: variant 0 has a header with a length, variant 1 is an IP packet as it is.
func (p *packet) gue(b []byte, size int, depth int) bool {
	if len(b) < 4 {
		return false
	}
	switch {
	case b[0]>>6 == 1:
		return p.tunnel(b, size, depth)
	case b[0]>>5 != 0: // another variant, or a control message
		return false
	}
	length := 4 + int(b[0]&31)*4
	if next := b[1]; next != protoIPIP && next != protoIPv6 || len(b) < length || size < length {
		return false
	}
	return p.tunnel(b[length:], size-length, depth)
}

func (p *packet) tcp(b []byte, size int) bool {
	if len(b) < 20 {
		return false
	}
	header := int(b[12]>>4) * 4
	if header < 20 || header > size {
		return false
	}
	p.sport, p.dport = be16(b, 0), be16(b, 2)
	p.seq = uint32(be16(b, 4))<<16 | uint32(be16(b, 6))
	p.ack = uint32(be16(b, 8))<<16 | uint32(be16(b, 10))
	p.tcpFlags = b[13]
	p.payload, p.size = b[min(header, len(b)):], size-header
	return true
}
