package flows

import (
	"net/netip"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Reason is why conntrack's numbers of a virtual server mean something, or nothing.
type Reason string

// The reasons. The set is closed: its values are those of a label.
const (
	Tracked       Reason = "tracked"           // the only one of numbers that mean something
	Off           Reason = "vs_conntrack_off"  // net.ipv4.vs.conntrack is 0: IPVS takes its packets out of conntrack (ip_vs_notrack)
	NothingSeen   Reason = "nothing_tracked"   // no entry of this address family at all: no rule in this namespace uses conntrack
	OnePacket     Reason = "one_packet"        // one-packet scheduling: every flow stays unreplied and untranslated
	NotTranslated Reason = "not_translated"    // replies bypass the director (direct routing, tunnels): every flow stays unreplied
	Mixed         Reason = "partly_translated" // that is so for some of its real servers
	Unknown       Reason = "unknown"           // net.ipv4.vs.conntrack cannot be read
)

// Reasons lists all of them.
func Reasons() []Reason {
	return []Reason{Tracked, Off, NothingSeen, OnePacket, NotTranslated, Mixed, Unknown}
}

// Kernel is what decides for all virtual servers.
type Kernel struct {
	Conntrack  int64 // net.ipv4.vs.conntrack; negative: not known
	IPv4, IPv6 bool  // whether there is any entry of this family
}

// Tracking is what is known of one virtual server for UDP.
type Tracking struct {
	At     netip.AddrPort
	Reason Reason
}

// Track judges each virtual server that Services lists, in the same order.
func Track(table ipvs.Table, k Kernel) []Tracking {
	var all []Tracking
	for i := range table.Entries {
		if e := &table.Entries[i]; hasFlows(e) {
			all = append(all, Tracking{netip.AddrPortFrom(e.Service.Addr, e.Service.Port), k.judge(e)})
		}
	}
	return all
}

func (k Kernel) judge(e *ipvs.TableEntry) Reason {
	switch {
	case k.Conntrack < 0:
		return Unknown
	case k.Conntrack == 0:
		return Off
	case e.Service.Family == ipvs.IPv4 && !k.IPv4, e.Service.Family == ipvs.IPv6 && !k.IPv6:
		return NothingSeen
	case e.Service.Flags&ipvs.OnePacket != 0:
		return OnePacket
	}
	translated := 0
	for i := range e.Destinations {
		if e.Destinations[i].Forward == ipvs.Masq {
			translated++
		}
	}
	// Without real servers what there is points to those that are gone, and that is worth a number.
	switch translated {
	case len(e.Destinations):
		return Tracked
	case 0:
		return NotTranslated
	default:
		return Mixed
	}
}
