package conntrack

import (
	"encoding/binary"
	"errors"
)

// walker goes through netlink attributes where they lie: nothing is copied, nothing allocated, and any bytes give values or an
// error. The first error stays. (internal/ipvs has one too: its numbers are in the host's byte order, these in the network's.)
//
//	w := walker{rest: b}
//	for w.next() {
//		switch w.kind {
//		case attrStatus:
//			status = w.uint32()
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
)

const (
	attrHeader = 4      // struct nlattr (include/uapi/linux/netlink.h)
	attrType   = 0x3fff // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
)

// next goes to the next attribute and says whether there is one.
func (w *walker) next() bool {
	if w.err != nil || len(w.rest) == 0 {
		return false
	}
	if len(w.rest) < attrHeader {
		w.err = errShort
		return false
	}
	length := int(binary.NativeEndian.Uint16(w.rest))
	if length < attrHeader || length > len(w.rest) {
		w.err = errShort
		return false
	}
	w.kind = binary.NativeEndian.Uint16(w.rest[2:]) & attrType
	w.value = w.rest[attrHeader:length]
	// Attributes begin at multiples of four; after the last one the padding may be missing.
	w.rest = w.rest[min((length+3)&^3, len(w.rest)):]
	return true
}

// keep keeps the error of what is inside an attribute.
func (w *walker) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// bytes is a value of exactly n bytes, at most 16; zeros after an error.
func (w *walker) bytes(n int) []byte {
	if len(w.value) != n {
		w.keep(errLength)
		return zeros[:n]
	}
	return w.value
}

var zeros = []byte{15: 0}

func (w *walker) uint16() uint16 { return binary.BigEndian.Uint16(w.bytes(2)) }
func (w *walker) uint32() uint32 { return binary.BigEndian.Uint32(w.bytes(4)) }
