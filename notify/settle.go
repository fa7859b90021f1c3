package notify

import (
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
			if holds(held, a) {
				r.Held++
			}
		}
		var state State
		state, r.Disagree = decide(d.LastWord(r), r.Held, r.Of)
		r.settle(state, now)
	}
	for _, g := range c.Groups {
		s := Subject{Group, g.Name}
		known[s] = true
		r := d.record(s)
		var state State
		said := d.LastWord(r)
		state, r.Held, r.Of = d.decideGroup(said, g)
		r.Disagree = said != "" && (said == Master) != (state == Master)
		r.settle(state, now)
	}
	for _, r := range d.Records {
		if !known[r.Subject] {
			state, _ := decide(r.Said, 0, 0)
			r.Held, r.Of, r.Disagree = 0, 0, false
			r.settle(state, now)
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

func holds(held []Held, a Address) bool {
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

// decide is the state of an instance, and whether what was said differs from it.
func decide(said State, held, of int) (State, bool) {
	switch {
	case of == 0 && said == "":
		return Unknown, false
	case of == 0:
		return said, false
	case held == of:
		return Master, said != Master && said != ""
	case held > 0:
		return Partial, true
	case said == "":
		return Backup, false
	case said == Master:
		return Backup, true
	default:
		return said, false
	}
}

// decideGroup is the state of a group: that of its instances, where they agree on who is master.
func (d *Document) decideGroup(said State, g Grouping) (state State, masters, of int) {
	worst := Unknown
	for _, name := range g.Members {
		r := d.Record(Subject{Instance, name})
		if r == nil {
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
		state, _ = decide(said, 0, 0)
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
