package ipvs

import "math"

// Templates finds the templates that keep persistent clients with a real server of weight 0.
//
// A template is an entry that remembers the real server of a client, whatever port it asks from (ip_vs_sched_persist in
// ip_vs_core.c). The kernel hands the client another one if its own has left the table, or if it has weight 0 and sysctl
// net.ipv4.vs.expire_quiescent_template is set (ip_vs_check_template in ip_vs_conn.c). Without that, which is the default, each
// question from a new port goes to that server and makes the template last longer.
type Templates struct{ of index }

// NewTemplates holds templates against a table.
func NewTemplates(table Table) *Templates { return &Templates{newIndex(table)} }

// Bound reports whether an entry is a template that keeps its client with a real server of weight 0, as long as
// expire_quiescent_template is not set.
func (t *Templates) Bound(c Connection) bool {
	return c.Template() &&
		t.of.bound(flow{protocol: c.Protocol, family: familyOf(c.Client.Addr()), virtual: c.Virtual, destination: c.Destination})
}

// Template reports whether the entry is a template: no flow of UDP or TCP comes from port 0.
func (c Connection) Template() bool { return c.Client.Port() == 0 }

// Mark is the firewall mark of a template that has one, else 0.
func (c Connection) Mark() uint32 {
	if !c.Template() || c.Protocol != 0 {
		return 0
	}
	return markOf(c.Virtual.Addr())
}

// invalid is the port of the destination in a template that led nowhere: the kernel leaves it in the table until its time is over
// (ip_vs_check_template; 6.1 gives it this virtual port too, 7.2 does not).
const invalid = math.MaxUint16

// bound says it of all templates of this kind. In doubt, where two real servers differ in the port alone, they keep nobody.
func (x index) bound(f flow) bool {
	e := x.owner(f)
	if e == nil || e.Service.Flags&Persistent == 0 || f.destination.Port() == invalid {
		return false
	}
	to, found := To(f.destination), false
	for i := range e.Destinations {
		d := &e.Destinations[i]
		if d.Addr != to.Addr || to.Port != 0 && d.Port != to.Port {
			continue
		}
		if d.Weight > 0 {
			return false
		}
		found = true
	}
	return found
}

// owner is the virtual server that looks for templates of this kind; nil: none does any more.
func (x index) owner(f flow) *TableEntry {
	if f.protocol != 0 {
		exact, _ := f.keys()
		return x.services[exact]
	}
	key := Mark(f.family, markOf(f.virtual.Addr()))
	for _, e := range x.marks {
		if e.Service.ServiceKey == key {
			return e
		}
	}
	return nil
}
