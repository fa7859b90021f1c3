package conntrack

import "net/netip"

// Service is a virtual server for UDP whose flows are wanted.
type Service struct {
	At      netip.AddrPort // port 0: all ports of the address
	Servers []Server
}

// Server is one real server of a service.
type Server struct {
	At      netip.AddrPort // port 0: the client's
	Drained bool           // its weight is 0: it keeps its flows and gets no new ones
}

// Target is whom a flow is translated to.
type Target uint8

// The targets.
const (
	Serving      Target = iota // a real server of the service
	Drained                    // one with weight 0
	Removed                    // an address that is no real server of the service: the flow is stale
	Untranslated               // nobody: the service's own address, as with direct routing, tunnels and one-packet scheduling
)

// String is "serving", "drained", "removed" or "untranslated".
func (t Target) String() string {
	return [...]string{"serving", "drained", "removed", "untranslated"}[t]
}

// Services finds the service of a flow. It is made once and asked a million times.
type Services struct {
	list  []Service
	at    map[netip.AddrPort]int
	whole bool // there are services for all ports of an address
	to    []map[netip.AddrPort]Target
}

// NewServices indexes services. Of two at the same address and port the first one counts.
func NewServices(list []Service) *Services {
	s := &Services{list: list, at: make(map[netip.AddrPort]int, len(list)), to: make([]map[netip.AddrPort]Target, len(list))}
	for i, v := range list {
		if _, known := s.at[v.At]; known {
			continue
		}
		s.at[v.At] = i
		s.whole = s.whole || v.At.Port() == 0
		s.to[i] = make(map[netip.AddrPort]Target, len(v.Servers))
		for _, r := range v.Servers {
			s.to[i][r.At] = Serving
			if r.Drained {
				s.to[i][r.At] = Drained
			}
		}
	}
	return s
}

// Find returns the number of the service at an address and port, in the order in which they were given.
func (s *Services) Find(at netip.AddrPort) (n int, found bool) {
	if n, found = s.at[at]; found || !s.whole {
		return n, found
	}
	n, found = s.at[netip.AddrPortFrom(at.Addr(), 0)]
	return n, found
}

// Target says what server is to service n, for a flow that asked for the address at.
func (s *Services) Target(n int, at, server netip.AddrPort) Target {
	if to, known := s.to[n][server]; known {
		return to
	}
	if server == at {
		return Untranslated
	}
	if s.whole && server.Port() == at.Port() {
		if to, known := s.to[n][netip.AddrPortFrom(server.Addr(), 0)]; known {
			return to
		}
	}
	return Removed
}
