package dnscount

import (
	"cmp"
	"net/netip"
	"slices"
)

// Role is what this host is to the virtual servers.
type Role uint8

// The roles.
const (
	Director Role = iota
	RealServer
)

func (r Role) String() string {
	if r == RealServer {
		return "realserver"
	}
	return "director"
}

// Method is how a director forwards to a real server.
type Method uint8

// The methods.
const (
	DR Method = iota
	NAT
	TUN
	Local // the director itself serves
)

// RepliesPass reports whether replies pass the director. With direct routing and tunnels they go from the real server to the client.
func (m Method) RepliesPass() bool { return m != DR && m != TUN }

// Bypassed reports whether replies of some real server go past the director.
func (s Service) Bypassed() bool {
	return slices.ContainsFunc(s.Servers, func(r Server) bool { return !r.Method.RepliesPass() })
}

// Bypassed reports whether this host is a director, and replies of some virtual server go past it.
func (v View) Bypassed() bool {
	return v.Role == Director && slices.ContainsFunc(v.Services, Service.Bypassed)
}

// View is what counting must know of the world: plain values that the caller takes from the IPVS table, the
// neighbour table and the addresses of the host.
type View struct {
	Role     Role
	Services []Service
	// Local are the addresses of this host that are no virtual server's. What it asks itself, such as the checks do, is
	// not the clients' traffic.
	Local []netip.Addr
	// MACs are this host's own. A frame to another one is not for it, whatever its addresses say; virtual MACs of VRRP
	// and of bridges look to the card below as another's and must be here.
	MACs [][6]byte
	// GUEPorts are the UDP ports that carry packets for real servers.
	GUEPorts []uint16
}

// Service is a virtual server for DNS; its two transports are one.
type Service struct {
	Addr    netip.Addr
	Port    uint16
	Servers []Server // what a real server says of itself has none
}

// Server is a real server of a service.
type Server struct {
	Addr   netip.Addr
	Port   uint16
	Method Method
	MAC    [6]byte // its neighbour entry, for DR; zero: not known
}

// MaxServices and MaxServers bound what is told apart: the rest goes together under one name each.
const (
	MaxServices = 64
	MaxServers  = 64
)

// endpoint is an address and a port.
type endpoint struct {
	address
	port uint16
}

// place is a real server of a service, both by slot.
type place struct{ service, server uint8 }

// plan is a View made ready to be asked at every packet.
type plan struct {
	role     Role
	services endpoints // slot by address and port
	local    endpoints // by address, port 0
	// localBits has a bit for the last six bits of each of these addresses.
	localBits uint64
	own       [][6]byte
	gue       []uint16

	byMAC     endpoints // DR: slot of the real server by MAC and slot of the service
	byOuter   endpoints // TUN: by outer destination and slot of the service
	byAddress endpoints // NAT: index in places by address and port
	places    [][]place
	vips      endpoints          // the first service of an address, for packets without ports
	ports     map[uint16][]uint8 // services by port, for answers from a wrong address
}

// byMAC and byOuter have the slot of a service where others have a port.
func macAt(mac [6]byte, service uint8) endpoint {
	return endpoint{address{0, uint64(be16(mac[:], 0))<<32 | uint64(be16(mac[:], 2))<<16 | uint64(be16(mac[:], 4))}, uint16(service)}
}

// newPlan gives every service and every real server of the view the slot that slots finds for it.
func newPlan(v View, slots func(Service) (service uint8, server func(Server) uint8)) *plan {
	servers := 0
	for _, s := range v.Services {
		servers += len(s.Servers)
	}
	p := &plan{
		role: v.Role, own: slices.Clone(v.MACs), gue: slices.Clone(v.GUEPorts), ports: map[uint16][]uint8{},
		services: newEndpoints(len(v.Services)), vips: newEndpoints(len(v.Services)), local: newEndpoints(len(v.Local)),
		byMAC: newEndpoints(servers), byOuter: newEndpoints(servers), byAddress: newEndpoints(servers),
	}
	// Sorted: which services are told apart and which are not must not depend on the order of a dump.
	services := slices.SortedFunc(slices.Values(v.Services), func(a, b Service) int {
		return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Port, b.Port))
	})
	for _, s := range services {
		slot, server := slots(s)
		at := endpoint{addressOf(s.Addr), s.Port}
		p.services.add(at, uint16(slot))
		p.vips.add(endpoint{at.address, 0}, uint16(slot))
		p.ports[s.Port] = append(p.ports[s.Port], slot)
		for _, r := range s.Servers {
			p.server(r, place{slot, server(r)})
		}
	}
	for _, a := range v.Local {
		at := endpoint{addressOf(a), 0}
		if _, vip := p.vips.find(at); !vip {
			p.local.add(at, 0)
			p.localBits |= 1 << (at.lo & 63)
		}
	}
	return p
}

// server notes how the packets for a real server look.
func (p *plan) server(r Server, at place) {
	switch r.Method {
	case DR:
		if r.MAC != ([6]byte{}) {
			p.byMAC.add(macAt(r.MAC, at.service), uint16(at.server))
		}
	case TUN:
		p.byOuter.add(endpoint{addressOf(r.Addr), uint16(at.service)}, uint16(at.server))
	case NAT:
		to := endpoint{addressOf(r.Addr), r.Port}
		n, known := p.byAddress.find(to)
		if !known {
			n = uint16(len(p.places))
			p.places = append(p.places, nil)
			p.byAddress.add(to, n)
		}
		p.places[n] = append(p.places[n], at)
	case Local: // its packets do not leave
	}
}

// isLocal reports whether an address is this host's, and no virtual server's.
func (p *plan) isLocal(a address) bool {
	if p.localBits&(1<<(a.lo&63)) == 0 {
		return false // nearly always
	}
	_, ok := p.local.find(endpoint{a, 0})
	return ok
}

// incoming reports whether a frame came in for this host.
func (p *plan) incoming(f *Frame, mac [6]byte) bool {
	switch f.Kind {
	case Host:
		return true
	case OtherHost:
		return slices.Contains(p.own, mac)
	default:
		return false
	}
}

// endpoints finds a number by address and port: a hash table that is never changed once it is made.
type endpoints struct {
	table []endpointSlot
	mask  uint64
}

type endpointSlot struct {
	endpoint
	used   bool
	number uint16
}

func newEndpoints(n int) endpoints {
	size := 16
	for size < 4*n {
		size *= 2
	}
	return endpoints{make([]endpointSlot, size), uint64(size - 1)}
}

// add keeps what was added first.
func (e *endpoints) add(at endpoint, number uint16) {
	for i := at.hash(); ; i++ {
		s := &e.table[i&e.mask]
		if s.used && s.endpoint == at {
			return
		}
		if !s.used {
			*s = endpointSlot{at, true, number}
			return
		}
	}
}

func (e *endpoints) find(at endpoint) (number uint16, ok bool) {
	for i := at.hash(); ; i++ {
		s := &e.table[i&e.mask]
		if !s.used {
			return 0, false
		}
		if s.port == at.port && s.lo == at.lo && s.hi == at.hi {
			return s.number, true
		}
	}
}

func (e endpoint) hash() uint64 {
	h := (e.hi ^ e.lo ^ uint64(e.port)<<48) * 0x9e3779b97f4a7c15
	return h >> 32
}
