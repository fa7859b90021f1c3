//go:build lab

package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestFirewalls has a firewall refuse, as firewalld and iptables do it, on the
// name server and on the director. What the one says is a verdict on the
// server, what the other says is none, and both families are told apart alike:
// the kernel gives a program EACCES for the ICMPv6 message and for a rule of
// its own host.
func TestFirewalls(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64")
	director := lab.Director("director", lan.At("192.168.1.11", "fd00:1::11"))
	dns := lab.RealServer("dns1", lan.At("192.168.1.21", "fd00:1::21"))
	dns.NameServer(labtest.NSD)
	run := func(h *labtest.Host, line string) {
		t.Helper()
		words := strings.Fields(line)
		if _, err := h.Run(t.Context(), words[0], words[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	// ICMP errors are rationed; the second try is to get its own.
	run(dns, "sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0")

	const prohibited = "administratively prohibited (ICMP from %s): a firewall there refuses this host (2 tries)"
	families := []struct{ iptables, server string }{{"iptables-legacy", "192.168.1.21"}, {"ip6tables-legacy", "fd00:1::21"}}
	for i, f := range families {
		rejects := [][]string{ // as iptables-extensions(8) has them; firewalld's default is the first of each
			{"icmp-admin-prohibited", "icmp-host-prohibited", "icmp-net-prohibited"},
			{"icmp6-adm-prohibited", "icmp6-policy-fail", "icmp6-reject-route"},
		}[i]
		for _, transport := range []string{"udp", "tcp"} {
			for _, reject := range rejects {
				t.Run(reject+" "+transport, func(t *testing.T) {
					rule := fmt.Sprintf("INPUT -p %s --dport 53 -j REJECT --reject-with %s", transport, reject)
					run(dns, f.iptables+" -w 5 -A "+rule)
					defer run(dns, f.iptables+" -w 5 -D "+rule)
					got := check(t, director, "--exit-mode", "nagios", "--transport", transport, "--name", labtest.Zone, "--timeout", "20s", "--attempts", "2", f.server)
					if reason := fmt.Sprintf(prohibited, f.server); got.Outcome != "unreachable" || got.status != 2 || got.Attempts != 2 || !strings.HasSuffix(got.Reason, reason) {
						t.Errorf("outcome %s (%s), exit status %d, %d tries; want unreachable (… %s), 2, 2", got.Outcome, got.Reason, got.status, got.Attempts, reason)
					}
				})
			}
		}
		t.Run(f.iptables+" of the director", func(t *testing.T) {
			run(director, f.iptables+" -w 5 -A OUTPUT -p udp --dport 53 -j DROP")
			defer run(director, f.iptables+" -w 5 -F OUTPUT")
			got := check(t, director, "--exit-mode", "nagios", "--name", labtest.Zone, "--timeout", "20s", f.server)
			if got.Outcome != "local" || got.status != 3 || !strings.Contains(got.Reason, "not permitted on this host") {
				t.Errorf("outcome %s (%s), exit status %d; want local (… not permitted on this host), 3", got.Outcome, got.Reason, got.status)
			}
		})
		t.Run(f.iptables+" gone", func(t *testing.T) {
			if got := check(t, director, "--transport", "both", "--name", labtest.Zone, "--timeout", "20s", f.server); got.Outcome != "pass" {
				t.Errorf("outcome %s (%s), want pass", got.Outcome, got.Reason)
			}
		})
	}
}
