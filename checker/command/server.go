package command

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
)

// server reads which name server to ask: the one argument SERVER[:PORT], or
// what HAProxy hands to an external check: four arguments (address and port of
// the proxy, address and port of the server) and an environment with the same.
func server(args []string, mode checker.ExitMode, t checker.Transport, getenv func(string) string) (netip.AddrPort, error) {
	if mode == checker.HAProxy {
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
		return netip.AddrPort{}, fmt.Errorf("one SERVER at a time, not %q and %q; quote a value that has spaces in it", args[0], args[1])
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
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		if ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
			return netip.AddrPortFrom(ip.Unmap(), t.Port()), nil
		}
	}
	switch {
	case err == nil && ap.Port() != 0:
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	case err == nil:
		return netip.AddrPort{}, fmt.Errorf("server %q: port 0 is no port; use 53, or leave it out", s)
	case strings.HasPrefix(s, "@"):
		return netip.AddrPort{}, fmt.Errorf("server %q: leave out the @", s)
	case strings.ContainsAny(s, "#"):
		return netip.AddrPort{}, fmt.Errorf("server %q: write the port as ADDRESS:PORT", s)
	default:
		return netip.AddrPort{}, fmt.Errorf("server %q is no IP address, or has no valid port; write 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53 (a host name would need the DNS that is being checked)", s)
	}
}
