package top

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
)

// Form is how much of a zone or of a network leaves a Table.
type Form uint8

// The forms.
const (
	Hashed Form = iota // 64 bits of a keyed hash, the same as long as the process lives
	Plain              // the zone in text, the network with its length
)

// Options are the sizes of a Table, and what may leave it.
type Options struct {
	Zones, Clients int   // how many of each are counted; 0: 256. The error is the queries of the window divided by it
	Window         int64 // nanoseconds, of which the last one and the one that goes on are shown; 0: 60 s
	ZoneForm       Form
	ClientForm     Form
	Key            []byte       // of the hashes that leave; nobody else may know it. Empty: one that is drawn now
	Seed           maphash.Seed // of the hashes that stay; zero: one that is drawn now
}

// Services is how many virtual servers a Table tells apart, by number.
const Services = 65

const (
	zoneNames    = 1 << 10 // registers for the names of a zone: a standard error of 3.3 %
	serviceNames = 1 << 12 // for those of a virtual server, and for its clients: 1.6 %
)

// Networks of clients: what one customer has, as a rule.
const (
	bits4 = 24
	bits6 = 56
)

// Table keeps what was asked lately. It belongs to one goroutine. Make one with New.
type Table struct {
	options Options
	now     *window // that goes on
	before  *window // the whole one before it, or an empty one
	name    wire
	client  [17]byte
}

// Query is one that a client asked.
type Query struct {
	At      int64     // nanoseconds
	Client  [2]uint64 // the address, an IPv4 one as ::ffff:a.b.c.d
	Name    []byte    // the question's, as messages have it, and whatever follows; empty: not known
	Weight  uint64    // how many it stands for, 1 or more
	Service uint8     // number of the virtual server, below Services
}

// window is a time in which was counted.
type window struct {
	from     int64 // 0: nothing came yet
	zones    *space
	zone     []zone // by slot
	clients  *space
	client   []network // by slot
	services [Services]service
}

// zone is what is known of one in a slot, since it has that slot.
type zone struct {
	name                         [255]uint8
	size                         uint8
	service                      uint8
	queries                      uint64 // as seen, each for one
	answers, nxdomains, failures uint64
	names                        distinct
}

// network is one of clients.
type network struct {
	address [2]uint64
	service uint8
}

// service is what is known of a virtual server.
type service struct {
	queries        uint64
	names, clients distinct
}

// New makes a Table that has seen nothing.
func New(o Options) *Table {
	o.Zones, o.Clients, o.Window = cmp.Or(o.Zones, 256), cmp.Or(o.Clients, 256), cmp.Or(o.Window, 60e9)
	if o.Seed == (maphash.Seed{}) {
		o.Seed = maphash.MakeSeed()
	}
	if len(o.Key) == 0 {
		o.Key = drawKey()
	}
	return &Table{options: o, now: newWindow(&o), before: newWindow(&o)}
}

func newWindow(o *Options) *window {
	w := &window{zones: newSpace(o.Zones), zone: make([]zone, o.Zones), clients: newSpace(o.Clients), client: make([]network, o.Clients)}
	registers := make([]uint8, o.Zones*zoneNames+2*Services*serviceNames)
	take := func(n int) distinct {
		d := registers[:n:n]
		registers = registers[n:]
		return d
	}
	for i := range w.zone {
		w.zone[i].names = take(zoneNames)
	}
	for i := range w.services {
		w.services[i].names, w.services[i].clients = take(serviceNames), take(serviceNames)
	}
	return w
}

func (w *window) clear() {
	w.from = 0
	w.zones.clear()
	w.clients.clear()
	for i := range w.services {
		if s := &w.services[i]; s.queries > 0 {
			s.queries = 0
			clear(s.names)
			clear(s.clients)
		}
	}
	// What slots have is cleared when they are taken; names and addresses must not stay for longer.
	for i := range w.zone {
		w.zone[i].name = [255]uint8{}
	}
	clear(w.client)
}

// Forget drops all: the number of a virtual server now means another one.
func (t *Table) Forget() {
	t.now.clear()
	t.before.clear()
}

// Tick lets time pass, in the nanoseconds of the queries.
func (t *Table) Tick(now int64) {
	w := t.now
	if w.from == 0 {
		return
	}
	switch passed := now - w.from; {
	case passed < -t.options.Window, passed >= 2*t.options.Window: // the clock was put back; or nothing came for long
		t.Forget()
	case passed >= t.options.Window:
		from := w.from + t.options.Window
		t.now, t.before = t.before, w
		t.now.clear()
		t.now.from = from
	}
}

// Query counts one.
func (t *Table) Query(q *Query) {
	t.Tick(q.At)
	w := t.now
	if w.from == 0 {
		w.from = q.At
	}
	s := &w.services[q.Service]
	s.queries += q.Weight
	s.clients.add(t.hash(q.Service, q.Client))
	net := networkOf(q.Client)
	if slot, fresh := w.clients.add(t.hash(q.Service, net), q.Weight); fresh {
		w.client[slot] = network{net, q.Service}
	}
	if !t.name.read(q.Name) {
		return
	}
	name := maphash.Bytes(t.options.Seed, t.name.name)
	s.names.add(name)
	part := t.name.zone()
	slot, fresh := w.zones.add(t.zoneKey(q.Service, part), q.Weight)
	z := &w.zone[slot]
	if fresh {
		z.service, z.size = q.Service, uint8(copy(z.name[:], part))
		z.queries, z.answers, z.nxdomains, z.failures = 0, 0, 0, 0
		clear(z.names)
	}
	z.queries++
	z.names.add(name)
}

const (
	rcodeServFail = 2
	rcodeNXDomain = 3
)

// Answer notes how a question was answered, for its zone.
func (t *Table) Answer(at int64, service uint8, name []byte, rcode uint16) {
	t.Tick(at)
	if !t.name.read(name) {
		return
	}
	slot := t.now.zones.find(t.zoneKey(service, t.name.zone()))
	if slot < 0 {
		return
	}
	z := &t.now.zone[slot]
	z.answers++
	switch rcode {
	case rcodeNXDomain:
		z.nxdomains++
	case rcodeServFail:
		z.failures++
	}
}

func (t *Table) zoneKey(service uint8, zone []byte) uint64 {
	// Who does not know the hash of a zone cannot aim at another one's by a number that all know.
	return maphash.Bytes(t.options.Seed, zone) + uint64(service)*0x9e3779b97f4a7c15
}

func (t *Table) hash(service uint8, address [2]uint64) uint64 {
	binary.BigEndian.PutUint64(t.client[0:], address[0])
	binary.BigEndian.PutUint64(t.client[8:], address[1])
	t.client[16] = service
	return maphash.Bytes(t.options.Seed, t.client[:])
}

// networkOf cuts an address.
func networkOf(a [2]uint64) [2]uint64 {
	if is4(a) {
		return [2]uint64{0, a[1] >> (32 - bits4) << (32 - bits4)}
	}
	return [2]uint64{a[0] >> (64 - bits6) << (64 - bits6), 0}
}

func is4(a [2]uint64) bool { return a[0] == 0 && a[1]>>32 == 0xffff }
