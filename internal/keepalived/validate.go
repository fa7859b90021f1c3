package keepalived

import (
	"fmt"
	"slices"
)

// validator corrects a configuration as keepalived does after reading it.
type validator struct {
	cfg *Config
	vs  *VirtualServer
	rs  *RealServer
	add func(Note) // what keepalived reports as a mistake
	log func(Note) // what it only logs
}

// validate fills in what is inherited, corrects what does not fit together and
// takes out what keepalived would not run. add takes what keepalived reports as a mistake, log what it only logs. full reports that
// the table is at its limit.
func validate(cfg *Config, add, log func(Note)) (full bool) {
	c := &validator{cfg: cfg, add: add, log: log}
	kept := cfg.VirtualServers[:0]
	for i := range cfg.VirtualServers {
		if c.vs = &cfg.VirtualServers[i]; c.usable() {
			kept = append(kept, *c.vs)
		}
	}
	clear(cfg.VirtualServers[len(kept):])
	cfg.VirtualServers = kept
	for i := range cfg.VirtualServers {
		c.vs = &cfg.VirtualServers[i]
		c.virtualServer()
	}
	t := cfg.expand(State{})
	for _, d := range t.doubles {
		c.vs = d.vs
		c.note(
			Trap,
			"the service %s belongs to the virtual server at %s already: keepalived keeps its scheduler and flags, and puts the real servers of both into one",
			d.key, d.first,
		)
	}
	c.unmade(t.services)
	return t.full
}

func (c *validator) note(k NoteKind, format string, args ...any) {
	c.keep(Note{Kind: k, Text: fmt.Sprintf(format, args...)})
}

// lose notes that keepalived leaves the virtual server out, and how to mend it.
func (c *validator) lose(mend, format string, args ...any) {
	c.keep(Note{Kind: Ignored, Text: fmt.Sprintf(format, args...), Lost: c.vs.block(), Mend: mend})
}

func (c *validator) keep(n Note) {
	n.Pos, n.Block = c.vs.Pos, c.vs.block()
	if c.rs != nil {
		n.Pos = c.rs.Pos
		n.Block += " / " + c.rs.block()
	}
	c.add(n)
}

// block is how notes name a virtual server.
func (v *VirtualServer) block() string {
	switch {
	case v.Group != "":
		return "virtual_server group " + v.Group
	case v.IsFWMark():
		return fmt.Sprintf("virtual_server fwmark %d", v.FWMark)
	default:
		return fmt.Sprintf("virtual_server %s %d", v.Addr, v.Port)
	}
}

func (r *RealServer) block() string { return fmt.Sprintf("real_server %s %d", r.Addr, r.Port) }

// group is the group of a virtual server, nil if it names none.
func (c *Config) group(v *VirtualServer) *Group {
	i := slices.IndexFunc(c.Groups, func(g Group) bool { return v.Group != "" && g.Name == v.Group })
	if i < 0 {
		return nil
	}
	return &c.Groups[i]
}

func hasMark(g *Group) bool { return slices.ContainsFunc(g.Entries, GroupEntry.IsFWMark) }

func hasAddress(g *Group) bool {
	return slices.ContainsFunc(g.Entries, func(e GroupEntry) bool { return !e.IsFWMark() })
}

// usable reports whether keepalived runs the virtual server at all, and
// settles the family of one with a group.
func (c *validator) usable() bool {
	v := c.vs
	if len(v.RealServers) == 0 {
		c.lose("give it a real_server, or mend those that it has", "no real servers: keepalived leaves it out")
		return false
	}
	if v.Group == "" {
		return true
	}
	reported := c.add
	c.add = c.log // all of link_vsg_to_vs() in keepalived's ipwrapper.c
	defer func() { c.add = reported }()
	g := c.cfg.group(v)
	if g == nil {
		c.lose(
			"write that group, or correct the name",
			"there is no virtual_server_group %s: keepalived leaves the virtual server out", quote(v.Group),
		)
		return false
	}
	v4, v6 := g.has(IPv4), g.has(IPv6)
	switch {
	case v4 && v6 && v.Family != "":
		c.lose(
			"write a group and a virtual server for each family",
			"the group has members of both families, which needs real servers behind tunnels: keepalived leaves the virtual server out",
		)
		return false
	case v4 && v.Family == IPv6, v6 && v.Family == IPv4:
		c.lose(
			"write real servers of the family of the group, or lvs_method TUN",
			"the real servers are %s and the group is not: keepalived leaves the virtual server out", v.Family,
		)
		return false
	case v4 && !v6:
		v.Family = IPv4
	case v6 && !v4:
		v.Family = IPv6
	case v.Family == "" && !v4 && !v6:
		c.note(Adjusted, "nothing tells the family of the marks: keepalived takes ipv4")
	}
	return true
}

