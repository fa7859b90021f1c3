package ipvs

import (
	"encoding/binary"
	"net/netip"
)

// fate is where an entry leads, in the order of harm.
type fate int

const (
	live fate = iota
	drained
	missing
)

// index finds the virtual servers that an entry can belong to.
type index struct {
	services map[ServiceKey]*TableEntry
	marks    []*TableEntry
}

func newIndex(table Table) index {
	x := index{services: map[ServiceKey]*TableEntry{}}
	for i := range table.Entries {
		e := &table.Entries[i]
		switch {
		case e.Gone:
		case e.Service.FWMark != 0:
			x.marks = append(x.marks, e)
		default:
			x.services[e.Service.ServiceKey] = e
		}
	}
	return x
}

// place says whose entries of this kind are, and where they lead.
func (x index) place(f flow, gone map[ServiceKey]bool) (ServiceKey, fate) {
	if f.state == StateTemplate && f.protocol == 0 {
		return Mark(f.family, markOf(f.virtual.Addr())), live
	}
	exact, wild := f.keys()
	candidates := x.candidates(f)
	best, holder, holders := missing, (*TableEntry)(nil), 0
	for _, e := range candidates {
		if to := e.fate(f); to != missing {
			best = min(best, to)
			if holder == nil {
				holder = e
			}
			holders++
		}
	}
	if f.destination.Addr().IsUnspecified() {
		best = live
	}
	switch {
	case holders == 1 || holders > 1 && holder.Service.FWMark == 0:
		return holder.Service.ServiceKey, best
	case holders == 0 && len(candidates) > 0 && candidates[0].Service.FWMark == 0:
		return candidates[0].Service.ServiceKey, best
	case holders == 0 && gone[exact]:
		return exact, best
	case holders == 0 && gone[wild]:
		return wild, best
	case holders == 0 && len(candidates) == 1:
		return candidates[0].Service.ServiceKey, best
	default:
		return ServiceKey{Family: f.family, Protocol: f.protocol}, best
	}
}

// keys are the virtual servers at the entry's address, in the order in which ip_vs_service_find looks for them.
func (f flow) keys() (exact, wild ServiceKey) {
	exact = At(f.protocol, f.virtual)
	wild = exact
	wild.Port = 0
	return exact, wild
}

// candidates are the virtual servers that the entry can belong to, that at its address first.
//
// Where a virtual server at this address has scheduled anything, entries are taken for its own. One that has scheduled nothing
// may stand in the shadow of a mark, which the kernel looks for first; or its entries come from another director; or this
// process may not know what it has scheduled.
func (x index) candidates(f flow) []*TableEntry {
	exact, wild := f.keys()
	var all []*TableEntry
	own := x.services[exact]
	if own == nil {
		own = x.services[wild]
	}
	if own != nil {
		all = append(all, own)
		if own.Service.Stats.Connections > 0 {
			return all
		}
	}
	if f.state == StateTemplate {
		return all // one of a mark says so
	}
	for _, e := range x.marks {
		if family := e.Service.Family; family == f.family || family == 0 {
			all = append(all, e)
		}
	}
	return all
}

// fate says where the entry leads if it belongs to this virtual server.
func (e *TableEntry) fate(f flow) fate {
	to := To(f.destination)
	for i := range e.Destinations {
		d := &e.Destinations[i]
		// A virtual server for many ports, or with a mark, can leave the port as it is whatever its real server says
		// (ip_vs_schedule and ip_vs_sched_persist in ip_vs_core.c).
		port := d.Port == to.Port || d.Port == 0 || e.Service.Port == 0 && to.Port == f.virtual.Port()
		switch {
		case d.Addr != to.Addr || !port:
		case d.Weight == 0:
			return drained
		default:
			return live
		}
	}
	return missing
}

// markOf reads the firewall mark that stands for the address in a template (ip_vs_sched_persist).
func markOf(a netip.Addr) uint32 {
	if !a.IsValid() {
		return 0
	}
	return binary.BigEndian.Uint32(a.AsSlice())
}
