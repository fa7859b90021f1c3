package capture

import (
	"net"
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// Link is a network device as the kernel describes it (rtnetlink(7)).
type Link struct {
	Index    int
	Name     string
	Kind     string // of a device that is software, such as "vlan"; empty for a card
	Type     uint16 // ARPHRD_…
	MAC      [6]byte
	Up       bool
	Loopback bool
	// Lower says that the device is stacked on another one of this namespace, which sees its packets as well.
	Lower bool
	XDP   XDP
}

// XDP is how a program sees packets before everybody else, and may take them.
type XDP uint8

// Values of IFLA_XDP_ATTACHED.
const (
	NoXDP XDP = iota
	DriverXDP
	GenericXDP
	HardwareXDP
	SeveralXDP
)

// Neighbour is an entry of the neighbour table.
type Neighbour struct {
	Link int
	Addr netip.Addr
	MAC  [6]byte
}

const (
	typeEthernet = 1     // ARPHRD_ETHER
	typeRawIP    = 519   // ARPHRD_RAWIP
	typeNone     = 65534 // ARPHRD_NONE: tun
)

// framing is what the packets of a link begin with; false: something that cannot be read.
func (l Link) framing() (dnscount.Link, bool) {
	switch l.Type {
	case typeEthernet:
		return dnscount.Ethernet, true
	case typeRawIP, typeNone:
		return dnscount.Raw, true
	}
	return 0, false
}

// Choose returns the links to listen on: those of these names, or else those that carry packets from and to other hosts and
// are stacked on nothing. Each packet passes exactly one of the latter on its way in and one on its way out.
func Choose(all []Link, names []string) []Link {
	var chosen []Link
	for _, l := range all {
		if len(names) > 0 {
			if slices.Contains(names, l.Name) {
				chosen = append(chosen, l)
			}
			continue
		}
		if _, readable := l.framing(); readable && l.Up && !l.Loopback && !l.Lower && !inner(l.Kind) {
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// inner tells kinds of devices whose packets other devices carry, or nobody.
func inner(kind string) bool {
	switch kind {
	case "bridge", "bond", "team", "dummy", "ifb", "ipip", "sit", "gre", "gretap", "erspan", "ip6tnl", "ip6gre", "ip6gretap", "vxlan", "geneve", "wireguard",
		"vti", "vti6", "xfrm", "vrf", "nlmon", "openvswitch":
		return true
	}
	return false
}

// DoubleCounting names the chosen links that see the packets of other chosen ones.
func DoubleCounting(chosen []Link) (names []string) {
	for _, l := range chosen {
		if len(chosen) > 1 && (l.Lower || inner(l.Kind)) {
			names = append(names, l.Name)
		}
	}
	return names
}

// Host reads what surrounds a capture: the devices of the calling thread's namespace, their addresses and their neighbours.
func Host() (links []Link, neighbours []Neighbour, holdings []Holding, err error) {
	if links, err = Links(); err != nil {
		return nil, nil, nil, err
	}
	if neighbours, err = Neighbours(); err != nil {
		return nil, nil, nil, err
	}
	for _, l := range links {
		device := net.Interface{Index: l.Index, Name: l.Name}
		addrs, err := device.Addrs()
		if err != nil {
			continue // it has gone since
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				holdings = append(holdings, Holding{Addr: p.Addr().Unmap(), Bits: p.Bits(), Link: l.Name, Kind: l.Kind, Loop: l.Loopback})
			}
		}
	}
	return links, neighbours, holdings, nil
}
