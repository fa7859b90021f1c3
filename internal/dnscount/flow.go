package dnscount

// flows remembers TCP connections, in a table of fixed size.
type flows struct {
	keys  [][flowWays]uint64 // 0: none. Apart from the flows, which are large: a look at four must not cost four cache misses.
	flows []flow             // flowWays for each element of keys
	mask  uint64
	seed  uint64
	idle  int64
}

const (
	flowWays = 4
	// flowLinger is how long a closed connection is remembered, for segments that are sent again.
	flowLinger = 5e9
)

// flow is a connection of a client.
type flow struct {
	last      int64  // when a packet came
	pending   uint64 // queries not yet told to a real server
	queries   uint32
	service   uint8
	serverOf  uint32 // the first octet of the connection of which server is known
	server    uint8  // slot of the real server that gets them, plus 1; 0: not known
	begun     bool   // the client's SYN was seen
	closed    bool   // by the client: its queries are counted
	acks      acks
	transport [2]stream
}

func newFlows(size int, seed uint64, idle int64) *flows {
	n := 1
	for n*flowWays < size {
		n *= 2
	}
	return &flows{keys: make([][flowWays]uint64, n), flows: make([]flow, n*flowWays), mask: uint64(n - 1), seed: seed, idle: idle}
}

func (t *flows) key(client address, port uint16, service uint8) uint64 {
	return mix(t.seed, client.hi, client.lo, uint64(port)<<8|uint64(service)) | 1
}

func (t *flows) find(key uint64) *flow {
	n := key >> 8 & t.mask
	for i, k := range &t.keys[n] {
		if k == key {
			return &t.flows[int(n)*flowWays+i]
		}
	}
	return nil
}

// room gives a flow a place: a free one or that of the one that was silent longest, of which it tells first.
func (t *flows) room(key uint64, tell func(*flow)) *flow {
	n := key >> 8 & t.mask
	oldest := 0
	for i, k := range &t.keys[n] {
		f := &t.flows[int(n)*flowWays+i]
		if k == 0 {
			t.keys[n][i] = key
			return f
		}
		if f.last < t.flows[int(n)*flowWays+oldest].last {
			oldest = i
		}
	}
	t.keys[n][oldest] = key
	f := &t.flows[int(n)*flowWays+oldest]
	tell(f)
	return f
}

func (t *flows) expire(now int64, tell func(*flow)) {
	for n := range t.keys {
		for i, k := range &t.keys[n] {
			f := &t.flows[n*flowWays+i]
			if k != 0 && (now-f.last > t.idle || f.closed && now-f.last > flowLinger) {
				tell(f)
				t.keys[n][i] = 0
			}
		}
	}
}

func (t *flows) forget(service uint8) {
	for n := range t.keys {
		for i := range &t.keys[n] {
			if t.flows[n*flowWays+i].service == service {
				t.keys[n][i] = 0
			}
		}
	}
}

// forwardedTo notes which real server has the connection, from the copy of a segment that goes there. That may be read
// before the one that came in: cards have rings of their own.
func (c *Counter) forwardedTo(p *packet, at int64, to place) {
	key := c.flows.key(p.src, p.sport, to.service)
	f := c.flows.find(key)
	syn := p.tcpFlags&tcpSYN != 0
	if f == nil && (syn || p.size > 0) && Sampled(0, p.sport, c.shift) {
		f = c.open(key, &exchange{at: at, service: to.service})
	}
	if f == nil {
		return
	}
	counts := &c.slots[to.service].servers[to.server].counts
	f.server = to.server + 1
	if syn {
		f.serverOf = p.seq + 1
		if q := &f.transport[Query]; q.sync != unknown && q.first != p.seq+1 {
			return // what is pending belongs to the connection before this one
		}
	}
	counts.Queries[TCP] += f.pending
	f.pending = 0
}

// open makes a flow for an exchange.
func (c *Counter) open(key uint64, e *exchange) *flow {
	f := c.flows.room(key, c.evicted)
	*f = flow{last: e.at, service: e.service}
	return f
}

func (c *Counter) evicted(f *flow) {
	if !f.closed {
		c.totals.FlowEvictions++
	}
	c.ended(f)
}

// ended counts what is known when a connection is over.
func (c *Counter) ended(f *flow) {
	c.closed(f)
	c.settle(f)
	for i := range f.transport {
		s := &f.transport[i]
		if s.hole != s.holeEnd {
			s.hole = s.holeEnd
			c.slots[f.service].counts.Desyncs += c.weight
		}
		if s.reading {
			s.reading = false
			// The rest of the message will not come. Without the exchange's client there is no match to look for,
			// and what is counted here must not wait for one: it is left out.
			c.slots[f.service].counts.Desyncs += c.weight
		}
	}
}

// closed counts the queries of a connection once.
func (c *Counter) closed(f *flow) {
	if !f.closed {
		f.closed = true
		c.slots[f.service].counts.PerConnection.add(ConnectionQuestions[:], uint64(f.queries), c.weight)
	}
}

// segment counts a TCP segment and the messages in it.
func (c *Counter) segment(p *packet, e *exchange) {
	if !Sampled(0, e.port, c.shift) {
		c.totals.Unsampled++
		return
	}
	counts := &c.slots[e.service].counts
	if e.direction == Query {
		counts.Seen[TCP] += c.weight
	}
	key := c.flows.key(e.client, e.port, e.service)
	f := c.flows.find(key)
	seq := p.seq
	if p.tcpFlags&tcpSYN != 0 {
		f = c.syn(f, key, p, e)
		seq++
	} else if f == nil && p.size > 0 {
		f = c.open(key, e)
	}
	if f == nil {
		return
	}
	f.last = max(f.last, e.at)
	if e.direction == Query {
		c.acknowledged(f, p)
	}
	if p.size > 0 {
		c.data(f, &f.transport[e.direction], e, seq, p.payload, p.size)
	}
	if p.tcpFlags&tcpRST != 0 && !f.closed {
		counts.Resets += c.weight
	}
	if p.tcpFlags&tcpRST != 0 || p.tcpFlags&tcpFIN != 0 && e.direction == Query {
		c.closed(f)
	}
}

// syn begins a connection or one of its two streams.
func (c *Counter) syn(f *flow, key uint64, p *packet, e *exchange) *flow {
	start := p.seq + 1
	if f != nil && e.direction == Query && f.transport[Query].sync != unknown && (!f.begun || f.transport[Query].first != start) {
		// The client uses the port again.
		c.ended(f)
		server, of := f.server, f.serverOf
		*f = flow{service: e.service}
		if of == start { // the other copy was read before this one
			f.server, f.serverOf = server, of
		}
	}
	if f == nil {
		f = c.open(key, e)
	}
	if s := &f.transport[e.direction]; s.sync == unknown {
		*s = stream{sync: inSync, next: start, first: start}
	}
	if e.direction == Query && !f.begun {
		f.begun = true
		c.slots[e.service].counts.Connections += c.weight
	}
	return f
}
