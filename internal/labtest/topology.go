package labtest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// LAN is a bridge in the guest: one broadcast domain.
type LAN struct {
	Name     string
	Prefixes []netip.Prefix
	lab      *Lab
}

// NIC is a place for a host on a LAN: the addresses that it has there.
type NIC struct {
	lan   *LAN
	addrs []netip.Prefix
}

// Host is a network namespace with a veth pair to each of its LANs, named
// eth0, eth1 … in the order in which they were given.
type Host struct {
	Name     string
	lab      *Lab
	dir      string
	netns    *os.File
	nics     []NIC
	vips     []netip.Addr // addresses that the real server holds besides its own
	director bool
	procs    []*Process
	closers  []func() // end what runs in this program on the host's behalf
}

// LAN adds a network, for example lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64").
func (l *Lab) LAN(name string, prefixes ...string) *LAN {
	l.t.Helper()
	n := &LAN{Name: name, lab: l}
	for _, p := range prefixes {
		prefix, err := netip.ParsePrefix(p)
		l.must(err, "network %s", name)
		n.Prefixes = append(n.Prefixes, prefix.Masked())
	}
	// Without these two a new port forwards nothing for 15 s (IEEE 802.1D timers).
	l.must(l.ip(
		"link add "+name+" type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
		"link set "+name+" addrgenmode none",
		"link set "+name+" up",
	), "network %s", name)
	l.lans = append(l.lans, n)
	return n
}

// At is a place on the network with these addresses.
func (n *LAN) At(addrs ...string) NIC {
	n.lab.t.Helper()
	nic := NIC{lan: n}
	for _, s := range addrs {
		addr, err := netip.ParseAddr(s)
		n.lab.must(err, "network %s", n.Name)
		nic.addrs = append(nic.addrs, netip.PrefixFrom(addr, n.bits(addr)))
	}
	return nic
}

// bits is the prefix length of the part of the network that holds addr.
func (n *LAN) bits(addr netip.Addr) int {
	for _, p := range n.Prefixes {
		if p.Contains(addr) {
			return p.Bits()
		}
	}
	n.lab.t.Fatalf("labtest: %s is not in network %s %v", addr, n.Name, n.Prefixes)
	return 0
}

// Director adds a host that forwards between its networks and runs IPVS.
func (l *Lab) Director(name string, nics ...NIC) *Host {
	l.t.Helper()
	h := l.host(name, nics)
	h.director = true
	h.sysctl("ipv4/ip_forward=1", "ipv6/conf/all/forwarding=1",
		// With servers and clients on one LAN a redirect would teach the servers to
		// answer past a NAT director. The kernel sends when all OR the interface say so.
		"ipv4/conf/all/send_redirects=0", "ipv4/conf/default/send_redirects=0")
	for i := range nics {
		h.sysctl(fmt.Sprintf("ipv4/conf/eth%d/send_redirects=0", i))
	}
	return h
}

// RealServer adds a host for a name server. Say how the director reaches it
// with DR, TUN or NAT.
func (l *Lab) RealServer(name string, nics ...NIC) *Host {
	l.t.Helper()
	return l.host(name, nics)
}

// Client adds a host that only asks.
func (l *Lab) Client(name string, nics ...NIC) *Host {
	l.t.Helper()
	return l.host(name, nics)
}

func (l *Lab) host(name string, nics []NIC) *Host {
	l.t.Helper()
	h := &Host{Name: name, lab: l, dir: filepath.Join(l.dir, name), nics: nics}
	l.must(os.Mkdir(h.dir, 0o755), "host %s", name)

	outside := []string{"netns add " + name}
	inside := []string{"link set lo up"}
	for i, nic := range nics {
		outside = append(outside,
			fmt.Sprintf("link add %s type veth peer name eth%d netns %s", h.port(i), i, name),
			fmt.Sprintf("link set %s addrgenmode none master %s up", h.port(i), nic.lan.Name))
		inside = append(inside, fmt.Sprintf("link set eth%d up", i))
		for _, a := range nic.addrs {
			inside = append(inside, fmt.Sprintf("address add %s dev eth%d%s", a, i, nodad(a.Addr())))
		}
	}
	l.hosts = append(l.hosts, h)
	l.must(l.ip(outside...), "host %s", name)
	ns, err := netns.Open(name)
	l.must(err, "host %s", name)
	h.netns = ns

	h.sysctl("ipv4/conf/all/rp_filter=0", "ipv4/conf/default/rp_filter=0")
	for i := range nics {
		// The link-local address is needed at once too: duplicate address
		// detection (RFC 4862) would hold it back for a second.
		h.sysctl(fmt.Sprintf("ipv6/conf/eth%d/accept_dad=0", i), fmt.Sprintf("ipv4/conf/eth%d/rp_filter=0", i))
	}
	h.ip(inside...)
	return h
}

