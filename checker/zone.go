package checker

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// CheckZone returns what is wrong with the zone of an address at either end, nil
// if nothing is: a link-local IPv6 address must name its interface, unless the
// socket is bound to one, and no other address may (RFC 4007 section 11).
func (f From) CheckZone(addr netip.Addr) error {
	zone, linkLocal := addr.Zone(), addr.Is6() && addr.IsLinkLocalUnicast()
	switch {
	case zone == "" && linkLocal && f.Interface == "":
		return fmt.Errorf("%s is a link-local address, which each interface has its own of; write the interface behind it, as in %s%%eth0", addr, addr)
	case zone == "":
		return nil
	case !linkLocal:
		return fmt.Errorf("%s is no link-local address; leave out %%%s", addr.WithZone(""), zone)
	case zoneIndex(zone) == 0:
		return fmt.Errorf("this host has no interface %s; see ip link for those that it has", zone)
	}
	return nil
}

// sameAddress compares addresses by value and interface: a zone can be written
// as a name or as an index (RFC 4007 section 11.2). A server without a zone is
// asked through an interface that the socket is bound to.
func sameAddress(server, from netip.Addr) bool {
	if server == from {
		return true
	}
	if server.WithZone("") != from.WithZone("") {
		return false
	}
	return !server.IsLinkLocalUnicast() || server.Zone() == "" || zoneIndex(server.Zone()) == zoneIndex(from.Zone())
}

// zoneIndex returns the index of the interface that a zone names, 0 if this
// host has none. Names come first, as in package net.
func zoneIndex(zone string) int {
	if i, err := net.InterfaceByName(zone); err == nil {
		return i.Index
	}
	n, err := strconv.Atoi(zone)
	if err != nil {
		return 0
	}
	if _, err := net.InterfaceByIndex(n); err != nil {
		return 0
	}
	return n
}
