package keepalived

import "net/netip"

// Pairs finds what keepalived's state dump says of each configured block. The zero Pairs know nothing.
type Pairs struct {
	virtual  map[*VirtualServer]*BelievedVS
	real     map[*RealServer]*BelievedRS
	checkers map[checkerOf][]*BelievedChecker
	stray    []*BelievedVS
}

type checkerOf struct {
	vs VSName
	rs RSName
}

// PairUp joins a configuration with a state dump; nil is a dump that knows nothing. Of a group the dump gives the name alone, so several
// virtual servers of one group are joined in their order.
func PairUp(c *Config, b *Belief) Pairs {
	if b == nil || len(b.VirtualServers) == 0 {
		return Pairs{}
	}
	p := Pairs{
		virtual:  map[*VirtualServer]*BelievedVS{},
		real:     map[*RealServer]*BelievedRS{},
		checkers: map[checkerOf][]*BelievedChecker{},
	}
	byName := map[believedName][]*BelievedVS{}
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

// join pairs the real servers of a virtual server, in their order: without NAT
// all have the port of the virtual server, and two may then have one name.
func (p Pairs) join(v *VirtualServer, b *BelievedVS) {
	p.virtual[v] = b
	byName := map[RSName][]*BelievedRS{}
	for i := range b.RealServers {
		n := b.RealServers[i].Name
		byName[n] = append(byName[n], &b.RealServers[i])
	}
	for i := range v.RealServers {
		r := &v.RealServers[i]
		n := RSName{Addr: r.Addr, Port: r.Port}
		if len(byName[n]) > 0 {
			p.real[r], byName[n] = byName[n][0], byName[n][1:]
		}
	}
	if v.Sorry != nil && b.Sorry != nil {
		p.real[v.Sorry] = b.Sorry
	}
}

// Known reports whether there is a dump at all.
func (p Pairs) Known() bool { return p.virtual != nil }

// Virtual is what the dump says of a virtual server; nil: nothing.
func (p Pairs) Virtual(v *VirtualServer) *BelievedVS { return p.virtual[v] }

// Server is what the dump says of a real server or sorry server; nil: nothing.
func (p Pairs) Server(r *RealServer) *BelievedRS { return p.real[r] }

// Stray are the virtual servers of the dump that are not configured any more.
func (p Pairs) Stray() []*BelievedVS { return p.stray }

// Checkers are the checks that keepalived runs for a real server.
func (p Pairs) Checkers(v *VirtualServer, r *RealServer) []*BelievedChecker {
	b := p.virtual[v]
	if b == nil {
		return nil
	}
	return p.checkers[checkerOf{b.Name, RSName{Addr: r.Addr, Port: r.Port}}]
}

// believedName is how both sides call a virtual server; the family tells two
// with the same mark apart.
type believedName struct {
	addr     netip.Addr
	port     uint16
	protocol Protocol
	mark     uint32
	group    string
	family   Family
}

func nameOf(v *VirtualServer) believedName {
	switch {
	case v.Group != "":
		return believedName{group: v.Group}
	case v.IsFWMark():
		return believedName{mark: v.FWMark, family: v.Family}
	default:
		return believedName{addr: v.Addr, port: v.Port, protocol: v.Protocol.V}
	}
}

func nameOfBelieved(v *BelievedVS) believedName {
	switch n := v.Name; {
	case n.Group != "":
		return believedName{group: n.Group}
	case !n.Addr.IsValid():
		return believedName{mark: n.FWMark, family: v.Family}
	default:
		return believedName{addr: n.Addr, port: n.Port, protocol: n.Protocol}
	}
}
