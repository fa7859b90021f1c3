package labtest

import (
	"fmt"
	"net/netip"
)

// DR lets the director reach the server by its MAC address alone: the VIPs are on
// lo, and the server must not say so on the LAN.
func (h *Host) DR(vips ...string) *Host {
	h.lab.t.Helper()
	h.vips = h.parse(vips)
	h.keepSilent()
	h.addAddresses("lo", h.vips)
	return h
}

// TUN lets the director reach the server through an IP-in-IP tunnel: the
// VIPs are on the tunnel's end.
func (h *Host) TUN(vips ...string) *Host {
	h.lab.t.Helper()
	h.vips = h.parse(vips)
	h.keepSilent()
	for _, a := range h.vips {
		// The fallback devices take packets from any peer, so the director needs no tunnel.
		dev := "tunl0"
		if a.Is6() {
			dev = "ip6tnl0"
		}
		h.ip(fmt.Sprintf("link set %s up", dev))
		h.addAddresses(dev, []netip.Addr{a})
	}
	return h
}

// NAT lets the director rewrite addresses: all that the server sends must go
// back through the director, given by one gateway for each address family.
// Neighbours on the same LAN are reached through it too, or a client there would
// be answered past the director.
func (h *Host) NAT(gateways ...string) *Host {
	h.lab.t.Helper()
	h.sysctl("ipv4/conf/all/accept_redirects=0", "ipv4/conf/eth0/accept_redirects=0",
		"ipv6/conf/eth0/accept_redirects=0")
	var lines []string
	for _, g := range h.parse(gateways) {
		own := h.ownAddr(g.Is4())
		onlink := netip.PrefixFrom(g, h.nics[0].lan.bits(g)).Masked()
		lines = append(lines,
			fmt.Sprintf("route add %s/%d dev eth0 src %s", g, g.BitLen(), own),
			fmt.Sprintf("route del %s dev eth0", onlink),
			fmt.Sprintf("route add default via %s dev eth0 src %s", g, own))
	}
	h.ip(lines...)
	return h
}

// keepSilent makes the host answer ARP only for addresses of the interface asked on,
// and never announce another (Documentation/networking/ip-sysctl.rst). IPv6
// needs nothing: neighbour discovery looks at the interface's own addresses only.
func (h *Host) keepSilent() {
	h.lab.t.Helper()
	h.sysctl("ipv4/conf/all/arp_ignore=1", "ipv4/conf/all/arp_announce=2")
}

// ownAddr is the host's first address of one family.
func (h *Host) ownAddr(is4 bool) netip.Addr {
	h.lab.t.Helper()
	for _, a := range h.Addrs() {
		if a.Is4() == is4 {
			return a
		}
	}
	h.lab.t.Fatalf("labtest: host %s has no address of the gateway's family", h.Name)
	return netip.Addr{}
}
