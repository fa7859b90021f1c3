package dnscount

// repeats remembers who asked what a moment ago. A director that sees no responses can still see what clients do about
// missing, refused and truncated ones: they ask again. It has a fixed size and no timers, and a set of it is one line of
// the processor's cache. Of a client and its question there is a hash with a secret seed, and nothing else.
type repeats struct {
	sets [][repeatWays]recent
	mask uint64
	seed uint64
}

const (
	repeatWays = 4

	// Stub resolvers wait for 5 s at most before they ask again (RES_TIMEOUT of resolv.h), others for less.
	repeatWindow = int64(5e9) >> repeatQuantum
	// A client that is told to use TCP does so at once; what is later is another's question.
	fallbackWindow = int64(3e9) >> repeatQuantum

	repeatQuantum = 20 // nanoseconds are shifted by so much, to some ms
)

// recent is the last time that a client asked a question over UDP. Of its hash 32 bits are here and some more are its
// place, so that one client in some billions is taken for another.
type recent struct {
	tag      uint32 // 0: nobody
	at       uint32 // wraps after 52 days
	id, port uint16
	size     uint16 // that the client takes
	service  uint8
	how      how
}

// how is a set of what is known of a recent question.
type how uint8

const (
	hadEDNS how = 1 << iota
	hadDO
	unknownEDNS // not all of the message was captured
	overTCP     // it was asked over TCP since
)

func newRepeats(size int, seed uint64) *repeats {
	n := 1
	for n*repeatWays < size {
		n *= 2
	}
	return &repeats{sets: make([][repeatWays]recent, n), mask: uint64(n - 1), seed: seed}
}

func (t *repeats) key(client address, service uint8, question uint32) uint64 {
	return mix(t.seed, client.hi, client.lo, uint64(service)<<32|uint64(question))
}

// find returns the entry of a key, or else nil and the place that it may have: a free one or the oldest.
func (t *repeats) find(key uint64) (found, room *recent) {
	set := &t.sets[key>>32&t.mask]
	tag := uint32(key) | 1
	room = &set[0]
	for i := range set {
		r := &set[i]
		if r.tag == tag {
			return r, nil
		}
		if r.tag == 0 && room.tag != 0 || room.tag != 0 && int32(r.at-room.at) < 0 {
			room = r
		}
	}
	return nil, room
}

func (t *repeats) forget(service uint8) {
	for i := range t.sets {
		for j := range t.sets[i] {
			if r := &t.sets[i][j]; r.service == service {
				*r = recent{}
			}
		}
	}
}

// repeated counts what a query says by repeating another. again: the table of queries that wait has it already.
func (c *Counter) repeated(e *exchange, m *Message, again bool) {
	counts := &c.slots[e.service].counts
	// An update or a notification is not answered by asking in another way.
	if !m.Has(HasQuestion) || m.Opcode() != 0 {
		if again && e.transport == UDP {
			counts.Retransmits += c.weight
		}
		return
	}
	now := uint32(e.at >> repeatQuantum)
	key := c.repeats.key(e.client, e.service, m.Question)
	r, room := c.repeats.find(key)
	if e.transport == TCP {
		if r != nil && r.how&overTCP == 0 && since(r, now) <= fallbackWindow {
			r.how |= overTCP
			counts.Fallbacks += c.weight * c.weight
		}
		return
	}
	fresh := recent{at: now, id: m.ID, port: e.port, size: max(m.UDPSize, 512), service: e.service, how: howOf(m)}
	if r == nil {
		if room.tag != 0 && since(room, now) <= repeatWindow {
			c.totals.RepeatEvictions++
		}
		r = room
		if again {
			counts.Retransmits += c.weight
		}
	} else if since(r, now) <= repeatWindow {
		switch {
		case again || r.id == m.ID && r.port == e.port:
			counts.Retransmits += c.weight
		case c.slots[e.service].bypassed || c.waits(e, r, m):
			counts.Requeries += c.weight * c.weight
		}
		if r.less(&fresh) {
			counts.Downgrades += c.weight * c.weight
		}
	}
	fresh.tag = uint32(key) | 1
	*r = fresh
}

// since is how long ago a question was asked. What another card's ring brought late was asked just now.
func since(r *recent, now uint32) int64 {
	d := int64(int32(now - r.at))
	switch {
	case d >= 0:
		return d
	case d > -repeatWindow:
		return 0
	}
	return repeatWindow + 1 // half a wrap ago
}

// waits reports whether a question still has no response.
func (c *Counter) waits(e *exchange, r *recent, m *Message) bool {
	h := c.matches.find(c.matches.key(e.client, r.port, e.service, UDP, r.id))
	return h != nil && h.state == asked && h.question == m.Question
}

func howOf(m *Message) (h how) {
	if m.Has(HasEDNS) {
		h |= hadEDNS
	}
	if m.Has(HasDO) {
		h |= hadDO
	}
	if m.Has(IsCut) {
		h |= unknownEDNS
	}
	return h
}

// less reports whether a question is asked with less of EDNS than before: without it, with a smaller size, without DO.
func (r *recent) less(than *recent) bool {
	if (r.how|than.how)&unknownEDNS != 0 || r.how&hadEDNS == 0 {
		return false
	}
	return than.how&hadEDNS == 0 || than.size < r.size || r.how&hadDO != 0 && than.how&hadDO == 0
}
