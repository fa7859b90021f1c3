package keepalived

import (
	"fmt"
	"net/netip"
)

// These bound the table: a group may ask for 65,536 services a line.
const (
	maxServices     = 1 << 18
	maxDestinations = 1 << 20
)

// Desired is the table that keepalived programs when it starts with an empty
// one and alive tells which real servers pass their checks; nil means all. It
// has what keepalived asks for, also where the kernel refuses it. Weights are
// those of the configuration: what a checker adds later is not known here.
//
// Services that several virtual servers claim are one here as they are in the
// kernel: the first sets scheduler and flags.
func (c *Config) Desired(alive func(*VirtualServer, *RealServer) bool) []Service {
	return c.Table(State{Server: func(v *VirtualServer, r *RealServer) Standing {
		return Standing{Up: alive == nil || alive(v, r), Weight: r.Weight.V}
	}})
}

// Table is the table that keepalived comes to when its checks have found the state: it depends on nothing
// but that, however keepalived got there.
func (c *Config) Table(state State) []Service {
	t := c.expand(state)
	list := make([]Service, len(t.services))
	for i, s := range t.services {
		list[i] = *s
	}
	return list
}

// AtStart tells [Config.Desired] of the first moment: real servers whose
// checkers are in alpha mode wait for their first success.
func AtStart(_ *VirtualServer, r *RealServer) bool { return !r.StartsDown() }

// serviceKey is what the kernel tells services apart by.
type serviceKey struct {
	addr     netip.Addr
	port     uint16
	protocol Protocol
	mark     uint32
	family   Family
}

func (k serviceKey) String() string {
	if !k.addr.IsValid() {
		return fmt.Sprintf("fwmark %d (%s)", k.mark, k.family)
	}
	return fmt.Sprintf("%s %s", k.protocol, netip.AddrPortFrom(k.addr, k.port))
}

// double is a service that a second virtual server claims.
type double struct {
	vs    *VirtualServer
	key   serviceKey
	first Pos
}

// table takes the commands that keepalived sends to the kernel.
type table struct {
	cfg      *Config
	services []*Service
	index    map[serviceKey]*Service
	present  map[*Service]map[netip.AddrPort]bool // of services with many destinations
	count    int                                  // of all destinations
	doubles  []double
	marks    map[groupMark]uint32 // that nftables_ipvs gives out
	claims   map[*GroupEntry]*claim
	unmade   map[serviceKey]*VirtualServer // see Service.Unmade
	full     bool                          // the limits have cut something off
}

func (c *Config) expand(state State) *table {
	if state.Server == nil {
		state.Server = func(_ *VirtualServer, r *RealServer) Standing { return Standing{Up: true, Weight: r.Weight.V} }
	}
	t := &table{
		cfg: c, index: map[serviceKey]*Service{}, present: map[*Service]map[netip.AddrPort]bool{},
		marks: map[groupMark]uint32{}, claims: map[*GroupEntry]*claim{}, unmade: map[serviceKey]*VirtualServer{},
	}
	for i := range c.VirtualServers {
		v := &c.VirtualServers[i]
		t.start(v, t.keys(v), state)
	}
	return t
}

// start is what keepalived does for one virtual server: the services, then the
// real servers, or the sorry server if the quorum is missing. What is inhibited
// is there with weight 0.
func (t *table) start(v *VirtualServer, keys []serviceKey, state State) {
	services := make([]*Service, 0, len(keys))
	for _, k := range keys {
		if s := t.addService(v, k); s != nil {
			services = append(services, s)
		}
	}
	standing := make([]Standing, len(v.RealServers))
	for i := range v.RealServers {
		standing[i] = state.Server(v, &v.RealServers[i])
		standing[i].Weight = min(max(standing[i].Weight, 0), MaxWeight)
	}
	sorry := false
	switch {
	case v.Sorry == nil:
	case state.Sorry != nil:
		sorry = state.Sorry(v)
	default:
		// Both are unsigned ints to keepalived, and so is their sum (set_quorum_states() in its ipwrapper.c).
		sorry = Sum(standing) < int64(v.Quorum.V+v.Hysteresis.V)
	}
	for i := range v.RealServers {
		switch r := &v.RealServers[i]; {
		case standing[i].Up && !sorry:
			t.add(v, services, r, standing[i].Weight)
		case r.Inhibit.V:
			t.add(v, services, r, 0)
		}
	}
	switch {
	case sorry:
		t.add(v, services, v.Sorry, v.Sorry.Weight.V)
	case v.Sorry != nil && v.Sorry.Inhibit.V:
		t.add(v, services, v.Sorry, 0)
	}
}

// Sum is the weight of those that are up, which keepalived holds against the quorum.
func Sum(all []Standing) int64 {
	var sum int64
	for _, s := range all {
		if s.Up {
			sum += int64(min(max(s.Weight, 0), MaxWeight))
		}
	}
	return sum
}

