package ipvs

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
)

// Netmask says which clients of a persistent service count as one. The zero value is the
// default, every client address for itself: a mask of 255.255.255.255 and a prefix length of
// 128 are stored as the zero value, so == compares meanings.
//
// An IPv4 mask is kept as it is, because the kernel takes masks with holes; for IPv6 the kernel
// knows only prefix lengths.
type Netmask struct {
	family Family
	value  uint32 // IPv4: the mask; IPv6: the prefix length
}

// MaskIPv4 is an IPv4 mask, given as an address such as 255.255.255.0.
func MaskIPv4(mask netip.Addr) Netmask {
	b := mask.As4()
	return netmask(IPv4, binary.BigEndian.Uint32(b[:]))
}

// MaskBits is the mask of a prefix length.
func MaskBits(f Family, length int) Netmask {
	if f == IPv4 {
		return netmask(IPv4, ^uint32(0)<<(32-min(max(length, 0), 32)))
	}
	return netmask(f, uint32(min(max(length, 0), 128)))
}

func netmask(f Family, value uint32) Netmask {
	if value == everyClient(f) {
		return Netmask{}
	}
	return Netmask{f, value}
}

// everyClient is the kernel's number for a mask that takes no two clients for one.
func everyClient(f Family) uint32 {
	if f == IPv4 {
		return 0xffffffff
	}
	return 128
}

// Bits is the prefix length, and whether the mask has one: an IPv4 mask may have holes.
// The zero Netmask has none, as it has no family.
func (m Netmask) Bits() (int, bool) {
	switch m.family {
	case IPv4:
		n := bits.LeadingZeros32(^m.value)
		return n, m.value == ^uint32(0)<<(32-n)
	case IPv6:
		return int(m.value), true
	default:
		return 0, false
	}
}

// String is the mask as ipvsadm and keepalived write it: "255.255.255.0" for IPv4, "64" for IPv6,
// and "" for the zero Netmask.
func (m Netmask) String() string {
	switch m.family {
	case 0:
		return ""
	case IPv4:
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], m.value)
		return netip.AddrFrom4(b).String()
	default:
		return fmt.Sprint(m.value)
	}
}
