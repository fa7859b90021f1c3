package health

import (
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Result is what one run of a check found.
type Result struct {
	Pass    bool
	Unknown bool   // nothing was learnt, for a reason on this host: all stays as it is
	Status  int    // exit status of a MISC_CHECK that passed: with misc_dynamic 2 and above set the weight
	Value   int64  // of a FILE_CHECK, which always passes: the number in its file
	Reason  string // one line for a person
}

// Options are what a configuration does not say.
type Options struct {
	// Floor is the part of the real servers of a virtual server, 0 to 1, that stay in service whatever their checks
	// say: when more fail at the same time, the cause is likelier to be common to them or on this host. 0: none, as
	// keepalived has it.
	Floor float64
}

// Machine is the health of one configuration. It is not safe for concurrent use.
type Machine struct {
	options  Options
	virtuals []*virtual
	byVS     map[*keepalived.VirtualServer]*virtual
	byRS     map[*keepalived.RealServer]*server
	checks   []*Check
	failures uint64 // counts the real servers that went down
}

// virtual is the state of a virtual server.
type virtual struct {
	vs      *keepalived.VirtualServer
	servers []*server
	quorum  bool // it is reached
	vips    []netip.Addr
}

// server is the state of a real server.
type server struct {
	rs     *keepalived.RealServer
	of     *virtual
	checks []*Check
	up     bool
	failed uint64 // when it went down, by Machine.failures
	base   int    // its weight without checks: the configured one, or what was found until a check has run
}

// Check is one checker of one real server.
type Check struct {
	Virtual *keepalived.VirtualServer
	Server  *keepalived.RealServer
	Config  *keepalived.Checker

	of      *server
	up      bool
	hasRun  bool
	retries uint32 // used up
	status  int    // of the last pass of a MISC_CHECK
	adds    int64  // to the weight
	reason  string
}

// Up reports what the check has found, or what was assumed before its first run.
func (c *Check) Up() bool { return c.up }

// Decided reports whether the check has come to a verdict since the machine was made: it has passed, or failed as often as it is retried.
func (c *Check) Decided() bool { return c.hasRun && c.retries == 0 }

// Reason is that of the last result.
func (c *Check) Reason() string { return c.reason }

// New makes the machine of a configuration. state is what is believed before the first check: of the kernel, of a
// state that was saved, or of keepalived. The zero state believes in all real servers.
func New(c *keepalived.Config, state keepalived.State, o Options) *Machine {
	m := &Machine{options: o, byVS: map[*keepalived.VirtualServer]*virtual{}, byRS: map[*keepalived.RealServer]*server{}}
	for i := range c.VirtualServers {
		vs := &c.VirtualServers[i]
		v := &virtual{vs: vs, vips: addresses(c, vs)}
		m.virtuals = append(m.virtuals, v)
		m.byVS[vs] = v
		for j := range vs.RealServers {
			m.server(v, &vs.RealServers[j], state)
		}
		v.quorum = v.reaches(vs.Sorry == nil || state.Sorry == nil || !state.Sorry(vs))
	}
	return m
}

func (m *Machine) server(v *virtual, r *keepalived.RealServer, state keepalived.State) {
	standing := keepalived.Standing{Up: true, Weight: r.Weight.V}
	if state.Server != nil {
		standing = state.Server(v.vs, r)
	}
	s := &server{rs: r, of: v, up: standing.Up || len(r.Checkers) == 0, base: standing.Weight}
	v.servers = append(v.servers, s)
	m.byRS[r] = s
	for i := range r.Checkers {
		c := &Check{Virtual: v.vs, Server: r, Config: &r.Checkers[i], of: s, up: s.up}
		s.checks = append(s.checks, c)
		m.checks = append(m.checks, c)
	}
}

// addresses are those whose presence on this host ha_suspend is about.
func addresses(c *keepalived.Config, vs *keepalived.VirtualServer) []netip.Addr {
	if vs.Group == "" {
		return []netip.Addr{vs.Addr}
	}
	var list []netip.Addr
	for _, g := range c.Groups {
		for _, e := range g.Entries {
			if g.Name == vs.Group && !e.IsFWMark() {
				list = append(list, e.First)
			}
		}
	}
	return list
}

// Checks are all checks, in the order of the configuration.
func (m *Machine) Checks() []*Check { return m.checks }

// Suspended reports whether ha_suspend keeps a check from running: none of the virtual server's addresses is on this host.
func (m *Machine) Suspended(c *Check, local func(netip.Addr) bool) bool {
	if !c.Virtual.HASuspend.V {
		return false
	}
	for _, a := range m.byVS[c.Virtual].vips {
		if local(a) {
			return false
		}
	}
	return true
}

// State is what the machine knows, for [keepalived.Config.Table].
func (m *Machine) State() keepalived.State {
	return keepalived.State{
		Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
			s := m.byRS[r]
			return keepalived.Standing{Up: s.up || m.held(s), Weight: int(s.weight())}
		},
		Sorry: func(v *keepalived.VirtualServer) bool { return !m.byVS[v].quorum && !m.floored(m.byVS[v]) },
	}
}

// weight is the configured weight and what all checks add, within what the kernel takes.
func (s *server) weight() int64 {
	sum := int64(s.base)
	for _, c := range s.checks {
		if c.hasRun {
			sum = int64(s.rs.Weight.V)
			break
		}
	}
	for _, c := range s.checks {
		sum += c.adds
	}
	return min(max(sum, 0), keepalived.MaxWeight)
}

func (v *virtual) sum() int64 {
	var sum int64
	for _, s := range v.servers {
		if s.up {
			sum += s.weight()
		}
	}
	return sum
}

// EventKind is what happened to a real server or virtual server.
type EventKind string

// The events; each has a script in the configuration.
const (
	ServerUp   EventKind = "real server up"
	ServerDown EventKind = "real server down"
	QuorumUp   EventKind = "quorum reached"
	QuorumDown EventKind = "quorum lost"
)

// Event is a change that an operator can tie a script to.
type Event struct {
	Kind    EventKind
	Virtual *keepalived.VirtualServer
	Server  *keepalived.RealServer // nil for a quorum
	Script  keepalived.Script      // not set: none
	Reason  string
}

// Next is what follows a result.
type Next struct {
	After   time.Duration // to the next run: from the start of this one for a MISC_CHECK, else from its end
	Changed bool          // the table may have to change
	Events  []Event       // in their order
}
