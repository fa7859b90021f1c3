package checker_test

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/netns"
)

// A router that refuses to forward says "administratively prohibited" by ICMP,
// code 13 in IPv4 and 1 in IPv6. The kernel makes "no route to host" of the
// one and "permission denied" of the other: the error of this host's own
// prohibit route. Only the socket's error queue knows who said it.
func TestWhoRefuses(t *testing.T) {
	t.Parallel()
	host, router := namespace(t), namespace(t)
	ip(t, host, router, "link add name to0 type veth peer name from0 netns PEER")
	ip(t, router, nil, "link set from0 addrgenmode none up", "addr add 192.0.2.1/24 dev from0", "addr add 2001:db8::1/64 dev from0 nodad",
		"route add prohibit 198.51.100.0/24", "route add prohibit 2001:db8:1::/64")
	ip(t, host, nil, "link set to0 addrgenmode none up", "addr add 192.0.2.2/24 dev to0", "addr add 2001:db8::2/64 dev to0 nodad",
		"route add 198.51.100.0/24 via 192.0.2.1", "route add 2001:db8:1::/64 via 2001:db8::1",
		"route add prohibit 203.0.113.0/24", "route add prohibit 2001:db8:2::/64")
	if err := netns.Do(router, func() error {
		// The second try is not to wait for the next ICMP that the router may send.
		return errors.Join(set("ipv4/ip_forward", "1"), set("ipv6/conf/all/forwarding", "1"), set("ipv4/icmp_ratelimit", "0"), set("ipv6/icmp/ratelimit", "0"))
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		server  string
		outcome checker.Outcome
		reason  string // after "asking", or "connecting", "from this host: "
	}{
		{"198.51.100.1:53", checker.Unreachable, "administratively prohibited (ICMP from 192.0.2.1): a firewall there refuses this host (2 tries)"},
		{"[2001:db8:1::1]:53", checker.Unreachable, "administratively prohibited (ICMP from 2001:db8::1): a firewall there refuses this host (2 tries)"},
		{"203.0.113.1:53", checker.Local, "not permitted on this host (2 tries)"},
		{"[2001:db8:2::1]:53", checker.Local, "not permitted on this host (2 tries)"},
	} {
		for _, transport := range []checker.Transport{checker.UDP, checker.TCP} {
			t.Run(c.server+" "+transport.String(), func(t *testing.T) {
				check := &checker.Check{
					Server: netip.MustParseAddrPort(c.server), Transport: transport, Timeout: generous, Attempts: 2,
					Questions: []checker.Question{question()},
				}
				r := within(t, host, check)
				if _, reason, _ := strings.Cut(r.Reason, "from this host: "); r.Outcome != c.outcome || reason != c.reason {
					t.Errorf("\n got %s: %s\nwant %s: … %s", r.Outcome, r.Reason, c.outcome, c.reason)
				}
				if r.Decided.Attempts != 2 {
					t.Errorf("%d tries, want 2", r.Decided.Attempts)
				}
			})
		}
	}
}

// set writes a sysctl of the namespace of the caller's thread.
func set(name, value string) error {
	f, err := os.OpenFile("/proc/sys/net/"+name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}
