package ipvs

import (
	"net/netip"
	"time"
)

// ServiceKey identifies a service. A service is known either by protocol, address and
// port, or by the firewall mark of its packets and the family of their addresses; the
// fields of the other kind are zero. Make one with At or Mark.
type ServiceKey struct {
	Family   Family
	Protocol Protocol
	Addr     netip.Addr
	Port     uint16 // 0: every port that has no service of its own
	FWMark   uint32
}

// Service is a virtual server: how its clients are spread, and what they sent.
type Service struct {
	ServiceKey

	Scheduler string // "" is the kernel's "none": no scheduler bound
	Flags     ServiceFlags
	Timeout   time.Duration // persistence, whole seconds
	Netmask   Netmask       // which clients persistence takes for one
	PEName    string        // persistence engine, "" for none
	Stats     Stats
}

// DestinationKey identifies a destination within its service. The family of the
// address may differ from that of the service when the destination is reached by a tunnel.
type DestinationKey struct {
	Addr netip.Addr
	Port uint16
}

// Destination is a real server of one service.
type Destination struct {
	DestinationKey

	Forward ForwardMethod
	Weight  uint32 // 0: no new connections
	Tunnel  Tunnel // zero unless Forward is Tun

	// Above UpperThreshold connections the destination gets no new ones, until it is
	// below LowerThreshold (or three quarters of the upper one, if that is 0).
	UpperThreshold, LowerThreshold uint32

	Active, Inactive, Persistent uint32 // connections now
	Stats                        Stats
}

// Tunnel says how packets to a destination are wrapped.
type Tunnel struct {
	Type  TunnelType
	Port  uint16 // UDP port of GUE
	Flags TunnelFlags
}

// Stats is what a service or a destination carried since it was added or zeroed, and
// the rates that the kernel's estimator smooths over a few seconds.
type Stats struct {
	Connections           uint64
	InPackets, OutPackets uint64
	InBytes, OutBytes     uint64

	ConnectionRate              uint64 // per second
	InPacketRate, OutPacketRate uint64
	InByteRate, OutByteRate     uint64 // bytes, though the kernel says "bps"

	// Wide says that all numbers have 64 bits. Without it the kernel is older than
	// 4.1: connections and packets wrap at 2^32.
	Wide bool
}

// Table is the whole of the IPVS table, as it was read service by service: the
// kernel offers no snapshot of all at once.
type Table struct {
	Entries []TableEntry

	// Duplicates counts services and destinations that the kernel listed twice because the table changed
	// while it was listed; they are dropped.
	Duplicates int
}

// TableEntry is one service with its destinations.
type TableEntry struct {
	Service      Service
	Destinations []Destination

	// Gone says that the service was deleted while the table was read. Destinations
	// then is whatever was seen of it, perhaps nothing.
	Gone bool
}

// Timeouts are the times after which idle connections are forgotten, whole seconds.
type Timeouts struct {
	TCP, TCPFin, UDP time.Duration
}

// Info is what IPVS says of itself.
type Info struct {
	Version             string // of IPVS, for example "1.2.1"
	ConnectionTableSize uint32 // buckets of the connection hash table
}

// Daemon is a connection synchronisation daemon. A host runs at most one in each role.
type Daemon struct {
	Role      DaemonRole
	Interface string
	SyncID    uint32     // a backup takes what it hears with its own ID, or all with ID 0
	MaxLength uint16     // of a datagram, 0: from the interface's MTU
	Group     netip.Addr // multicast, zero: 224.0.0.81
	Port      uint16     // 0: 8848
	TTL       uint8      // 0: 1
}
