package flows

import (
	"net/netip"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Services are the virtual servers of a table whose flows can be told apart: those for UDP at an address. Of a firewall mark the
// tables of flows do not know.
func Services(table ipvs.Table) []conntrack.Service {
	var all []conntrack.Service
	for i := range table.Entries {
		if e := &table.Entries[i]; hasFlows(e) {
			all = append(all, service(e))
		}
	}
	return all
}

func hasFlows(e *ipvs.TableEntry) bool {
	return !e.Gone && e.Service.FWMark == 0 && e.Service.Protocol == ipvs.UDP
}

func service(e *ipvs.TableEntry) conntrack.Service {
	s := conntrack.Service{At: netip.AddrPortFrom(e.Service.Addr, e.Service.Port)}
	for i := range e.Destinations {
		d := &e.Destinations[i]
		s.Servers = append(s.Servers, conntrack.Server{At: netip.AddrPortFrom(d.Addr, d.Port), Drained: d.Weight == 0})
	}
	return s
}
