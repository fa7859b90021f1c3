//go:build lab

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestRefusing asks real servers whose access control does not know the director. Unbound's default is to refuse,
// in twelve octets without the question.
func TestRefusing(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := lab.LAN("lan", "192.168.1.0/24")
	director := lab.Director("director", lan.At("192.168.1.11"))
	for i, software := range []labtest.Software{labtest.Unbound, labtest.NSD, labtest.BIND} {
		rip := []string{"192.168.1.21", "192.168.1.22", "192.168.1.23"}[i]
		lab.RealServer("dns"+string(software), lan.At(rip)).NameServerWith(labtest.Config{Software: software, Closed: true})
		for _, transport := range []string{"udp", "tcp", "both"} {
			t.Run(string(software)+" "+transport, func(t *testing.T) {
				args := []string{"--name", labtest.Zone, "--transport", transport, "--timeout", "20s", "--attempts", "1", rip}
				got := check(t, director, args...)
				if got.Outcome != "rcode" || got.Rcode != "REFUSED" || !strings.Contains(got.Reason, "let this host ask") {
					t.Errorf("outcome %s (%s), rcode %s; want rcode, REFUSED", got.Outcome, got.Reason, got.Rcode)
				}
				if software == labtest.Unbound && got.Size != 12 {
					t.Errorf("Unbound refuses with %d octets; the case of a header alone is not met", got.Size)
				}
				if wanted := check(t, director, append(args, "--rcode", "REFUSED")...); wanted.Outcome != "pass" || wanted.status != 0 {
					t.Errorf("with --rcode REFUSED: outcome %s (%s)", wanted.Outcome, wanted.Reason)
				}
			})
		}
	}
}

// TestChains follows the aliases of real servers: what is at their end counts, and nothing where there is no end.
func TestChains(t *testing.T) {
	for _, software := range []labtest.Software{labtest.NSD, labtest.BIND, labtest.Knot} {
		t.Run(string(software), func(t *testing.T) {
			lab := labtest.New(t)
			lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
			lan := lab.LAN("lan", "192.168.1.0/24")
			director := lab.Director("director", lan.At("192.168.1.11"))
			lab.RealServer("dns1", lan.At("192.168.1.21")).NameServer(software)
			for _, c := range []struct {
				name, outcome string
				args          []string
			}{
				{labtest.AliasName, "pass", []string{"--min-answers", "1", "--answer", `^www\.example\.com\. IN A 192\.0\.2\.80$`}},
				{labtest.AliasName, "pass", []string{"--answer", `^alias\.example\.com\. IN CNAME www\.example\.com\.$`}},
				{labtest.AliasName, "answers", []string{"--min-answers", "2"}},
				{labtest.MovedName, "pass", []string{"--min-answers", "1", "--answer", `^www\.example\.com\. IN A 192\.0\.2\.80$`}},
				{labtest.MovedName, "pass", []string{"--answer", `^moved\.example\.com\. IN DNAME example\.com\.$`}},
				{labtest.LostName, "pass", nil},
				{labtest.LostName, "answers", []string{"--min-answers", "1"}},
			} {
				got := check(t, director, append([]string{"--name", c.name, "--type", "A", "--timeout", "20s", "192.168.1.21"}, c.args...)...)
				if got.Outcome != c.outcome {
					t.Errorf("%s %s: outcome %s (%s), want %s", c.name, strings.Join(c.args, " "), got.Outcome, got.Reason, c.outcome)
				}
			}
		})
	}
}

// TestTruncating has dnsdist in front of NSD send everybody to TCP, as it does against floods. Over UDP it says
// NOERROR, whatever NSD says over TCP.
func TestTruncating(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := lab.LAN("lan", "192.168.1.0/24")
	director := lab.Director("director", lan.At("192.168.1.11"))
	lab.RealServer("dns1", lan.At("192.168.1.21")).NameServer(labtest.NSD)
	front := lab.RealServer("dnsdist", lan.At("192.168.1.22"))
	conf := filepath.Join(t.TempDir(), "dnsdist.conf")
	if err := os.WriteFile(conf, []byte(`
setLocal("192.168.1.22:53")
setACL("192.168.1.0/24")
newServer({address="192.168.1.21:53", healthCheckMode="up"})
addAction(TCPRule(false), TCAction())
`), 0o644); err != nil {
		t.Fatal(err)
	}
	front.Start("dnsdist", "--supervised", "--disable-syslog", "-C", conf)
	lab.WaitFor("dnsdist answers", 60*time.Second, func() bool {
		return check(t, director, "--name", labtest.Zone, "--timeout", "2s", "192.168.1.22").Outcome == "pass"
	})
	for _, c := range []struct {
		name, outcome, reason string
		args                  []string
	}{
		{labtest.Zone, "pass", "truncated over udp and whole over tcp", nil},
		{"gone." + labtest.Zone, "pass", "NXDOMAIN", []string{"--rcode", "NXDOMAIN"}},
		{"gone." + labtest.Zone, "pass", "NXDOMAIN", []string{"--rcode", "NXDOMAIN", "--transport", "both"}},
		{"gone." + labtest.Zone, "rcode", "tcp: NXDOMAIN, expected NOERROR", nil},
		{labtest.ServfailName, "rcode", "tcp: SERVFAIL, expected NOERROR", []string{"--transport", "both"}},
	} {
		got := check(t, director, append([]string{"--name", c.name, "--timeout", "20s", "192.168.1.22"}, c.args...)...)
		if got.Outcome != c.outcome || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s %s: outcome %s (%s), want %s (%s)", c.name, strings.Join(c.args, " "), got.Outcome, got.Reason, c.outcome, c.reason)
		}
	}
}
