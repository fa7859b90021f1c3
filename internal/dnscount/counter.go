package dnscount

import (
	"cmp"
	"net/netip"

	"github.com/lvsdns/lvsdns/internal/dnscount/top"
)

// Options are the sizes of a Counter's tables.
type Options struct {
	Waiting   int        // queries that wait for their response; 0: 65536, which is 1.5 MiB
	Flows     int        // TCP connections; 0: 16384, up to 5 MiB
	Fragments int        // fragmented messages in the making; 0: 1024
	Recent    int        // questions that clients may repeat; 0: 65536, which is 1 MiB
	Seed      uint64     // of hashes: a number that clients cannot know
	Timeout   int64      // nanoseconds after which a query is unanswered; 0: 5 s
	Idle      int64      // nanoseconds after which a connection is forgotten; 0: 60 s
	Top       *top.Table // for what is asked most; nil: nobody wants to know
}

// Counter counts the DNS messages in frames. It belongs to one goroutine. Make one with New.
type Counter struct {
	plan      *plan
	indexes   *indexes
	slots     []serviceSlot // the last one is for all services that found no slot
	totals    Totals
	matches   *matches
	flows     *flows
	fragments *fragments
	repeats   *repeats
	top       *top.Table // nil: off
	shift     uint8
	weight    uint64

	packet  packet
	message Message
}

// serviceSlot keeps the numbers of a service, also while the view lacks it.
type serviceSlot struct {
	at       netip.AddrPort
	present  bool
	bypassed bool // responses do not come by
	counts   Counts
	servers  [MaxServers + 1]serverSlot // the last one is for all that found no slot
}

type serverSlot struct {
	at      netip.AddrPort
	present bool
	counts  ServerCounts
}

// exchange is what is known of a message besides its octets.
type exchange struct {
	client    address
	at        int64
	port      uint16 // of the client
	service   uint8
	transport Transport
	family    uint8
	direction Direction
}

// New makes a Counter that knows no service yet.
func New(o Options) *Counter {
	c := &Counter{
		indexes: newIndexes(), slots: make([]serviceSlot, MaxServices+1), weight: 1,
		matches:   newMatches(cmp.Or(o.Waiting, 1<<16), o.Seed, cmp.Or(o.Timeout, 5e9)),
		flows:     newFlows(cmp.Or(o.Flows, 1<<14), o.Seed, cmp.Or(o.Idle, 60e9)),
		fragments: newFragments(cmp.Or(o.Fragments, 1<<10), o.Seed),
		repeats:   newRepeats(cmp.Or(o.Recent, 1<<16), o.Seed),
		top:       o.Top,
	}
	c.Use(View{})
	return c
}

// Use makes the Counter count for a view from now on. What services and real servers had counted stays, also over
// a time in which they were away, unless another needed the room.
func (c *Counter) Use(v View) {
	for i := range c.slots {
		c.slots[i].present = false
		for j := range c.slots[i].servers {
			c.slots[i].servers[j].present = false
		}
	}
	known := map[netip.AddrPort]bool{}
	for _, s := range v.Services {
		known[netip.AddrPortFrom(s.Addr, s.Port)] = true
	}
	c.plan = newPlan(v, func(s Service) (uint8, func(Server) uint8) {
		n := c.serviceSlot(netip.AddrPortFrom(s.Addr, s.Port), known)
		slot := &c.slots[n]
		wanted := map[netip.AddrPort]bool{}
		if len(s.Servers) > 0 || v.Role == RealServer { // without any it is as it was
			slot.bypassed = v.Role == Director && s.Bypassed()
		}
		for _, r := range s.Servers {
			wanted[netip.AddrPortFrom(r.Addr, r.Port)] = true
		}
		return n, func(r Server) uint8 {
			if n == MaxServices {
				return MaxServers
			}
			return slot.serverSlot(netip.AddrPortFrom(r.Addr, r.Port), wanted)
		}
	})
}

// serviceSlot finds the slot of a service, or gives it one that no known service has.
func (c *Counter) serviceSlot(at netip.AddrPort, known map[netip.AddrPort]bool) uint8 {
	free := -1
	for i := range c.slots[:MaxServices] {
		s := &c.slots[i]
		if s.at == at {
			s.present = true
			return uint8(i)
		}
		if free < 0 && !known[s.at] {
			free = i
		}
	}
	// One that was never used is better than one whose numbers are lost.
	for i := range c.slots[:MaxServices] {
		if !c.slots[i].at.IsValid() {
			free = i
			break
		}
	}
	if free < 0 {
		c.slots[MaxServices].present = true
		return MaxServices
	}
	if c.slots[free].at.IsValid() {
		c.matches.forget(uint8(free))
		c.flows.forget(uint8(free))
		c.fragments.forget(uint8(free))
		c.repeats.forget(uint8(free))
		if c.top != nil {
			c.top.Forget()
		}
	}
	c.slots[free] = serviceSlot{at: at, present: true}
	return uint8(free)
}

