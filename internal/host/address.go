package host

import (
	"fmt"
	"net"
	"net/netip"
)

// Address is an address that this host holds now.
type Address struct {
	Interface string
	Addr      netip.Addr
}

// Addresses lists those of all interfaces in the network namespace of this process.
func Addresses() ([]Address, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var all []Address
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("list addresses of %s: %w", i.Name, err)
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				all = append(all, Address{i.Name, p.Addr().Unmap().WithZone("")})
			}
		}
	}
	return all, nil
}
