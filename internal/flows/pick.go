package flows

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/lvsdns/lvsdns/conntrack"
)

// pick takes the services with these names; all without names. A virtual server that is gone has no real servers.
func pick(services []conntrack.Service, names []string) ([]conntrack.Service, error) {
	if len(names) == 0 {
		return services, nil
	}
	var picked []conntrack.Service
	for _, name := range names {
		if at, err := netip.ParseAddrPort(name); err == nil {
			i := slices.IndexFunc(services, func(s conntrack.Service) bool { return s.At == at })
			if i < 0 {
				services, i = append(services, conntrack.Service{At: at}), len(services)
			}
			picked = append(picked, services[i])
			continue
		}
		addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
		if err != nil {
			return nil, fmt.Errorf("%q is no virtual server: write ADDRESS or ADDRESS:PORT, such as 192.0.2.1 or [2001:db8::1]:53", name)
		}
		before := len(picked)
		for _, s := range services {
			if s.At.Addr() == addr {
				picked = append(picked, s)
			}
		}
		if len(picked) == before {
			return nil, fmt.Errorf("the IPVS table has no virtual server for UDP at %s; for flows to one that is gone name its port too", name)
		}
	}
	return picked, nil
}