func (s *serviceSlot) serverSlot(at netip.AddrPort, wanted map[netip.AddrPort]bool) uint8 {
	free := -1
	for i := range s.servers[:MaxServers] {
		r := &s.servers[i]
		if r.at == at {
			r.present = true
			return uint8(i)
		}
		if !wanted[r.at] && (free < 0 || s.servers[free].at.IsValid() && !r.at.IsValid()) {
			free = i
		}
	}
	if free < 0 {
		s.servers[MaxServers].present = true
		return MaxServers
	}
	s.servers[free] = serverSlot{at: at, present: true}
	return uint8(free)
}

// Sample makes the Counter leave out all but one transaction in 1 << shift, and let each of those count for so
// many. Numbers of fragments and of ICMP are always of all.
func (c *Counter) Sample(shift uint8) {
	c.shift = min(shift, MaxSample)
	c.weight = 1 << c.shift
}

// Shift is what Sample was given last.
func (c *Counter) Shift() uint8 { return c.shift }

// Tick ends what has waited for too long. To be called about every second, and before Report; now is in the
// nanoseconds of the frames.
func (c *Counter) Tick(now int64) {
	c.matches.expire(now, c.lonely)
	c.flows.expire(now, c.ended)
	c.fragments.expire(now, c.incomplete)
	if c.top != nil {
		c.top.Tick(now)
	}
}

// Frame counts a frame.
func (c *Counter) Frame(f *Frame) {
	c.totals.Frames++
	p := &c.packet
	if !decode(f, p, c.plan.gue) {
		c.totals.Undecodable++
		return
	}
	in := c.plan.incoming(f, p.mac)
	out := f.Kind == Outgoing
	switch {
	case !in && !out:
		c.totals.Unwanted++
	case p.fragment.is && p.fragment.offset > 0:
		c.later(f, p, in)
	case p.proto == protoICMP || p.proto == protoICMPv6:
		c.feedback(p, in)
	case in:
		slot, ok := c.plan.services.find(endpoint{p.dst, p.dport})
		if !ok || c.plan.isLocal(p.src) {
			c.totals.Unwanted++
			return
		}
		c.traffic(p, &exchange{client: p.src, port: p.sport, at: f.Time, service: uint8(slot), family: p.family, direction: Query})
	default:
		slot, ok := c.plan.services.find(endpoint{p.src, p.sport})
		switch {
		case ok && !c.plan.isLocal(p.dst) && !p.tunnelled:
			c.traffic(p, &exchange{client: p.dst, port: p.dport, at: f.Time, service: uint8(slot), family: p.family, direction: Response})
		case ok:
			c.totals.Unwanted++
		case c.plan.role == Director:
			c.forwarded(f, p)
		default:
			c.stray(f, p)
		}
	}
}

// traffic counts a packet of a service.
func (c *Counter) traffic(p *packet, e *exchange) {
	counts := &c.slots[e.service].counts
	if p.fragment.is {
		position := First
		if p.fragment.outer {
			position = Outer
		} else {
			counts.Fragmented[e.direction][e.family]++
		}
		counts.Fragments[position][e.direction]++
	}
	if p.proto == protoTCP {
		if p.fragment.is {
			c.begun(p, e, e.direction == Query, false)
		}
		e.transport = TCP
		c.segment(p, e)
		return
	}
	var id uint16
	if len(p.payload) >= 2 {
		id = be16(p.payload, 0)
	}
	sampled := Sampled(id, e.port, c.shift)
	if p.fragment.is {
		c.begun(p, e, e.direction == Query, sampled)
	}
	if !sampled {
		c.totals.Unsampled++
		return
	}
	if e.direction == Query {
		counts.Seen[UDP] += c.weight
	}
	if p.fragment.is {
		return
	}
	if p.bad {
		counts.Malformed[Length] += c.weight
		return
	}
	c.message.Parse(p.payload, p.size)
	c.count(e, &c.message, p.payload)
}

// count counts a message, and joins it with the other half of its exchange. b begins with it, or is nil if it came in
// pieces. It reports whether the message looks like one.
func (c *Counter) count(e *exchange, m *Message, b []byte) bool {
	slot := &c.slots[e.service]
	switch {
	case m.Defect == Short:
		slot.counts.Malformed[Short] += c.weight
		return true
	case !m.Has(HasHeader): // so little was captured
		c.totals.Undecodable++
		return false
	case m.IsResponse() != (e.direction == Response):
		slot.counts.Malformed[WrongDirection] += c.weight
		return false
	}
	key := c.matches.key(e.client, e.port, e.service, e.transport, m.ID)
	if e.direction == Query {
		slot.counts.query(c.indexes, e, m, c.weight)
		c.repeated(e, m, c.asked(key, e, m))
	} else {
		c.answered(key, e, m)
	}
	if c.top != nil {
		c.sketch(e, m, b)
	}
	return true
}
