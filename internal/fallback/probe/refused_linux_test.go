package probe_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/netns"
)

// "Permission denied" is what a prohibit route of this host says, and what the
// kernel makes of a router's ICMPv6 "administratively prohibited": nothing is
// learnt from the one, the other is a failure, as it is in IPv4.
func TestWhoRefuses(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a network namespace takes root")
	}
	director, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer director.Close()
	router, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer router.Close()
	shell(t, director, router, "ip link add to0 type veth peer name from0 netns /proc/self/fd/3")
	shell(t, router, nil, `ip link set from0 addrgenmode none up
		ip addr add 192.0.2.1/24 dev from0; ip addr add 2001:db8::1/64 dev from0 nodad
		ip route add prohibit 198.51.100.0/24; ip route add prohibit 2001:db8:1::/64
		for s in ipv4/ip_forward=1 ipv6/conf/all/forwarding=1 ipv4/icmp_ratelimit=0 ipv6/icmp/ratelimit=0; do echo ${s#*=} > /proc/sys/net/${s%=*}; done`)
	shell(t, director, nil, `ip link set to0 addrgenmode none up
		ip addr add 192.0.2.2/24 dev to0; ip addr add 2001:db8::2/64 dev to0 nodad
		ip route add 198.51.100.0/24 via 192.0.2.1; ip route add 2001:db8:1::/64 via 2001:db8::1
		ip route add prohibit 203.0.113.0/24; ip route add prohibit 2001:db8:2::/64`)
	check := "MISC_CHECK {\n misc_path \"/usr/bin/lvsdns-check --timeout 9s --attempts 1 --transport %s %s\"\n}"
	builtin := "%s {\n connect_timeout 9\n connect_ip %s\n}"
	for _, c := range []struct{ server, want, reason string }{
		{"198.51.100.1", "fail", "administratively prohibited (ICMP from 192.0.2.1)"},
		{"2001:db8:1::1", "fail", "administratively prohibited (ICMP from 2001:db8::1)"},
		{"203.0.113.1", "unknown", "perm"},
		{"2001:db8:2::1", "unknown", "perm"},
	} {
		// No more than four to a server: a router says so to nobody more often in a burst (ip_error in net/ipv4/route.c).
		for _, checker := range []string{
			fmt.Sprintf(builtin, "TCP_CHECK", c.server), fmt.Sprintf(builtin, "DNS_CHECK", c.server),
			fmt.Sprintf(check, "udp", c.server), fmt.Sprintf(check, "tcp", c.server),
		} {
			p := configured(t, "", checker, probe.Options{Getenv: func(string) string { return "" }})
			var r health.Result
			if err := netns.Do(director, func() error { r = p(t.Context()); return nil }); err != nil {
				t.Fatal(err)
			}
			t.Log(checker)
			expect(t, r, c.want, c.reason)
		}
	}
}

// shell runs lines in a namespace; peer is its descriptor 3.
func shell(t *testing.T, ns, peer *os.File, script string) {
	t.Helper()
	if err := netns.Do(ns, func() error {
		cmd := exec.Command("sh", "-e", "-c", script)
		if peer != nil {
			cmd.ExtraFiles = []*os.File{peer}
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return errors.Join(err, errors.New(strings.TrimSpace(string(out))))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
