package keepalived

import (
	"fmt"
	"net/netip"
)

// claim says which virtual servers have real servers under a mark of their group, by the two counts that keepalived keeps of each.
type claim struct{ ipv4, other *VirtualServer }

// memberKeys are the services of the marks of a group. keepalived counts under each mark whose real servers it has added, and adds no
// service where there are any; but for a virtual server whose family it knows it looks at the count of IPv4, and so takes the IPv6
// service for present as soon as the IPv4 one has real servers (is_vsge_alive and update_vsge_alive_count in its ipvswrapper.c).
func (t *table) memberKeys(v *VirtualServer, g *Group) []serviceKey {
	var keys []serviceKey
	serves := v.hasDestinationsAtStart()
	for i := range g.Entries {
		e := &g.Entries[i]
		if !e.IsFWMark() {
			continue
		}
		family := e.Family
		if family == "" {
			family = v.Family
		}
		if family == "" {
			family = IPv4
		}
		k := markKey(e.FWMark, family, v.Protocol.V, 0)
		has := t.claims[e]
		if has == nil {
			has = &claim{}
			t.claims[e] = has
		}
		first := has.other
		if v.Family != "" || e.Family == IPv4 {
			first = has.ipv4
		}
		keys = append(keys, k)
		if there := t.index[k]; there != nil && there.Unmade == nil {
			first = nil // with another virtual server of this family
		}
		if t.unmade[k] = first; first != nil {
			continue // and the kernel refuses the real servers, so that nothing is counted
		}
		switch {
		case !serves:
		case v.Family == IPv4:
			has.ipv4 = v
		default:
			has.other = v
		}
	}
	return keys
}

// hasDestinationsAtStart reports whether keepalived adds any real server, or the sorry server, before the first check.
func (v *VirtualServer) hasDestinationsAtStart() bool {
	if v.Sorry != nil {
		return true // one or the other
	}
	for i := range v.RealServers {
		if r := &v.RealServers[i]; r.Inhibit.V || AtStart(v, r) {
			return true
		}
	}
	return false
}

type groupMark struct {
	group    string
	protocol Protocol
}

// markKey is the service of a mark. Mark 0 is none: keepalived makes a service
// of an address that nobody has set.
func markKey(mark uint32, family Family, protocol Protocol, unset byte) serviceKey {
	switch {
	case mark != 0:
		return serviceKey{mark: mark, family: family}
	case family == IPv6:
		return serviceKey{addr: netip.IPv6Unspecified(), protocol: protocol, family: family}
	default:
		return serviceKey{addr: netip.AddrFrom4([4]byte{unset, unset, unset, unset}), protocol: protocol, family: family}
	}
}

// markKeys are the services of a group under nftables_ipvs: one mark for each
// protocol, given out in the order of the virtual servers.
func (t *table) markKeys(v *VirtualServer, g *Group) []serviceKey {
	of := groupMark{g.Name, v.Protocol.V}
	mark, ok := t.marks[of]
	if !ok {
		mark = t.cfg.Global.NFTStart.V + uint32(len(t.marks))
		t.marks[of] = mark
	}
	if v.Family != "" {
		return []serviceKey{{mark: mark, family: v.Family}}
	}
	return []serviceKey{{mark: mark, family: IPv4}, {mark: mark, family: IPv6}}
}

// unmade notes the virtual servers that are lost so.
func (c *validator) unmade(services []*Service) {
	for i, s := range services {
		if s.Unmade == nil || i > 0 && services[i-1].Unmade != nil && services[i-1].Of == s.Of {
			continue
		}
		family := "IPv4"
		if s.Family == IPv6 {
			family = "IPv6"
		}
		c.vs = s.Of
		// A trap: keepalived says nothing of it.
		c.keep(Note{
			Kind: Trap, Lost: s.Of.block(), Mend: "give the " + family + " virtual server a virtual_server_group of its own, with the same marks",
			Text: fmt.Sprintf(
				"the virtual server at %s has the marks of this group for the other family: keepalived takes those of %s for present, and never adds them",
				s.Unmade.Pos, family,
			),
		})
	}
}
