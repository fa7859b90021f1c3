// Package packets builds the packets of tests. It was written from the RFCs and shares nothing with the decoders, so
// that a mistake there does not hide.
package packets

import (
	"encoding/binary"
	"net/netip"
)

// UDP is a datagram without a checksum.
func UDP(src, dst uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	b = append(b, 0, 0)
	return append(b, payload...)
}

// TCP is a segment with timestamps, without a checksum, that acknowledges nothing.
func TCP(src, dst uint16, seq uint32, flags byte, payload []byte) []byte {
	return Acknowledging(src, dst, seq, 0, flags, payload)
}

// Acknowledging is TCP with an acknowledgement.
func Acknowledging(src, dst uint16, seq, ack uint32, flags byte, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, 0x80, flags, 0xff, 0xff, 0, 0, 0, 0)
	b = append(b, 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0) // timestamps
	return append(b, payload...)
}

// IP is a packet of the family of its addresses.
func IP(src, dst netip.Addr, proto byte, payload []byte) []byte {
	return Fragment(src, dst, proto, payload, 0, 0, false)
}

// Fragment is a part of one, at an offset in octets.
func Fragment(src, dst netip.Addr, proto byte, payload []byte, id uint16, offset int, more bool) []byte {
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

// Ether is a frame to a MAC, with VLAN tags, padded as cards do.
func Ether(to [6]byte, packet []byte, tags ...uint16) []byte {
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

// Datagram is a frame with a UDP datagram.
func Datagram(from, to netip.AddrPort, mac [6]byte, message []byte) []byte {
	return Ether(mac, IP(from.Addr(), to.Addr(), 17, UDP(from.Port(), to.Port(), message)))
}
