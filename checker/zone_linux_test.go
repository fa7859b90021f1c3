package checker_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/encrypted"
	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/lvsdns/lvsdns/internal/netns"
)

// namespace makes a network of its own for a test.
func namespace(t *testing.T) *os.File {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace takes root")
	}
	ns, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ns.Close() })
	return ns
}

// ip runs commands of ip(8) in a namespace; "netns PEER" in them is the other one.
func ip(t *testing.T, ns, peer *os.File, lines ...string) {
	t.Helper()
	err := netns.Do(ns, func() error {
		for _, line := range lines {
			cmd := exec.Command("ip", strings.Fields(strings.ReplaceAll(line, "PEER", "/proc/self/fd/3"))...)
			if peer != nil {
				cmd.ExtraFiles = []*os.File{peer}
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("ip %s: %w: %s", line, err, out)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// within runs a check in a namespace.
func within(t *testing.T, ns *os.File, check *checker.Check) (r checker.Result) {
	t.Helper()
	if err := netns.Do(ns, func() error { r = check.Run(context.Background()); return nil }); err != nil {
		t.Fatal(err)
	}
	return r
}

// A zone is the name of an interface or its index, and both are the same
// (RFC 4007 section 11.2); it means nothing in a certificate.
func TestZones(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	ip(t, ns, nil,
		"link set lo up",
		"link add v0 type veth peer name v1",
		"link set v1 addrgenmode none up", "link set v0 addrgenmode none up",
		"addr add fe80::53/64 dev v0 nodad")
	ca := dnstest.NewAuthority(t)
	var plain, secure *dnstest.Server
	var index string
	err := netns.Do(ns, func() error {
		v0, err := net.InterfaceByName("v0")
		if err != nil {
			return err
		}
		index = strconv.Itoa(v0.Index)
		plain = dnstest.Start(t, "[fe80::53%v0]:0", answerOne)
		secure = dnstest.StartTLS(t, "[fe80::53%v0]:0", ca.Certificate(time.Now().Add(time.Hour), "fe80::53"), answerOne)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := encrypted.New(encrypted.Options{CAFile: ca.File})
	if err != nil {
		t.Fatal(err)
	}
	// A busy kernel takes its time to see that the other end of the cable is up, and to have a route.
	for reached := false; !reached && t.Context().Err() == nil; {
		check := asking(plain, generous)
		check.From.Interface = "v0"
		check.Server = netip.AddrPortFrom(netip.MustParseAddr("fe80::53"), plain.Addr().Port())
		reached = within(t, ns, check).Outcome != checker.Unreachable
	}
	for _, zone := range []string{"v0", index} {
		for _, transport := range []checker.Transport{checker.UDP, checker.TCP, checker.Both, checker.TLS} {
			t.Run(zone+" "+transport.String(), func(t *testing.T) {
				server := plain
				if transport == checker.TLS {
					server = secure
				}
				check := asking(server, generous)
				check.Server = netip.AddrPortFrom(netip.MustParseAddr("fe80::53%"+zone), server.Addr().Port())
				check.Transport, check.Encrypted = transport, client
				expect(t, within(t, ns, check), checker.Pass, "NOERROR, 1 answer, 45 bytes")
			})
		}
	}
	t.Run("bound to the interface", func(t *testing.T) {
		check := asking(plain, generous)
		check.Server = netip.AddrPortFrom(netip.MustParseAddr("fe80::53"), plain.Addr().Port())
		check.From.Interface = "v0"
		expect(t, within(t, ns, check), checker.Pass, "NOERROR, 1 answer, 45 bytes")
	})
	// An interface that went away between the arguments and the question is no
	// fault of the server.
	t.Run("unknown", func(t *testing.T) {
		for _, transport := range []checker.Transport{checker.UDP, checker.TCP} {
			check := asking(plain, generous)
			check.Transport = transport
			check.Server = netip.AddrPortFrom(netip.MustParseAddr("fe80::53%nosuch"), 53)
			if r := check.Run(context.Background()); r.Outcome != checker.Local {
				t.Errorf("%s: %s: %s", transport, r.Outcome, r.Reason)
			}
		}
	})
}

func TestCheckZone(t *testing.T) {
	t.Parallel()
	const needsZone = "fe80::53 is a link-local address, which each interface has its own of; write the interface behind it, as in fe80::53%eth0"
	for _, c := range []struct{ addr, boundTo, want string }{
		{"fe80::53%lo", "", ""},
		{"fe80::53%1", "", ""},
		{"fe80::53", "eth0", ""},
		{"fe80::53", "", needsZone},
		{"2001:db8::53", "", ""},
		{"192.0.2.53", "", ""},
		{"169.254.1.1", "", ""},
		{"fe80::53%nosuch", "", "this host has no interface nosuch; see ip link for those that it has"},
		{"fe80::53%999999", "", "this host has no interface 999999; see ip link for those that it has"},
		{"2001:db8::53%lo", "", "2001:db8::53 is no link-local address; leave out %lo"},
	} {
		got := ""
		if err := (checker.From{Interface: c.boundTo}).CheckZone(netip.MustParseAddr(c.addr)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s bound to %q:\n got %s\nwant %s", c.addr, c.boundTo, got, c.want)
		}
	}
}
