package dnscount

// fragments joins the fragments of a packet to what its first one said, and reads the message as they come.
type fragments struct {
	ways [][fragmentWays]partial
	mask uint64
	seed uint64
}

const (
	fragmentWays = 4
	// fragmentTimeout is much shorter than the kernel's 30 s: fragments of one packet come together, and the ID comes
	// again after 65536 packets.
	fragmentTimeout = 2e9
)

// partial is a fragmented packet in the making.
type partial struct {
	key      uint64 // 0: none
	next     uint32 // offset of the fragment that should come
	reads    bool   // the message is wanted, not only the number of fragments
	outer    bool
	exchange exchange
	scanner  scanner
}

func newFragments(size int, seed uint64) *fragments {
	n := 1
	for n*fragmentWays < size {
		n *= 2
	}
	return &fragments{ways: make([][fragmentWays]partial, n), mask: uint64(n - 1), seed: seed}
}

// key: the ways in and out are apart, because what a director forwards keeps its addresses and ID.
func (t *fragments) key(f *fragment, in bool) uint64 {
	low := uint64(f.id)<<16 | uint64(f.proto)<<8
	if in {
		low |= 1
	}
	return mix(t.seed, f.src.hi^f.dst.hi<<1, f.src.lo^f.dst.lo<<1, low) | 1
}

func (t *fragments) find(key uint64) *partial {
	set := &t.ways[key>>8&t.mask]
	for i := range set {
		if set[i].key == key {
			return &set[i]
		}
	}
	return nil
}

// put makes room, and returns what had it.
func (t *fragments) put(key uint64) (room *partial, evicted bool) {
	set := &t.ways[key>>8&t.mask]
	room = &set[0]
	for i := range set {
		if set[i].key == 0 || set[i].key == key {
			return &set[i], false
		}
		if set[i].exchange.at < room.exchange.at {
			room = &set[i]
		}
	}
	return room, true
}

func (t *fragments) expire(now int64, tell func(*partial)) {
	for i := range t.ways {
		for j := range t.ways[i] {
			if p := &t.ways[i][j]; p.key != 0 && now-p.exchange.at > fragmentTimeout {
				tell(p)
				p.key = 0
			}
		}
	}
}

func (t *fragments) forget(service uint8) {
	for i := range t.ways {
		for j := range t.ways[i] {
			if p := &t.ways[i][j]; p.exchange.service == service {
				p.key = 0
			}
		}
	}
}

// begun remembers a first fragment: to read the message as it comes, or only to know the others.
func (c *Counter) begun(p *packet, e *exchange, in, reads bool) {
	key := c.fragments.key(&p.fragment, in)
	part, evicted := c.fragments.put(key)
	if part.key != 0 {
		if evicted {
			c.totals.FragmentEvictions++
		}
		c.incomplete(part)
	}
	part.key, part.next, part.exchange, part.reads, part.outer = key, p.fragment.length, *e, reads, p.fragment.outer
	if reads {
		part.scanner.begin(p.size)
		// Of a packet inside, size is of all of it, and the payload is what was captured of this fragment.
		part.scanner.feed(p.payload)
	}
}

// later counts a fragment that has no ports.
func (c *Counter) later(f *Frame, p *packet, in bool) {
	part := c.fragments.find(c.fragments.key(&p.fragment, in))
	if part == nil || f.Time-part.exchange.at > fragmentTimeout {
		c.unattributed(p, in)
		return
	}
	position := Later
	if part.outer {
		position = Outer
	}
	e := &part.exchange
	c.slots[e.service].counts.Fragments[position][e.direction]++
	if p.fragment.offset < part.next {
		return // a copy
	}
	if part.reads {
		part.scanner.lose(p.fragment.offset - part.next)
		captured := p.payload[:min(len(p.payload), int(p.fragment.length))]
		part.scanner.feed(captured)
		part.scanner.lose(p.fragment.length - uint32(len(captured)))
	}
	part.next = p.fragment.offset + p.fragment.length
	if !p.fragment.more {
		c.incomplete(part)
		part.key = 0
	}
}

// incomplete counts a message with as much as was seen of it.
func (c *Counter) incomplete(part *partial) {
	if part.reads {
		c.count(&part.exchange, part.scanner.finish(), nil)
	}
}

// unattributed counts a fragment whose first one was not seen, for the address alone.
func (c *Counter) unattributed(p *packet, in bool) {
	at, direction := p.fragment.src, Response
	if in {
		at, direction = p.fragment.dst, Query
	}
	if slot, ok := c.plan.vips.find(endpoint{at, 0}); ok {
		c.slots[slot].counts.Fragments[Unattributed][direction]++
		return
	}
	c.totals.Unwanted++
}
