package dnscount

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// address is an IP address, an IPv4 one as ::ffff:a.b.c.d: two words compare faster than a slice.
type address struct{ hi, lo uint64 }

func addressOf(a netip.Addr) address {
	if a = a.Unmap(); a.Is4() {
		b := a.As4()
		return address4(b[:])
	}
	b := a.As16()
	return address6(b[:])
}

func address4(b []byte) address {
	return address{0, 0xffff<<32 | uint64(binary.BigEndian.Uint32(b))}
}

func address6(b []byte) address {
	_ = b[15]
	return address{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// mix is a hash of three words and a seed that a client who does not know the seed cannot aim at.
func mix(seed, a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a^seed^0x9e3779b97f4a7c15, b^seed^0xbf58476d1ce4e5b9)
	hi, lo = bits.Mul64(hi^lo^c, seed|0x94d049bb133111eb)
	return hi ^ lo
}
