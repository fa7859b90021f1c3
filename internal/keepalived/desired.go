package keepalived

import "net/netip"

// Service is one virtual service in the kernel.
type Service struct {
	Pos Pos // of the virtual_server

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

	Destinations []Destination // in the order of the configuration
}

// IsFWMark reports whether the service is a firewall mark.
func (s Service) IsFWMark() bool { return !s.Addr.IsValid() }

// Destination is one real server of a service in the kernel.
type Destination struct {
	Pos        Pos // of the real_server
	Addr       netip.Addr
	Port       uint16
	Weight     int
	Forward    Forwarding
	UThreshold uint32
	LThreshold uint32
}
