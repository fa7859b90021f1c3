package exporter

import (
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// DNSOptions say what of the host's traffic is DNS.
type DNSOptions struct {
	Role     string           // director, realserver, or auto
	Ports    []uint16         // of virtual servers for DNS; none: 53
	Services []netip.AddrPort // that are not in the IPVS table by their address: those of a real server, or known by a firewall mark
}

// Surroundings is what the host is besides its IPVS table.
type Surroundings struct {
	Links      []capture.Link
	Neighbours []capture.Neighbour
	Holdings   []capture.Holding
}

// DNSView is what counting must know, from the IPVS table and what surrounds it.
func DNSView(table ipvs.Table, s Surroundings, o DNSOptions) dnscount.View {
	if len(o.Ports) == 0 {
		o.Ports = []uint16{53}
	}
	v := dnscount.View{}
	for _, l := range s.Links {
		v.MACs = append(v.MACs, l.MAC)
	}
	macs := map[netip.Addr][6]byte{}
	for _, n := range s.Neighbours {
		macs[n.Addr] = n.MAC
	}
	found := directed(table, o.Ports, macs)
	virtual := len(found)
	if o.Role == "realserver" {
		virtual = 0
	}
	role, held := capture.DetectRole(virtual, s.Holdings)
	switch o.Role {
	case "director":
		role = dnscount.Director
	case "realserver":
		role = dnscount.RealServer
	}
	v.Role = role
	if role == dnscount.Director {
		v.Services, v.GUEPorts = found, guePorts(table)
	} else {
		for _, a := range held {
			for _, port := range o.Ports {
				v.Services = append(v.Services, dnscount.Service{Addr: a, Port: port})
			}
		}
		v.GUEPorts = []uint16{6080} // IANA gives it to GUE
	}
	for _, at := range o.Services {
		if !slices.ContainsFunc(v.Services, func(s dnscount.Service) bool { return s.Addr == at.Addr() && s.Port == at.Port() }) {
			v.Services = append(v.Services, dnscount.Service{Addr: at.Addr(), Port: at.Port()})
		}
	}
	for _, h := range s.Holdings {
		if !slices.ContainsFunc(v.Services, func(s dnscount.Service) bool { return s.Addr == h.Addr }) {
			v.Local = append(v.Local, h.Addr)
		}
	}
	return v
}

// directed are the virtual servers for DNS of a table: UDP and TCP of one address and port are one.
func directed(table ipvs.Table, ports []uint16, macs map[netip.Addr][6]byte) (all []dnscount.Service) {
	index := map[netip.AddrPort]int{}
	for i := range table.Entries {
		e := &table.Entries[i]
		key := e.Service.ServiceKey
		if e.Gone || key.FWMark != 0 || key.Protocol != ipvs.UDP && key.Protocol != ipvs.TCP || key.Port != 0 && !slices.Contains(ports, key.Port) {
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
		r := dnscount.Server{Addr: d.Addr, Port: d.Port, MAC: macs[d.Addr]}
		if r.Port == 0 {
			r.Port = port
		}
		switch d.Forward {
		case ipvs.DR:
			r.Method = dnscount.DR
		case ipvs.Tun:
			r.Method = dnscount.TUN
		case ipvs.Local, ipvs.Bypass:
			r.Method = dnscount.Local
		default:
			r.Method = dnscount.NAT
		}
		if !slices.ContainsFunc(servers, func(o dnscount.Server) bool { return o.Addr == r.Addr && o.Port == r.Port }) {
			servers = append(servers, r)
		}
	}
	return servers
}

// guePorts are the ports by which some real server gets its packets inside UDP.
func guePorts(table ipvs.Table) (ports []uint16) {
	for i := range table.Entries {
		for _, d := range table.Entries[i].Destinations {
			if d.Forward == ipvs.Tun && d.Tunnel.Port != 0 && !slices.Contains(ports, d.Tunnel.Port) {
				ports = append(ports, d.Tunnel.Port)
			}
		}
	}
	return ports
}
