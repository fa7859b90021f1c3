package capture

import (
	"net/netip"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// Holding is an address of this host and where it is.
type Holding struct {
	Addr netip.Addr
	Bits int
	Link string // the name of the device
	Kind string // as Link.Kind
	Loop bool   // the device is the loopback
}

// DetectRole tells what this host is: a director if its IPVS table has virtual servers for DNS, otherwise a real server of
// the addresses that it holds where real servers hold those of their virtual servers: a host address on the
// loopback, on a dummy device or on a tunnel's end.
func DetectRole(virtual int, holdings []Holding) (dnscount.Role, []netip.Addr) {
	if virtual > 0 {
		return dnscount.Director, nil
	}
	var vips []netip.Addr
	for _, h := range holdings {
		if h.Bits != h.Addr.BitLen() || h.Addr.IsLoopback() || h.Addr.IsLinkLocalUnicast() {
			continue
		}
		switch {
		case h.Loop, h.Kind == "dummy", h.Kind == "ipip", h.Kind == "ip6tnl", h.Kind == "sit", h.Kind == "gre", h.Kind == "ip6gre":
			vips = append(vips, h.Addr)
		}
	}
	if len(vips) == 0 {
		return dnscount.Director, nil
	}
	return dnscount.RealServer, vips
}
