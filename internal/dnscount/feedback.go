package dnscount

// feedback counts an ICMP error about a virtual server's traffic, by the packet that it quotes.
func (c *Counter) feedback(p *packet, in bool) {
	kind, ok := feedbackKind(p)
	if !ok {
		c.totals.Unwanted++
		return
	}
	quoted, ok := quote(p.payload[8:])
	if !ok {
		c.totals.Unwanted++
		return
	}
	// What comes in is about what the virtual server sent, what goes out about what it got.
	at, port, direction := quoted.src, quoted.sport, Query
	if !in {
		at, port, direction = quoted.dst, quoted.dport, Response
	}
	var slot uint16
	if quoted.ports {
		slot, ok = c.plan.services.find(endpoint{at, port})
	} else {
		slot, ok = c.plan.vips.find(endpoint{at, 0})
	}
	if !ok {
		c.totals.Unwanted++
		return
	}
	counts := &c.slots[slot].counts
	counts.Feedback[kind][direction]++
	if in && quoted.proto == protoTCP {
		counts.Seen[TCP]++
	} else if in && quoted.proto == protoUDP {
		counts.Seen[UDP]++
	}
}

// feedbackKind reads type and code (RFC 792, RFC 4443); false: no error message.
func feedbackKind(p *packet) (int, bool) {
	if len(p.payload) < 8 {
		return 0, false
	}
	kind, code := p.payload[0], p.payload[1]
	if p.proto == protoICMPv6 {
		switch {
		case kind == 2:
			return PacketTooBig, true
		case kind == 3 && code == 1:
			return ReassemblyTime, true
		case kind == 1 && code == 4:
			return PortUnreachable, true
		}
		return OtherFeedback, kind >= 1 && kind <= 4
	}
	switch {
	case kind == 3 && code == 4:
		return FragNeeded, true
	case kind == 11 && code == 1:
		return ReassemblyTime, true
	case kind == 3 && code == 3:
		return PortUnreachable, true
	}
	return OtherFeedback, kind == 3 || kind == 4 || kind == 11 || kind == 12
}

// quotation is what an ICMP error says of the packet that it is about.
type quotation struct {
	src, dst     address
	sport, dport uint16
	proto        uint8
	ports        bool // false: of a later fragment
}

// quote reads the packet in an ICMP error. As little as its IP header and eight octets may be there.
func quote(b []byte) (q quotation, ok bool) {
	if len(b) < 1 {
		return q, false
	}
	var rest []byte
	whole := true
	switch b[0] >> 4 {
	case 4:
		header := int(b[0]&15) * 4
		if len(b) < 20 || header < 20 || len(b) < header {
			return q, false
		}
		q.src, q.dst, q.proto = address4(b[12:]), address4(b[16:]), b[9]
		whole, rest = be16(b, 6)&0x1fff == 0, b[header:]
	case 6:
		if len(b) < 40 {
			return q, false
		}
		q.src, q.dst, q.proto = address6(b[8:]), address6(b[24:]), b[6]
		rest = b[40:]
		if q.proto == fragmentExt && len(rest) >= 8 {
			whole, q.proto, rest = be16(rest, 2)&0xfff8 == 0, rest[0], rest[8:]
		}
	default:
		return q, false
	}
	if q.proto != protoUDP && q.proto != protoTCP {
		return q, false
	}
	if whole && len(rest) >= 4 {
		q.sport, q.dport, q.ports = be16(rest, 0), be16(rest, 2), true
	}
	return q, true
}
