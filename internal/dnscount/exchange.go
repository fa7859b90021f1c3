package dnscount

// asked lets a query wait, or joins it with a response that was read before it. It reports whether the same query waits
// already.
func (c *Counter) asked(key uint64, e *exchange, m *Message) (again bool) {
	counts := &c.slots[e.service].counts
	if h := c.matches.find(key); h != nil {
		switch {
		case h.state == answered && h.at >= e.at && h.same(m):
			counts.Latency[e.transport].add(Latencies[:], uint64(h.at-e.at), c.weight)
			*h = half{}
			return false
		case h.state == asked && h.same(m) && e.at-h.at <= c.matches.timeout:
			// The client has lost patience. It still waits for the first answer, from the first time it asked.
			return true
		default:
			c.lonely(*h)
			*h = half{}
		}
	}
	c.wait(half{key: key, at: e.at, question: m.Question, service: e.service, state: asked, weight: uint16(c.weight)})
	return false
}

// answered counts a response and joins it with its query.
func (c *Counter) answered(key uint64, e *exchange, m *Message) {
	counts := &c.slots[e.service].counts
	h := c.matches.find(key)
	if h != nil && h.state == transfer && h.same(m) {
		counts.Transfers += c.weight
		h.at = e.at
		return
	}
	counts.response(c.indexes, e, m, c.weight)
	if h != nil && h.state == asked && h.at <= e.at && h.same(m) {
		counts.Latency[e.transport].add(Latencies[:], uint64(e.at-h.at), c.weight)
		if e.transport == TCP && (m.Type == typeAXFR || m.Type == typeIXFR) && m.Rcode == 0 {
			h.state, h.at = transfer, e.at
		} else {
			*h = half{}
		}
		return
	}
	if h != nil {
		c.lonely(half{service: e.service, state: answered, weight: uint16(c.weight)})
		return
	}
	c.wait(half{key: key, at: e.at, question: m.Question, service: e.service, state: answered, weight: uint16(c.weight)})
}

// same reports whether a message has the question of a half. One without a question has any: so
// some servers refuse.
func (h *half) same(m *Message) bool {
	return h.question == m.Question || h.question == 0 || !m.Has(HasQuestion)
}

func (c *Counter) wait(h half) {
	if evicted := c.matches.put(h); evicted.key != 0 && evicted.state != transfer {
		c.totals.MatchEvictions++
		c.slots[evicted.service].counts.EvictedMatches++
	}
}

// lonely counts a half whose other one never came.
func (c *Counter) lonely(h half) {
	switch h.state {
	case asked:
		c.slots[h.service].counts.Unanswered += uint64(h.weight)
	case answered:
		c.slots[h.service].counts.Orphans += uint64(h.weight)
	case transfer:
	}
}

// stray counts an answer that left a real server from an address that nobody had asked: a name server on the
// wildcard address answers so, and the client drops it.
func (c *Counter) stray(f *Frame, p *packet) {
	services := c.plan.ports[p.sport]
	if p.proto != protoUDP || p.fragment.is || p.tunnelled || len(services) == 0 || !c.plan.isLocal(p.src) {
		c.totals.Unwanted++
		return
	}
	m := &c.message
	m.Parse(p.payload, p.size)
	if m.Defect == Short || !m.IsResponse() || !Sampled(m.ID, p.dport, c.shift) {
		c.totals.Unwanted++
		return
	}
	for _, service := range services {
		h := c.matches.find(c.matches.key(p.dst, p.dport, service, UDP, m.ID))
		if h != nil && h.state == asked && h.at <= f.Time && h.same(m) {
			c.slots[service].counts.WrongSource += c.weight
			return
		}
	}
	c.totals.Unwanted++
}

// forwarded counts a query on its way from a director to a real server.
func (c *Counter) forwarded(f *Frame, p *packet) {
	if c.plan.isLocal(p.src) {
		c.totals.Unwanted++
		return
	}
	to, ok := c.receiver(p)
	if !ok {
		return
	}
	slot := &c.slots[to.service]
	if p.fragment.is && p.tunnelled && p.fragment.outer {
		slot.counts.Fragments[Outer][Query]++
		c.begun(p, &exchange{at: f.Time, service: to.service, direction: Query}, false, false)
	}
	if p.proto == protoTCP {
		c.forwardedTo(p, f.Time, to)
		return
	}
	if len(p.payload) < 4 || p.payload[2]&0x80 != 0 || !Sampled(be16(p.payload, 0), p.sport, c.shift) {
		return
	}
	slot.servers[to.server].counts.Queries[UDP] += c.weight
}

// receiver tells which real server a forwarded packet is for.
func (c *Counter) receiver(p *packet) (place, bool) {
	if service, ok := c.plan.services.find(endpoint{p.dst, p.dport}); ok {
		var server uint16
		if p.tunnelled {
			server, ok = c.plan.byOuter.find(endpoint{p.outer, service})
		} else {
			server, ok = c.plan.byMAC.find(macAt(p.mac, uint8(service)))
		}
		if !ok {
			c.totals.Unforwarded++
		}
		return place{uint8(service), uint8(server)}, ok
	}
	n, ok := c.plan.byAddress.find(endpoint{p.dst, p.dport})
	if !ok {
		c.totals.Unwanted++
		return place{}, false
	}
	places := c.plan.places[n]
	if len(places) == 1 {
		return places[0], true
	}
	// The address serves several virtual servers: the one that the client has asked.
	for _, at := range places {
		if p.proto == protoTCP && c.flows.find(c.flows.key(p.src, p.sport, at.service)) != nil {
			return at, true
		}
		if p.proto == protoUDP && len(p.payload) >= 2 {
			h := c.matches.find(c.matches.key(p.src, p.sport, at.service, UDP, be16(p.payload, 0)))
			if h != nil && h.state == asked {
				return at, true
			}
		}
	}
	c.totals.Unforwarded++
	return place{}, false
}
