package keepalived

import "net/netip"

// Service is one virtual service in the kernel.
type Service struct {
	Pos Pos            // of the virtual_server
	Of  *VirtualServer // in the configuration; of several that claim it, the first

	// The key: address, port and protocol, or mark and family.
	Addr     netip.Addr // invalid for a mark
	Port     uint16
	Protocol Protocol // empty for a mark
	FWMark   uint32
	Family   Family

	Scheduler         string
	Flags             Flags
	Timeout           uint32 // seconds of persistence, 0: not persistent
	Netmask           uint32 // IPv4: the mask in host order; IPv6: the prefix length
	PersistenceEngine string

	// Unmade is the virtual server because of which keepalived never adds this service, only its real servers, which the
	// kernel then refuses: it has the same mark of the same group for the other family. nil: keepalived adds it.
	Unmade *VirtualServer

	Destinations []Destination // in the order of the configuration
}

// IsFWMark reports whether the service is a firewall mark.
func (s Service) IsFWMark() bool { return !s.Addr.IsValid() }

// Destination is one real server of a service in the kernel.
type Destination struct {
	Pos        Pos            // of the real_server
	Of         *RealServer    // in the configuration
	In         *VirtualServer // whose real server or sorry server it is
	Addr       netip.Addr
	Port       uint16
	Weight     int
	Forward    Forwarding
	UThreshold uint32
	LThreshold uint32
}

// Standing is what the checks of a real server have found.
type Standing struct {
	Up     bool // all its checks pass, or it has none
	Weight int  // the configured weight and what its checks add; outside 0 to MaxWeight it is taken for the nearest
}

// MaxWeight is the highest weight that keepalived gives a real server (IPVS_WEIGHT_LIMIT in its ip_vs.h).
const MaxWeight = 1<<31 - 1

// State is what [Config.Table] needs to know beyond the configuration.
type State struct {
	// Server is asked for each real server; nil: all are up, with the configured weight.
	Server func(*VirtualServer, *RealServer) Standing

	// Sorry says whether the sorry server stands in for all others. It is asked only where there is one. nil: as
	// keepalived decides at its start, when quorum and hysteresis must both be reached.
	Sorry func(*VirtualServer) bool
}
