package command

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
)

// server reads which name server to ask: the one argument SERVER[:PORT], or
// what HAProxy hands to an external check: four arguments (address and port of
// the proxy, address and port of the server) and an environment with the same.
func server(args []string, mode exit.Mode, t checker.Transport, getenv func(string) string) (netip.AddrPort, error) {
	if mode == exit.HAProxy {
		switch {
		case len(args) == 4 && args[2] != haproxyUnset:
			return haproxyServer(args[2], args[3], t)
		case len(args) == 0 || len(args) == 4:
			return haproxyServer(getenv("HAPROXY_SERVER_ADDR"), getenv("HAPROXY_SERVER_PORT"), t)
		}
	}
	switch len(args) {
	case 0:
		return netip.AddrPort{}, fmt.Errorf("no SERVER given; the form is lvsdns-check [flags] SERVER[:PORT] (in keepalived.conf put all of misc_path in quotes, it drops the rest of the line otherwise)")
	case 1:
		return parseServer(args[0], t)
	default:
		return netip.AddrPort{}, severalError(args)
	}
}

// haproxyUnset is what HAProxy passes for an address that it does not have
// (configuration.txt, "external-check command").
const haproxyUnset = "NOT_USED"

func haproxyServer(addr, port string, t checker.Transport) (netip.AddrPort, error) {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("HAProxy gave %q as the server's address; it must be an IP address", addr)
	}
	if err := oneHost(ip.Unmap()); err != nil {
		return netip.AddrPort{}, fmt.Errorf("HAProxy gave %q as the server's address, which %w", addr, err)
	}
	if port == "" || port == "0" || port == haproxyUnset {
		return netip.AddrPortFrom(ip.Unmap(), t.Port()), nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("HAProxy gave %q as the server's port; it must be 1 to 65535", port)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), nil
}

func parseServer(s string, t checker.Transport) (netip.AddrPort, error) {
	if err := ambiguous(s); err != nil {
		return netip.AddrPort{}, err
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		ip, addrErr := netip.ParseAddr(withoutBrackets(s))
		if addrErr != nil {
			return netip.AddrPort{}, serverError(s)
		}
		ap = netip.AddrPortFrom(ip, t.Port())
	}
	ap = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	if ap.Port() == 0 {
		return netip.AddrPort{}, fmt.Errorf("server %q: port 0 is no port; use 53, or leave it out", s)
	}
	if err := oneHost(ap.Addr()); err != nil {
		return netip.AddrPort{}, fmt.Errorf("server %q %w", s, err)
	}
	return ap, nil
}

// withoutBrackets takes both brackets off. With one of them alone nobody knows
// where the address was to end: [::1:53 is more likely [::1]:53 than [::1:53].
func withoutBrackets(s string) string {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return s[1 : len(s)-1]
	}
	return s
}

// oneHost refuses what is not the address of a single host. The kernel takes
// the unspecified address for this host itself (ip(7), INADDR_ANY as a
// destination), so that a check of it passes while another name server answers
// here.
func oneHost(ip netip.Addr) error {
	switch {
	case ip.IsUnspecified():
		return errors.New("stands for all addresses of a host; write one that the server listens on")
	case ip.IsMulticast(), ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return errors.New("is no address of a single host; write the server's own")
	}
	return nil
}

// ambiguous refuses an IPv6 address without brackets that ends like a port: it
// is an address, and is hardly ever meant as one.
func ambiguous(s string) error {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.HasPrefix(s, "[") {
		return nil
	}
	front, port := s[:i], s[i+1:]
	ip, err := netip.ParseAddr(front)
	if err != nil || !ip.Is6() {
		return nil
	}
	switch _, err := netip.ParseAddr(s); {
	case err != nil, ip.Zone() != "": // too long for an address, or a zone that no interface has: a port is meant
		return fmt.Errorf("server %q: an IPv6 address with a port takes brackets; write [%s]:%s", s, front, port)
	case port == "53" || port == "853" || port == "443" || port == "5353":
		return fmt.Errorf("server %[1]q can be read in two ways; write [%[2]s]:%[3]s for port %[3]s, or [%[1]s] for the address", s, front, port)
	}
	return nil
}