func (c *validator) virtualServer() {
	v := c.vs
	c.service()
	c.realServers()
	sum := uint32(0)
	for i := range v.RealServers {
		sum += uint32(v.RealServers[i].Weight.V)
	}
	if v.Quorum.V > sum {
		c.note(Adjusted, "quorum %d is more than the weights of all real servers: keepalived takes %d", v.Quorum.V, sum)
		v.Quorum.V = sum
	}
	if v.Hysteresis.V >= v.Quorum.V {
		v.Hysteresis.V = v.Quorum.V - 1
		if v.Quorum.V == 0 {
			c.note(Trap, "the weights of all real servers are 0, so the quorum can never be reached")
		} else {
			c.note(Adjusted, "hysteresis is not below the quorum: keepalived takes %d", v.Hysteresis.V)
		}
	}
	if v.Group != "" {
		c.groupPorts()
	} else {
		c.ports()
	}
	for i := range v.RealServers {
		c.rs = &v.RealServers[i]
		if r := c.rs; r.LThreshold.V > r.UThreshold.V {
			c.note(Trap, "lthreshold is above uthreshold: the kernel refuses the real server")
		}
		for j := range c.rs.Checkers {
			c.checker(&c.rs.Checkers[j])
		}
	}
	c.rs = nil
}

// service settles what concerns the service itself.
func (c *validator) service() {
	v, g := c.vs, c.cfg.group(c.vs)
	marks := v.FWMark != 0 || g != nil && hasMark(g)
	if v.HASuspend.V && marks {
		c.note(Adjusted, "ha_suspend does not go with marks: keepalived switches it off")
		v.HASuspend = Value[bool]{}
	}
	if v.HASuspend.V && g != nil {
		c.note(Trap, "ha_suspend with a group: keepalived never enables the checkers")
	}
	if g != nil && hasAddress(g) || g == nil && v.FWMark == 0 {
		if v.Protocol.V == "" {
			c.note(Adjusted, "no protocol: keepalived takes UDP")
			v.Protocol.V = UDP
		}
		if v.Flags.OnePacket && v.Protocol.V != UDP {
			c.note(Adjusted, "ops is for UDP alone: keepalived switches it off")
			v.Flags.OnePacket = false
		}
		if v.PersistenceTimeout.V == 0 && g == nil && v.Port == 0 {
			c.persist()
		}
	}
	if v.PersistenceTimeout.V == 0 && g != nil &&
		slices.ContainsFunc(g.Entries, func(e GroupEntry) bool { return !e.IsFWMark() && e.Port == 0 }) {
		c.persist()
	}
	if v.Protocol.V != "" && (g != nil && !hasAddress(g) || g == nil && v.FWMark != 0) {
		c.note(Adjusted, "a mark has no protocol: keepalived ignores %s", v.Protocol.V)
		v.Protocol = Value[Protocol]{}
	}
	if v.PersistenceTimeout.V == 0 && v.PersistenceEngine.V != "" {
		c.note(Trap, "persistence_engine without persistence_timeout does nothing")
	}
	if g != nil && v.PersistenceGranularity.IsSet() && (!c.cfg.Global.NFTables.IsSet() || hasMark(g)) {
		c.note(Trap, "keepalived does not use persistence_granularity with a group")
	}
	if v.Scheduler.V == "" {
		c.note(Adjusted, "no scheduler: keepalived takes wlc")
		v.Scheduler.V = "wlc"
	}
	c.smtp(&v.SMTPAlert, false)
}

func (c *validator) persist() {
	c.note(Adjusted, "a service without a port must be persistent: keepalived takes persistence_timeout %d", defaultPersistence)
	c.vs.PersistenceTimeout.V = defaultPersistence
}

func (c *validator) smtp(v *Value[bool], otherwise bool) {
	inherit(v, c.cfg.Global.SMTPAlertChecker)
	inherit(v, c.cfg.Global.SMTPAlert)
	if !v.IsSet() {
		v.V = otherwise
	}
}

// inherit takes the outer value where the inner one is not set.
func inherit[T any](inner *Value[T], outer Value[T]) {
	if !inner.IsSet() {
		*inner = outer
	}
}
