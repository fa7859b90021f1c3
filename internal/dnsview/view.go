// Package dnsview answers one question: what of this host's traffic is DNS, and whose is it? From the IPVS table, the
// addresses that the host holds and its neighbours it makes the view by which packets are counted, and keeps it up to date.
package dnsview

import (
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Options say what of the host's traffic is DNS.
type Options struct {
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

// New is what counting must know, from the IPVS table and what surrounds it.
func New(table ipvs.Table, s Surroundings, o Options) dnscount.View {
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
	found := services(table, o.Ports, macs)
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
