package ipvs

import (
	"encoding/binary"
	"net/netip"
)

// builder appends netlink attributes to a buffer that is used again and again: the opposite of walker.
type builder struct{ b []byte }

const flagNested = 0x8000 // NLA_F_NESTED

// attr appends an attribute of these bytes.
func (b *builder) attr(kind uint16, value ...byte) {
	b.b = binary.NativeEndian.AppendUint16(b.b, uint16(attrHeader+len(value)))
	b.b = binary.NativeEndian.AppendUint16(b.b, kind)
	b.b = append(b.b, value...)
	for len(b.b)%4 != 0 {
		b.b = append(b.b, 0)
	}
}

func (b *builder) uint8(kind uint16, n uint8) { b.attr(kind, n) }

func (b *builder) uint16(kind uint16, n uint16) {
	var v [2]byte
	binary.NativeEndian.PutUint16(v[:], n)
	b.attr(kind, v[:]...)
}

func (b *builder) uint32(kind uint16, n uint32) {
	var v [4]byte
	binary.NativeEndian.PutUint32(v[:], n)
	b.attr(kind, v[:]...)
}

// port appends a number in network byte order.
func (b *builder) port(kind uint16, n uint16) { b.attr(kind, byte(n>>8), byte(n)) }

// text appends a string with the zero byte at its end that the kernel wants.
func (b *builder) text(kind uint16, s string) { b.attr(kind, append([]byte(s), 0)...) }

// union appends an address as IPVS takes it: IPv4 in the first 4 of 16 bytes (union nf_inet_addr).
func (b *builder) union(kind uint16, a netip.Addr) {
	var v [16]byte
	if a.Is4() {
		v4 := a.As4()
		copy(v[:], v4[:])
	} else {
		v = a.As16()
	}
	b.attr(kind, v[:]...)
}

// nest begins an attribute that holds those that follow, up to end.
func (b *builder) nest(kind uint16) (start int) {
	start = len(b.b)
	b.attr(kind | flagNested)
	return start
}

func (b *builder) end(start int) {
	binary.NativeEndian.PutUint16(b.b[start:], uint16(len(b.b)-start))
}