// keys are the services of a virtual server.
func (t *table) keys(v *VirtualServer) []serviceKey {
	g := t.cfg.group(v)
	switch {
	case g == nil && v.IsFWMark():
		return []serviceKey{markKey(v.FWMark, v.Family, v.Protocol.V, 0xff)}
	case g == nil:
		return []serviceKey{{addr: v.Addr, port: v.Port, protocol: v.Protocol.V, family: v.Family}}
	case t.cfg.Global.NFTables.IsSet() && v.Protocol.V != "" && !hasMark(g):
		return t.markKeys(v, g)
	}
	var keys []serviceKey
	for _, e := range g.Entries {
		if e.IsFWMark() {
			continue
		}
		addr, n := e.First, e.count()
		if n > maxServices-len(keys) {
			n, t.full = maxServices-len(keys), true
		}
		for range n {
			keys = append(keys, serviceKey{addr: addr, port: e.Port, protocol: v.Protocol.V, family: e.Family})
			addr = following(addr)
		}
	}
	return append(keys, t.memberKeys(v, g)...)
}

// following counts as keepalived does: an IPv6 address in its last 16 bits.
func following(a netip.Addr) netip.Addr {
	b := a.AsSlice()
	last := len(b) - 1
	if b[last]++; b[last] == 0 && !a.Is4() {
		b[last-1]++
	}
	next, _ := netip.AddrFromSlice(b)
	return next
}

// addService makes sure of a service; nil if the table is full.
func (t *table) addService(v *VirtualServer, k serviceKey) *Service {
	if s := t.index[k]; s != nil {
		known := len(t.doubles) > 0 && t.doubles[len(t.doubles)-1].vs == v
		if s.Pos != v.Pos && !known {
			t.doubles = append(t.doubles, double{v, k, s.Pos})
		}
		if t.unmade[k] == nil {
			s.Unmade = nil
		}
		return s
	}
	if len(t.services) == maxServices {
		t.full = true
		return nil
	}
	s := &Service{
		Pos: v.Pos, Of: v, Addr: k.addr, Port: k.port, Protocol: k.protocol, FWMark: k.mark, Family: k.family,
		Scheduler: v.Scheduler.V, Flags: v.Flags, Netmask: 128, Unmade: t.unmade[k],
	}
	if s.Family != IPv6 {
		s.Netmask = 0xffffffff
	}
	if s.Timeout = v.PersistenceTimeout.V; s.Timeout != 0 {
		s.PersistenceEngine = v.PersistenceEngine.V
		// With a group keepalived sets the mask of each member, not this one.
		if (v.Group == "" || t.marks[groupMark{v.Group, v.Protocol.V}] != 0) && v.PersistenceGranularity.IsSet() {
			s.Netmask = v.PersistenceGranularity.V
		}
	}
	t.services = append(t.services, s)
	t.index[k] = s
	return s
}

// portFor is the port of a real server in a service: without NAT that of the service.
func (s *Service) portFor(r *RealServer) uint16 {
	if r.Forward.V.Method == NAT {
		return r.Port
	}
	return s.Port
}

// has reports whether a service has a destination, and takes note of one that it will have. Most services have so few that looking through
// them costs less than an index does.
func (t *table) has(s *Service, d netip.AddrPort) bool {
	const few = 32
	if len(s.Destinations) < few {
		for i := range s.Destinations {
			if s.Destinations[i].Port == d.Port() && s.Destinations[i].Addr == d.Addr() {
				return true
			}
		}
		return false
	}
	known := t.present[s]
	if known == nil {
		known = make(map[netip.AddrPort]bool, 2*few)
		for i := range s.Destinations {
			known[netip.AddrPortFrom(s.Destinations[i].Addr, s.Destinations[i].Port)] = true
		}
		t.present[s] = known
	}
	if known[d] {
		return true
	}
	known[d] = true
	return false
}

// add adds a real server to the services that do not have it.
func (t *table) add(v *VirtualServer, services []*Service, r *RealServer, weight int) {
	for _, s := range services {
		port := s.portFor(r)
		if t.has(s, netip.AddrPortFrom(r.Addr, port)) {
			continue
		}
		if t.count == maxDestinations {
			t.full = true
			return
		}
		t.count++
		if s.Destinations == nil {
			s.Destinations = make([]Destination, 0, len(v.RealServers))
		}
		s.Destinations = append(s.Destinations, Destination{
			Pos: r.Pos, Of: r, In: v, Addr: r.Addr, Port: port, Weight: weight, Forward: r.Forward.V,
			UThreshold: r.UThreshold.V, LThreshold: r.LThreshold.V,
		})
	}
}
