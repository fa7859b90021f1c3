package conntrack

import (
	"errors"
	"net/netip"
)

// Attributes of an entry (enum ctattr_type and those that it holds, include/uapi/linux/netfilter/nfnetlink_conntrack.h).
const (
	attrOriginal = 1
	attrReply    = 2
	attrStatus   = 3
	attrTimeout  = 7
	attrID       = 12
	attrZone     = 18

	attrIP    = 1
	attrProto = 2

	attrSource4      = 1
	attrDestination4 = 2
	attrSource6      = 3
	attrDestination6 = 4

	attrProtocol        = 1
	attrSourcePort      = 2
	attrDestinationPort = 3
)

// Bits of the status (enum ip_conntrack_status).
const (
	seenReply = 1 << 1
	assured   = 1 << 2
)

var errStatus = errors.New("entry without a status")

// entry is one entry of the table. Its tuples stay where they are in the kernel's answer until somebody wants one: most of a pass is
// spent here.
type entry struct {
	original, reply []byte
	status          uint32
	timeout         uint32 // seconds
	id              uint32
	zone            uint16
}

// decode reads what ctnetlink_fill_info (nf_conntrack_netlink.c) has written. It allocates nothing.
func (e *entry) decode(attrs []byte) error {
	*e = entry{}
	w := walker{b: attrs}
	for w.next() {
		switch w.kind {
		case attrOriginal:
			e.original = w.value()
		case attrReply:
			e.reply = w.value()
		case attrStatus:
			e.status = w.uint32()
		case attrTimeout:
			e.timeout = w.uint32()
		case attrID:
			e.id = w.uint32()
		case attrZone:
			e.zone = w.uint16()
		}
	}
	return w.err
}

// glance reads no further than the status, which comes first but for the tuples (and a zone): all that a pass wants.
func (e *entry) glance(attrs []byte) error {
	e.original, e.reply = nil, nil
	w := walker{b: attrs}
	for w.next() {
		switch w.kind {
		case attrOriginal:
			e.original = w.value()
		case attrReply:
			e.reply = w.value()
		case attrStatus:
			e.status = w.uint32()
			return w.err
		}
	}
	w.keep(errStatus)
	return w.err
}

// state is how far the flow has come.
func (e *entry) state() State {
	switch {
	case e.status&seenReply == 0:
		return Unreplied
	case e.status&assured == 0:
		return Replied
	default:
		return Assured
	}
}

// tuple is one direction of an entry.
type tuple struct {
	protocol            uint8
	source, destination netip.AddrPort // ICMP has no ports
}

// decode reads a tuple. Its two parts come in this order (ctnetlink_dump_tuples), but need not.
func (t *tuple) decode(b []byte) error {
	*t = tuple{}
	var from, to netip.Addr
	var fromPort, toPort uint16
	w := walker{b: b}
	for w.next() {
		inner := walker{b: w.value()}
		switch w.kind {
		case attrIP:
			for inner.next() {
				switch inner.kind {
				case attrSource4:
					from = netip.AddrFrom4([4]byte(inner.bytes(4)))
				case attrDestination4:
					to = netip.AddrFrom4([4]byte(inner.bytes(4)))
				case attrSource6:
					from = netip.AddrFrom16([16]byte(inner.bytes(16)))
				case attrDestination6:
					to = netip.AddrFrom16([16]byte(inner.bytes(16)))
				}
			}
		case attrProto:
			for inner.next() {
				switch inner.kind {
				case attrProtocol:
					t.protocol = inner.bytes(1)[0]
				case attrSourcePort:
					fromPort = inner.uint16()
				case attrDestinationPort:
					toPort = inner.uint16()
				}
			}
		}
		w.keep(inner.err)
	}
	t.source, t.destination = netip.AddrPortFrom(from, fromPort), netip.AddrPortFrom(to, toPort)
	return w.err
}