// Addr is the host's first address.
func (h *Host) Addr() netip.Addr { return h.Addrs()[0] }

// Addrs are the host's own addresses, without VIPs.
func (h *Host) Addrs() []netip.Addr {
	var all []netip.Addr
	for _, nic := range h.nics {
		for _, p := range nic.addrs {
			all = append(all, p.Addr())
		}
	}
	return all
}

// Hold gives the host further addresses on its first interface: a VIP without
// VRRP.
func (h *Host) Hold(addrs ...string) *Host {
	h.lab.t.Helper()
	h.addAddresses("eth0", h.parse(addrs))
	return h
}

// Via sends all that is not on a connected network through these gateways, one for
// each address family.
func (h *Host) Via(gateways ...string) *Host {
	h.lab.t.Helper()
	var lines []string
	for _, g := range h.parse(gateways) {
		lines = append(lines, fmt.Sprintf("route replace default via %s", g))
	}
	h.ip(lines...)
	return h
}

// port is the name of the bridge's end of the host's interface i.
func (h *Host) port(i int) string { return fmt.Sprintf("%s.%d", h.Name, i) }

func (h *Host) parse(addrs []string) []netip.Addr {
	h.lab.t.Helper()
	var all []netip.Addr
	for _, s := range addrs {
		a, err := netip.ParseAddr(s)
		h.lab.must(err, "host %s", h.Name)
		all = append(all, a)
	}
	return all
}

func (h *Host) addAddresses(dev string, addrs []netip.Addr) {
	h.lab.t.Helper()
	var lines []string
	for _, a := range addrs {
		lines = append(lines, fmt.Sprintf("address add %s/%d dev %s%s", a, a.BitLen(), dev, nodad(a)))
	}
	h.ip(lines...)
}

// ip feeds lines to one ip(8) in the host's namespace.
func (h *Host) ip(lines ...string) {
	h.lab.t.Helper()
	if len(lines) == 0 {
		return
	}
	_, err := h.run(h.lab.t.Context(), strings.Join(lines, "\n")+"\n", "ip", "-batch", "-")
	h.lab.must(err, "host %s", h.Name)
}

// sysctl writes settings below /proc/sys/net, which shows the namespace of the
// thread that opens it.
func (h *Host) sysctl(settings ...string) {
	h.lab.t.Helper()
	h.lab.must(netns.Do(h.netns, func() error {
		for _, s := range settings {
			key, value, _ := strings.Cut(s, "=")
			// O_CREATE is refused below /proc, so no os.WriteFile.
			f, err := os.OpenFile("/proc/sys/net/"+key, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString(value)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
		}
		return nil
	}), "host %s: sysctl", h.Name)
}

// nodad keeps an IPv6 address from being tentative for its first second.
func nodad(a netip.Addr) string {
	if a.Is6() {
		return " nodad"
	}
	return ""
}

// Holds says whether the host has this address now, on whatever interface. A
// director that is MASTER holds the VIP.
func (h *Host) Holds(addr string) bool {
	h.lab.t.Helper()
	want := h.parse([]string{addr})[0]
	var found bool
	h.lab.must(netns.Do(h.netns, func() error {
		all, err := net.InterfaceAddrs()
		for _, a := range all {
			if n, ok := a.(*net.IPNet); ok && n.IP.Equal(want.AsSlice()) {
				found = true
			}
		}
		return err
	}), "host %s: addresses", h.Name)
	return found
}
