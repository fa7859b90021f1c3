package ipvs

import (
	"fmt"
	"strconv"
	"strings"
)

// Family is an address family, with Linux's numbers.
type Family uint16

// Address families.
const (
	IPv4 Family = 2
	IPv6 Family = 10
)

// String is "ipv4", "ipv6", "" for the zero Family, or "family-N".
func (f Family) String() string {
	return nameOf(f, "family", []named[Family]{{0, ""}, {IPv4, "ipv4"}, {IPv6, "ipv6"}})
}

// Protocol is an IP protocol number (RFC 5237, IANA).
type Protocol uint16

// Protocols that a service can have.
const (
	TCP  Protocol = 6
	UDP  Protocol = 17
	SCTP Protocol = 132
)

// String is "tcp", "udp", "sctp" or "proto-N".
func (p Protocol) String() string {
	return nameOf(p, "proto", []named[Protocol]{{TCP, "tcp"}, {UDP, "udp"}, {SCTP, "sctp"}})
}

// ServiceFlags are the IP_VS_SVC_F_ bits of a service.
type ServiceFlags uint32

// Flags of a service. What the three scheduler flags mean is up to the scheduler.
const (
	Persistent ServiceFlags = 1 << iota
	Hashed                  // the kernel's own mark on every service in the table
	OnePacket               // every UDP packet is scheduled for itself
	Sched1
	Sched2
	Sched3
)

// Settings are the flags without Hashed, which is no setting: compare two services by these.
func (f ServiceFlags) Settings() ServiceFlags { return f &^ Hashed }

// String lists the flags as "persistent,ops,flag-1", without Hashed.
func (f ServiceFlags) String() string { return f.Names("") }

// Names lists the flags as String does, with the names that ipvsadm and keepalived know for
// the scheduler's own flags: sh-fallback, sh-port, mh-fallback and mh-port.
func (f ServiceFlags) Names(scheduler string) string {
	names := [...]string{"persistent", "", "ops", "flag-1", "flag-2", "flag-3"}
	if scheduler == "sh" || scheduler == "mh" {
		names[3], names[4] = scheduler+"-fallback", scheduler+"-port"
	}
	return bitNames(uint32(f.Settings()), names[:])
}

// ForwardMethod is how packets reach a destination.
type ForwardMethod uint32

// Forwarding methods, with the kernel's numbers.
const (
	Masq ForwardMethod = iota
	Local
	Tun
	DR
	Bypass
)

// String is "masq", "local", "tun", "dr", "bypass" or "method-N".
func (m ForwardMethod) String() string {
	return nameOf(m, "method", []named[ForwardMethod]{{Masq, "masq"}, {Local, "local"}, {Tun, "tun"}, {DR, "dr"}, {Bypass, "bypass"}})
}

// RepliesPass reports whether replies pass the director: only then do its counters of what goes out say anything. With direct routing and
// tunnels the real server sends them to the client itself.
func (m ForwardMethod) RepliesPass() bool { return m != DR && m != Tun }

// TunnelType is the encapsulation of a tunnel.
type TunnelType uint8

// Tunnel types, with the kernel's numbers.
const (
	IPIP TunnelType = iota
	GUE
	GRE
)

// String is "ipip", "gue", "gre" or "tunnel-N".
func (t TunnelType) String() string {
	return nameOf(t, "tunnel", []named[TunnelType]{{IPIP, "ipip"}, {GUE, "gue"}, {GRE, "gre"}})
}

// TunnelFlags are the IP_VS_TUNNEL_ENCAP_FLAG_ bits of GUE and GRE.
type TunnelFlags uint16

// Tunnel flags; none of them is ipvsadm's --tun-nocsum.
const (
	Csum    TunnelFlags = 1 << iota // checksum
	RemCsum                         // remote checksum offload, GUE only
)

// String is "", "csum", "remcsum" or both.
func (f TunnelFlags) String() string { return bitNames(uint32(f), []string{"csum", "remcsum"}) }

// DaemonRole is what a synchronisation daemon does.
type DaemonRole uint32

// Roles of a daemon, with the kernel's numbers.
const (
	Master DaemonRole = 1 // sends
	Backup DaemonRole = 2 // receives
)

// String is "master", "backup" or "role-N".
func (r DaemonRole) String() string {
	return nameOf(r, "role", []named[DaemonRole]{{Master, "master"}, {Backup, "backup"}})
}

// named is a number of the kernel's and its name here.
type named[N any] struct {
	number N
	name   string
}

// nameOf is the name of a number; one that has none, as of a newer kernel, is shown with its kind.
func nameOf[N ~uint8 | ~uint16 | ~uint32](n N, kind string, names []named[N]) string {
	for _, known := range names {
		if known.number == n {
			return known.name
		}
	}
	return kind + "-" + strconv.FormatUint(uint64(n), 10)
}

// bitNames joins the names of the bits that are set; a bit without a name shows as a number.
func bitNames(set uint32, names []string) string {
	var words []string
	for i, name := range names {
		if bit := uint32(1) << i; set&bit != 0 && name != "" {
			words = append(words, name)
			set &^= bit
		}
	}
	if set != 0 {
		words = append(words, fmt.Sprintf("%#x", set))
	}
	return strings.Join(words, ",")
}
