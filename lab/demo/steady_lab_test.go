//go:build lab && prove

package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

var steadyFor = flag.Duration("steady", 10*time.Minute, "how long healthy servers must stay in the table")

// contender is one health check on a VIP of its own, on the same servers, at
// the same time.
type contender struct {
	name, vip, command string
}

// TestHealthyServersStay puts three checks side by side on the demo's
// configuration, and clients on the director that leave no CPU idle. No server
// ever fails, so each removal is the check's mistake. Only lvsdns-check must make
// none; the two scripts are shown beside it.
func TestHealthyServersStay(t *testing.T) {
	lab := labtest.New(t)
	s := draw(lab, "192.168.1.101", "192.168.1.102")
	const digLine = "dig +short +time=1 +tries=1 @$1 example.com SOA"
	contenders := []contender{
		{"lvsdns-check", vip, ""},
		{`[ -n "$(dig +short ...)" ]`, "192.168.1.101", lab.Script("dig-output", `[ -n "$(`+digLine+`)" ]`)},
		{"dig +short ... ; exit $?", "192.168.1.102", lab.Script("dig-status", digLine+` >/dev/null; exit $?`)},
	}
	k := s.director.Keepalived(sideBySide(contenders))
	lab.WaitFor("every check has passed everywhere", 3*time.Minute, func() bool {
		return s.director.Holds(vip) && s.tables(0) == 2*len(contenders) && s.tables(1) == 2*len(contenders)
	})
	before := k.Log()

	queries := lab.Dir() + "/queries"
	if err := os.WriteFile(queries, []byte("example.com SOA\nwww.example.com A\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	seconds := fmt.Sprint(int(steadyFor.Seconds()))
	flood, err := s.clients[0].Run(t.Context(), "dnsperf", "-s", vip, "-d", queries, "-l", seconds, "-c", "8", "-t", "2")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(flood) {
		if strings.Contains(line, "Queries sent") || strings.Contains(line, "Queries lost") || strings.Contains(line, "Queries per second") {
			t.Log(strings.TrimSpace(line))
		}
	}
	log := strings.TrimPrefix(k.Log(), before)
	for _, c := range contenders {
		n := removals(log, c.vip)
		t.Logf("%-28s healthy servers taken out in %v: %d", c.name, *steadyFor, n)
		if c.vip == vip && n > 0 {
			t.Errorf("lvsdns-check took healthy servers out %d times\n%s", n, lab.Dump())
		}
	}
}

// sideBySide is the demo's configuration with the virtual servers of each contender.
func sideBySide(contenders []contender) string {
	at := strings.Index(conf, "virtual_server ")
	globals, services := conf[:at], conf[at:]
	all := strings.ReplaceAll(globals, vip+"/24", vip+"/24\n        192.168.1.101/24\n        192.168.1.102/24") + services
	path := regexp.MustCompile(`misc_path "[^"]* (\S+)"`)
	for _, c := range contenders[1:] {
		all += path.ReplaceAllString(strings.ReplaceAll(services, vip, c.vip), `misc_path "`+c.command+` $1"`)
	}
	return all
}

// removals counts the log's lines about real servers that left a VIP's tables.
func removals(log, vip string) int {
	n := 0
	for line := range strings.Lines(log) {
		if strings.Contains(line, "Removing service") && strings.Contains(line, "["+vip+"]") {
			n++
		}
	}
	return n
}
