package labtest

import (
	"net/netip"
	"time"
)

// relayPort is where the relay of Slow listens.
const relayPort = 5300

// CloseTCP makes the host refuse tcp/53 with a reset, as a firewall or a server
// that has run out of TCP slots does. UDP goes on.
func (n *NameServer) CloseTCP() {
	n.host.lab.t.Helper()
	if !n.noTCP {
		n.firewall("-I", "INPUT", "-p", "tcp", "--dport", "53", "-j", "REJECT", "--reject-with", "tcp-reset")
		n.noTCP = true
	}
}

// OpenTCP undoes CloseTCP.
func (n *NameServer) OpenTCP() {
	n.host.lab.t.Helper()
	if n.noTCP {
		n.firewall("-D", "INPUT", "-p", "tcp", "--dport", "53", "-j", "REJECT", "--reject-with", "tcp-reset")
		n.noTCP = false
	}
}

// Slow holds every UDP answer back for d; TCP stays quick. Queries are sent through
// a relay on the host, so the server sees the host's own address as their source.
func (n *NameServer) Slow(d time.Duration) {
	n.host.lab.t.Helper()
	if n.relay == nil {
		n.relay = n.startRelay()
	}
	if n.relay.delay.Swap(int64(d)) == 0 {
		n.divert("-I")
	}
}

// quick undoes Slow. The relay goes on for flows that the kernel has learned to divert.
func (n *NameServer) quick() {
	n.host.lab.t.Helper()
	if n.relay != nil && n.relay.delay.Swap(0) != 0 {
		n.divert("-D")
	}
}

// divert inserts or deletes the rule that sends udp/53 from outside to the relay. The
// kernel translates the relay's answers back, so they leave from the VIP.
func (n *NameServer) divert(action string) {
	n.host.lab.t.Helper()
	for _, a := range n.ownAddrs() {
		n.iptables(a, "-t", "nat", action, "PREROUTING", "-p", "udp", "--dport", "53",
			"-j", "DNAT", "--to-destination", netip.AddrPortFrom(a, relayPort).String())
	}
}

// firewall applies a rule to both address families of the host.
func (n *NameServer) firewall(rule ...string) {
	n.host.lab.t.Helper()
	for _, a := range n.ownAddrs() {
		n.iptables(a, rule...)
	}
}

// iptables is the legacy program: the guest has no nftables families.
func (n *NameServer) iptables(family netip.Addr, args ...string) {
	n.host.lab.t.Helper()
	program := "iptables-legacy"
	if family.Is6() {
		program = "ip6tables-legacy"
	}
	_, err := n.host.Run(n.host.lab.t.Context(), program, append([]string{"-w", "5"}, args...)...)
	n.host.lab.must(err, "%s on %s", n.Software, n.host.Name)
}

// ownAddrs is the host's first address of each family.
func (n *NameServer) ownAddrs() []netip.Addr {
	var first []netip.Addr
	for _, a := range n.host.Addrs() {
		if len(first) == 0 || len(first) == 1 && first[0].Is4() != a.Is4() {
			first = append(first, a)
		}
	}
	return first
}
