package notify

import (
	"maps"
	"net/netip"
	"slices"
	"time"
)

// Held is an address that this host has now.
type Held struct {
	Addr      netip.Addr
	Interface string
}

// Look settles the state of every subject by the addresses of this host.
func (d *Document) Look(held func() ([]Held, error), now time.Time) error {
	all, err := held()
	if err != nil {
		return err // What was said is all there is.
	}
	d.Settle(all, now)
	return nil
}

// Settled is what the document would be with this configuration and these addresses; it stays as it is itself. Without a configuration
// its own counts.
func (d *Document) Settled(c *Configured, held []Held, now time.Time) *Document {
	out := *d
	if c != nil {
		out.Configured = c
	}
	out.Past, out.Records = slices.Clone(d.Past), make([]*Record, 0, len(d.Records))
	for _, r := range d.Records {
		r := *r
		r.Recent, r.Transitions, r.News = slices.Clone(r.Recent), maps.Clone(r.Transitions), maps.Clone(r.News)
		out.Records = append(out.Records, &r)
	}
	out.Settle(held, now)
	return &out
}

// Settle decides the state of every subject: by its addresses where it has some, else by what was said last.
// Subjects that keepalived.conf does not have any more, and that are deleted or stopped, are forgotten.
func (d *Document) Settle(held []Held, now time.Time) {
	c := d.Configured
	if c == nil {
		c = &Configured{}
	}
	d.adopt()
	known := map[Subject]bool{}
	for _, o := range c.Instances {
		s := Subject{Instance, o.Name}
		known[s] = true
		r := d.record(s)
		r.Of, r.Held = len(o.Addresses), 0
		for _, a := range o.Addresses {
			if a.HeldBy(held) {
				r.Held++
			}
		}
		r.settle(d.LastWord(r), decide(d.LastWord(r), r.Held, r.Of), now)
	}
	for _, g := range c.Groups {
		s := Subject{Group, g.Name}
		known[s] = true
		r := d.record(s)
		said := d.LastWord(r)
		var state State
		state, r.Held, r.Of = d.decideGroup(said, g)
		r.settle(said, state, now)
	}
	for _, r := range d.Records {
		if !known[r.Subject] {
			r.Held, r.Of = 0, 0
			r.settle(r.Said, decide(r.Said, 0, 0), now)
		}
	}
	if len(c.Stamps) == 0 {
		return
	}
	d.Records = slices.DeleteFunc(d.Records, func(r *Record) bool {
		gone := r.State == Deleted || r.State == Stop || r.State == Fault || r.State == Unknown
		return !known[r.Subject] && r.Kind != Host && gone && now.Sub(r.SaidAt) > time.Hour
	})
}

// HeldBy says whether an address is where it may be.
func (a Address) HeldBy(held []Held) bool {
	return slices.ContainsFunc(held, func(h Held) bool {
		if h.Addr != a.Addr {
			return false
		}
		if len(a.Interfaces) == 0 {
			return h.Interface != "lo"
		}
		return slices.Contains(a.Interfaces, h.Interface)
	})
}

// decide is the state of an instance.
func decide(said State, held, of int) State {
	switch {
	case of == 0 && said == "":
		return Unknown
	case of == 0:
		return said
	case held == of:
		return Master
	case held > 0:
		return Partial
	case said == "", said == Master:
		return Backup
	default:
		return said
	}
}

// settle sets the state, and notes when it changed and whether it differs from what was said: a master has all addresses, and all others
// have none.
func (r *Record) settle(said, state State, at time.Time) {
	if r.State != state {
		r.State, r.Since = state, at
	}
	if said == Master {
		r.Disagree = state != Master
	} else {
		r.Disagree = said != "" && (state == Master || state == Partial)
	}
}

// decideGroup is the state of a group: that of its instances, where they agree on who is master. Those of which nothing is known, without
// addresses and without a word, do not count: keepalived moves all of a group together (vrrp_sync_master in keepalived/vrrp/vrrp_sync.c).
func (d *Document) decideGroup(said State, g Grouping) (state State, masters, of int) {
	worst := Unknown
	for _, name := range g.Members {
		r := d.Record(Subject{Instance, name})
		if r == nil || r.State == Unknown {
			continue
		}
		of++
		if r.State == Master {
			masters++
		}
		if order := []State{Unknown, Backup, Deleted, Stop, Fault, Partial}; slices.Index(order, r.State) > slices.Index(order, worst) {
			worst = r.State
		}
	}
	switch {
	case of == 0:
		state = decide(said, 0, 0)
	case masters == of:
		state = Master
	case masters > 0 || worst == Partial:
		state = Partial
	case said == "" || said == Master:
		state = worst
	default:
		state = said
	}
	return state, masters, of
}

// LastWord is what keepalived has said last of a subject, or of its group: the instances of a group change together, keepalived
// leaves out what an instance would only repeat (send_instance_notifies), and does not wait for the last scripts when it stops.
func (d *Document) LastWord(r *Record) State {
	said, at := r.Said, r.newest()
	if d.Configured == nil {
		return said
	}
	for _, g := range d.Configured.Groups {
		switch {
		case r.Kind == Instance && slices.Contains(g.Members, r.Name):
			if group := d.Record(Subject{Group, g.Name}); group != nil && group.Said != "" && at.compare(group.newest()) < 0 {
				said, at = group.Said, group.newest()
			}
		case r.Kind == Group && r.Name == g.Name:
			if state, ok := d.wordOfAll(g, at); ok {
				said = state
			}
		}
	}
	return said
}

// wordOfAll is what all instances of a group have said since.
func (d *Document) wordOfAll(g Grouping, since Mark) (State, bool) {
	var word State
	for _, name := range g.Members {
		r := d.Record(Subject{Instance, name})
		if r == nil || r.Said == "" || r.newest().compare(since) <= 0 || word != "" && r.Said != word {
			return "", false
		}
		word = r.Said
	}
	return word, word != ""
}

func (r *Record) newest() Mark {
	if n := len(r.Recent); n > 0 {
		return r.Recent[n-1].Mark
	}
	return Mark{}
}

// Effective is the state to act on: a partial holder is what keepalived says that it is.
func (r *Record) Effective() State {
	if r.State == Partial && r.Said != "" {
		return r.Said
	}
	return r.State
}
