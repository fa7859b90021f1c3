package conntrack

import (
	"encoding/binary"
	"errors"
)

// walker goes through netlink attributes where they lie: nothing is copied, nothing allocated, and any bytes give values or an
// error. The first error stays. It counts offsets, because half of a pass's own time is spent here. (internal/ipvs has a walker
// too: its numbers are in the host's byte order, these in the network's.)
//
//	w := walker{b: b}
//	for w.next() {
//		switch w.kind {
//		case attrStatus:
//			status = w.uint32()
//		}
//	}
//	return w.err
type walker struct {
	b        []byte
	at       int // where the next attribute begins
	from, to int // the value of this one
	kind     uint16
	err      error
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
	if len(w.b)-w.at < attrHeader || w.err != nil {
		if w.at < len(w.b) {
			w.keep(errShort)
		}
		return false
	}
	header := w.b[w.at : w.at+attrHeader]
	length := int(binary.NativeEndian.Uint16(header))
	w.kind = binary.NativeEndian.Uint16(header[2:]) & attrType
	w.from, w.to = w.at+attrHeader, w.at+length
	if w.to < w.from || w.to > len(w.b) {
		w.keep(errShort)
		return false
	}
	w.at = (w.to + 3) &^ 3 // they begin at multiples of four; after the last one the padding may be missing
	return true
}

func (w *walker) value() []byte { return w.b[w.from:w.to] }

// keep keeps the error of what is inside an attribute.
func (w *walker) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// bytes is a value of exactly n bytes, at most 16; zeros after an error.
func (w *walker) bytes(n int) []byte {
	if w.to-w.from != n {
		w.keep(errLength)
		return zeros[:n]
	}
	return w.value()
}

var zeros = []byte{15: 0}

func (w *walker) uint16() uint16 { return binary.BigEndian.Uint16(w.bytes(2)) }
func (w *walker) uint32() uint32 { return binary.BigEndian.Uint32(w.bytes(4)) }
