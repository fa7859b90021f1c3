package ipvs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
)

// walker goes through netlink attributes where they lie: nothing is copied, nothing allocated, and any bytes
// give values or an error. An attribute that nobody asks about is passed over. The first error stays.
//
//	w := walker{rest: b}
//	for w.next() {
//		switch w.kind {
//		case destWeight:
//			d.Weight = w.uint32()
//		}
//	}
//	return w.err
type walker struct {
	rest  []byte
	kind  uint16
	value []byte
	err   error
}

// The walker's errors are values made once: it must not allocate, whatever it reads.
var (
	errShort  = errors.New("attribute runs past the end of the message")
	errLength = errors.New("attribute has an unexpected length")
	errRange  = errors.New("attribute is out of range")
)

const (
	attrHeader = 4      // struct nlattr (include/uapi/linux/netlink.h)
	attrType   = 0x3fff // without NLA_F_NESTED, which IPVS never sets, and NLA_F_NET_BYTEORDER
)

// next goes to the next attribute and says whether there is one.
func (w *walker) next() bool {
	if w.err != nil || len(w.rest) == 0 {
		return false
	}
	if len(w.rest) < attrHeader {
		w.fail(errShort)
		return false
	}
	length := int(binary.NativeEndian.Uint16(w.rest))
	if length < attrHeader || length > len(w.rest) {
		w.fail(errShort)
		return false
	}
	w.kind = binary.NativeEndian.Uint16(w.rest[2:]) & attrType
	w.value = w.rest[attrHeader:length]
	// Attributes begin at multiples of four; after the last one the padding may be missing.
	w.rest = w.rest[min((length+3)&^3, len(w.rest)):]
	return true
}

func (w *walker) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// uint64 is a number of whatever width the kernel chose for it.
func (w *walker) uint64() uint64 {
	switch len(w.value) {
	case 1:
		return uint64(w.value[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(w.value))
	case 4:
		return uint64(binary.NativeEndian.Uint32(w.value))
	case 8:
		return binary.NativeEndian.Uint64(w.value)
	default:
		w.fail(errLength)
		return 0
	}
}

func (w *walker) below(limit uint64) uint64 {
	n := w.uint64()
	if n > limit {
		w.fail(errRange)
		return 0
	}
	return n
}

func (w *walker) uint32() uint32 { return uint32(w.below(math.MaxUint32)) }
func (w *walker) uint16() uint16 { return uint16(w.below(math.MaxUint16)) }
func (w *walker) uint8() uint8   { return uint8(w.below(math.MaxUint8)) }

// port is a number in network byte order.
func (w *walker) port() uint16 {
	if len(w.value) != 2 {
		w.fail(errLength)
		return 0
	}
	return binary.BigEndian.Uint16(w.value)
}

// text is a string without the zero byte that the kernel ends it with.
func (w *walker) text() []byte {
	before, _, _ := bytes.Cut(w.value, []byte{0})
	return before
}

// address reads the kernel's union of an IPv4 and an IPv6 address (union nf_inet_addr).
func address(f Family, b []byte) (netip.Addr, error) {
	switch {
	case f == IPv4 && len(b) >= 4:
		return netip.AddrFrom4([4]byte(b)), nil
	case f == IPv6 && len(b) >= 16:
		return netip.AddrFrom16([16]byte(b)), nil
	case f != IPv4 && f != IPv6:
		return netip.Addr{}, fmt.Errorf("unknown address %s", f)
	default:
		return netip.Addr{}, fmt.Errorf("%s address of %d bytes", f, len(b))
	}
}
