//go:build lab

package main_test

import (
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// The two checks with dig that are all over the web, for a server, a name and
// a type.
const (
	digOutput = `[ -n "$(dig +short +time=1 +tries=1 @$1 $2 $3)" ]`
	digStatus = `dig +short +time=1 +tries=1 @$1 $2 $3 >/dev/null; exit $?`
)

// TestDigScripts is the table in README.md: what each check says of a name
// server in each state. It holds what we say of dig against the real one.
func TestDigScripts(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := lab.LAN("lan", "192.168.1.0/24")
	director := lab.Director("director", lan.At("192.168.1.11"))
	server := lab.RealServer("dns1", lan.At("192.168.1.21")).NameServer(labtest.NSD)
	const rip = "192.168.1.21"
	checks := []struct{ name, path string }{
		{"dig output", lab.Script("dig-output", digOutput)},
		{"dig status", lab.Script("dig-status", digStatus)},
		{"lvsdns-check", lab.Script("check", "exec /usr/bin/lvsdns-check --transport both --min-answers 1 --name $2 --type $3 $1")},
	}
	const up, down = true, false
	for _, state := range []struct {
		name  string
		spoil func()
		qname string
		qtype string
		want  [3]bool // in the order of checks
	}{
		{"healthy", func() {}, labtest.Zone, "SOA", [3]bool{up, up, up}},
		{"no records", func() {}, labtest.Zone, "MX", [3]bool{down, up, down}},
		{"TCP closed", server.CloseTCP, labtest.Zone, "SOA", [3]bool{up, up, down}},
		{"too slow", func() { server.Slow(3 * time.Second) }, labtest.Zone, "SOA", [3]bool{up, down, down}},
		{"SERVFAIL", func() { server.Break(labtest.Servfail) }, labtest.Zone, "SOA", [3]bool{down, up, down}},
		{"REFUSED", func() { server.Break(labtest.Refused) }, labtest.Zone, "SOA", [3]bool{down, up, down}},
		{"dead", server.Kill, labtest.Zone, "SOA", [3]bool{up, down, down}},
	} {
		state.spoil()
		for i, c := range checks {
			_, err := director.Run(t.Context(), c.path, rip, state.qname, state.qtype)
			if got := err == nil; got != state.want[i] {
				t.Errorf("%s: %s says up=%v, want up=%v (%v)", state.name, c.name, got, state.want[i], err)
			}
		}
		server.Repair()
	}
}
