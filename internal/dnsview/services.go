package dnsview

import (
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Services are the virtual servers for DNS of a table: UDP and TCP of one address and port are one, and their real servers
// are told apart by how they are reached too.
func Services(table ipvs.Table, ports []uint16) []dnscount.Service {
	return services(table, ports, nil)
}

func services(table ipvs.Table, ports []uint16, macs map[netip.Addr][6]byte) (all []dnscount.Service) {
	index := map[netip.AddrPort]int{}
	for i := range table.Entries {
		e := &table.Entries[i]
		key := e.Service.ServiceKey
		stranger := key.Protocol != ipvs.UDP && key.Protocol != ipvs.TCP || key.Port != 0 && !slices.Contains(ports, key.Port)
		if e.Gone || key.FWMark != 0 || stranger {
			continue
		}
		// A virtual server of all ports is one of each port for DNS.
		at := []uint16{key.Port}
		if key.Port == 0 {
			at = ports
		}
		for _, port := range at {
			where := netip.AddrPortFrom(key.Addr, port)
			n, known := index[where]
			if !known {
				n = len(all)
				index[where] = n
				all = append(all, dnscount.Service{Addr: key.Addr, Port: port})
			}
			all[n].Servers = withServers(all[n].Servers, e.Destinations, port, macs)
		}
	}
	return all
}

func withServers(servers []dnscount.Server, destinations []ipvs.Destination, port uint16, macs map[netip.Addr][6]byte) []dnscount.Server {
	for i := range destinations {
		d := &destinations[i]
		r := dnscount.Server{Addr: d.Addr, Port: d.Port, Method: methodOf(d.Forward), MAC: macs[d.Addr]}
		if r.Port == 0 {
			r.Port = port
		}
		if !slices.Contains(servers, r) {
			servers = append(servers, r)
		}
	}
	return servers
}

func methodOf(m ipvs.ForwardMethod) dnscount.Method {
	switch m {
	case ipvs.DR:
		return dnscount.DR
	case ipvs.Tun:
		return dnscount.TUN
	case ipvs.Local, ipvs.Bypass:
		return dnscount.Local
	default:
		return dnscount.NAT
	}
}
