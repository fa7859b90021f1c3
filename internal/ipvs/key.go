package ipvs

import (
	"fmt"
	"net/netip"
	"strconv"
)

// At is the key of the service at an address and port.
func At(p Protocol, at netip.AddrPort) ServiceKey {
	addr := at.Addr().Unmap().WithZone("")
	return ServiceKey{Family: familyOf(addr), Protocol: p, Addr: addr, Port: at.Port()}
}

// Mark is the key of the service for packets with a firewall mark.
func Mark(f Family, mark uint32) ServiceKey {
	return ServiceKey{Family: f, FWMark: mark}
}

// Proto is "tcp", "udp", "sctp", or "fwm" for a service known by its firewall mark.
func (k ServiceKey) Proto() string {
	if k.FWMark != 0 {
		return "fwm"
	}
	return k.Protocol.String()
}

// String names the service as "udp 192.0.2.1:53", "fwm 7" or "fwm 7 ipv6".
func (k ServiceKey) String() string {
	switch {
	case k.FWMark == 0:
		return fmt.Sprintf("%s %s", k.Protocol, netip.AddrPortFrom(k.Addr, k.Port))
	case k.Family == IPv6:
		return fmt.Sprintf("fwm %d ipv6", k.FWMark)
	default:
		return fmt.Sprintf("fwm %d", k.FWMark)
	}
}

// LabelNames are the labels by which metrics and JSON name a service.
func LabelNames() []string { return []string{"vip", "vport", "proto", "fwmark", "family"} }

// Labels are the values of LabelNames. A service known by its firewall mark has no address, and what belongs to no service has neither.
func (k ServiceKey) Labels() []string {
	if k.FWMark != 0 {
		return []string{"", "", k.Proto(), strconv.FormatUint(uint64(k.FWMark), 10), k.Family.String()}
	}
	if !k.Addr.IsValid() {
		return []string{"", "", k.Proto(), "", k.Family.String()}
	}
	return []string{k.Addr.String(), strconv.FormatUint(uint64(k.Port), 10), k.Proto(), "", k.Family.String()}
}

// To is the key of the destination at an address and port.
func To(at netip.AddrPort) DestinationKey {
	return DestinationKey{Addr: at.Addr().Unmap().WithZone(""), Port: at.Port()}
}

// Family is the family of the destination's address.
func (k DestinationKey) Family() Family { return familyOf(k.Addr) }

// String names the destination as "192.0.2.21:53" or "[2001:db8::21]:53".
func (k DestinationKey) String() string { return netip.AddrPortFrom(k.Addr, k.Port).String() }

func familyOf(a netip.Addr) Family {
	switch {
	case a.Is4():
		return IPv4
	case a.Is6():
		return IPv6
	default:
		return 0
	}
}
