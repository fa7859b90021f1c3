package drift

import (
	"net/netip"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// beliefs finds what keepalived's state dump says of each configured block. The
// zero beliefs know nothing.
type beliefs struct {
	virtual  map[*keepalived.VirtualServer]*keepalived.BelievedVS
	real     map[*keepalived.RealServer]*keepalived.BelievedRS
	checkers map[checkerOf][]*keepalived.BelievedChecker
	stray    []*keepalived.BelievedVS // that are not configured any more
}

type checkerOf struct {
	vs keepalived.VSName
	rs keepalived.RSName
}

// pair joins configuration and dump. Of a group the dump gives the name alone, so
// several virtual servers of one group are joined in their order.
func pair(c *keepalived.Config, b *keepalived.Belief) beliefs {
	if b == nil || len(b.VirtualServers) == 0 {
		return beliefs{}
	}
	p := beliefs{
		virtual:  map[*keepalived.VirtualServer]*keepalived.BelievedVS{},
		real:     map[*keepalived.RealServer]*keepalived.BelievedRS{},
		checkers: map[checkerOf][]*keepalived.BelievedChecker{},
	}
	byName := map[believedName][]*keepalived.BelievedVS{}
	for i := range b.VirtualServers {
		v := &b.VirtualServers[i]
		n := nameOfBelieved(v)
		byName[n] = append(byName[n], v)
	}
	for i := range c.VirtualServers {
		v := &c.VirtualServers[i]
		n := nameOf(v)
		if len(byName[n]) > 0 {
			p.join(v, byName[n][0])
			byName[n] = byName[n][1:]
		}
	}
	for i := range b.VirtualServers {
		v := &b.VirtualServers[i]
		for _, left := range byName[nameOfBelieved(v)] {
			if left == v {
				p.stray = append(p.stray, v)
			}
		}
	}
	for i := range b.Checkers {
		k := &b.Checkers[i]
		of := checkerOf{k.VS, k.RS}
		p.checkers[of] = append(p.checkers[of], k)
	}
	return p
}

// Pairs finds what keepalived's state dump says of a configured block.
type Pairs struct{ b beliefs }

// PairUp joins a configuration with keepalived's state dump; nil is a dump that knows nothing.
func PairUp(c *keepalived.Config, b *keepalived.Belief) Pairs { return Pairs{pair(c, b)} }

// Virtual is what the dump says of a virtual server; nil: nothing.
func (p Pairs) Virtual(v *keepalived.VirtualServer) *keepalived.BelievedVS { return p.b.virtual[v] }

// Server is what the dump says of a real server or sorry server; nil: nothing.
func (p Pairs) Server(r *keepalived.RealServer) *keepalived.BelievedRS { return p.b.real[r] }

// join pairs the real servers of a virtual server, in their order: without NAT
// all have the port of the virtual server, and two may then have one name.
func (p beliefs) join(v *keepalived.VirtualServer, b *keepalived.BelievedVS) {
	p.virtual[v] = b
	byName := map[keepalived.RSName][]*keepalived.BelievedRS{}
	for i := range b.RealServers {
		n := b.RealServers[i].Name
		byName[n] = append(byName[n], &b.RealServers[i])
	}
	for i := range v.RealServers {
		r := &v.RealServers[i]
		n := keepalived.RSName{Addr: r.Addr, Port: r.Port}
		if len(byName[n]) > 0 {
			p.real[r], byName[n] = byName[n][0], byName[n][1:]
		}
	}
	if v.Sorry != nil && b.Sorry != nil {
		p.real[v.Sorry] = b.Sorry
	}
}

// known reports whether there is a dump at all.
func (p beliefs) known() bool { return p.virtual != nil }

// checkersOf are the checks that keepalived runs for a real server.
func (p beliefs) checkersOf(v *keepalived.VirtualServer, r *keepalived.RealServer) []*keepalived.BelievedChecker {
	b := p.virtual[v]
	if b == nil {
		return nil
	}
	return p.checkers[checkerOf{b.Name, keepalived.RSName{Addr: r.Addr, Port: r.Port}}]
}

// believedName is how both sides call a virtual server; the family tells two
// with the same mark apart.
type believedName struct {
	addr     netip.Addr
	port     uint16
	protocol keepalived.Protocol
	mark     uint32
	group    string
	family   keepalived.Family
}

func nameOf(v *keepalived.VirtualServer) believedName {
	switch {
	case v.Group != "":
		return believedName{group: v.Group}
	case v.IsFWMark():
		return believedName{mark: v.FWMark, family: v.Family}
	default:
		return believedName{addr: v.Addr, port: v.Port, protocol: v.Protocol.V}
	}
}

func nameOfBelieved(v *keepalived.BelievedVS) believedName {
	switch n := v.Name; {
	case n.Group != "":
		return believedName{group: n.Group}
	case !n.Addr.IsValid():
		return believedName{mark: n.FWMark, family: v.Family}
	default:
		return believedName{addr: n.Addr, port: n.Port, protocol: n.Protocol}
	}
}
