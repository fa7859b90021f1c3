package flows

import (
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Held is one flow and who remembers it. The two tables may send it to different servers: then it is two.
type Held struct {
	Client netip.AddrPort // port 0: the client whatever its port, or a network of clients (persistence_granularity)
	At     netip.AddrPort // the virtual server; not valid for a mark
	Mark   uint32         // of a template with a firewall mark, else 0
	Server netip.AddrPort
	Target conntrack.Target

	Conntrack *conntrack.Flow // nil: conntrack does not know it
	IPVS      *time.Duration  // until IPVS forgets it; nil: it does not know it
}

// Template reports whether persistence holds the client, and not a flow.
func (h *Held) Template() bool { return h.Client.Port() == 0 }

// Look collects flows out of both tables.
type Look struct {
	services  *conntrack.Services
	wants     func(conntrack.Target) bool
	most      int
	templates *ipvs.Templates // nil: they keep nobody
	marks     bool

	held  []Held
	known map[flow]int
	tally Tally
}

// flow is what makes two entries the same flow.
type flow struct{ client, at, server netip.AddrPort }

// Tally counts flows that are wanted, those included that were too many to keep.
type Tally struct {
	Conntrack int // entries of conntrack's
	IPVS      int // entries of IPVS's table
	Removed   int // entries of IPVS's that point to a real server that is gone
	Drained   int // and to one with weight 0
	Bound     int // templates of IPVS's that keep a persistent client with one of weight 0
	Left      int // entries of either that were not kept
}

// NewLook looks for flows with a target that is wanted, and keeps the first ones.
func NewLook(services *conntrack.Services, wants func(conntrack.Target) bool, most int) *Look {
	return &Look{services: services, wants: wants, most: most, known: map[flow]int{}}
}

// Persistence has templates listed too that keep a client with a real server of weight 0; with marks also those of firewall marks,
// which have no address to be named by. Leave it out where sysctl net.ipv4.vs.expire_quiescent_template is set: they keep nobody then.
func (l *Look) Persistence(templates *ipvs.Templates, marks bool) {
	l.templates, l.marks = templates, marks
}

// Conntrack takes an entry of conntrack's table.
func (l *Look) Conntrack(f conntrack.Flow) error {
	if !l.wants(f.Target) {
		return nil
	}
	l.tally.Conntrack++
	if h := l.keep(flow{f.Client, f.At, f.Server}, f.Target); h != nil {
		kept := f // only now: there may be a million that are not
		h.Conntrack = &kept
	}
	return nil
}

// Connection takes an entry of IPVS's table.
func (l *Look) Connection(c ipvs.Connection) error {
	if c.Template() {
		l.template(c)
		return nil
	}
	if c.Protocol != ipvs.UDP {
		return nil
	}
	n, found := l.services.Find(c.Virtual)
	if !found {
		return nil
	}
	target := l.services.Target(n, c.Virtual, c.Destination)
	if !l.wants(target) {
		return nil
	}
	l.tally.IPVS++
	switch target {
	case conntrack.Removed:
		l.tally.Removed++
	case conntrack.Drained:
		l.tally.Drained++
	case conntrack.Serving, conntrack.Untranslated:
	}
	if h := l.keep(flow{c.Client, c.Virtual, c.Destination}, target); h != nil {
		expires := c.Expires
		h.IPVS = &expires
	}
	return nil
}

// template takes one of persistence. It is no flow: each new port of its client gets a flow of its own, to the same server.
func (l *Look) template(c ipvs.Connection) {
	mark := c.Mark()
	if l.templates == nil || !l.wants(conntrack.Drained) || mark != 0 && !l.marks || mark == 0 && c.Protocol != ipvs.UDP {
		return
	}
	if _, found := l.services.Find(c.Virtual); mark == 0 && !found || !l.templates.Bound(c) {
		return
	}
	l.tally.IPVS++
	l.tally.Bound++
	if h := l.keep(flow{c.Client, c.Virtual, c.Destination}, conntrack.Drained); h != nil {
		expires := c.Expires
		h.IPVS = &expires
		if mark != 0 {
			h.At, h.Mark = netip.AddrPort{}, mark
		}
	}
}

// keep finds or makes the place of a flow; nil if there are too many.
func (l *Look) keep(f flow, target conntrack.Target) *Held {
	if i, known := l.known[f]; known {
		return &l.held[i]
	}
	if len(l.held) >= l.most {
		l.tally.Left++
		return nil
	}
	l.known[f] = len(l.held)
	l.held = append(l.held, Held{Client: f.client, At: f.at, Server: f.server, Target: target})
	return &l.held[len(l.held)-1]
}

// Held are the flows found, sorted by virtual server, target and client, and how many there are in all.
func (l *Look) Held() ([]Held, Tally) {
	sortHeld(l.held)
	l.known = nil
	return l.held, l.tally
}
