//go:build lab && prove

package main

import (
	"encoding/json"
	"flag"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

var steadyFor = flag.Duration("steady", 10*time.Minute, "how long healthy servers must stay in the table")

const digLine = "dig +short +time=1 +tries=1 @$1 example.com SOA"

// TestSteadyCheck runs lvsdns-check in the demo's configuration under client
// load that leaves no CPU idle. No server ever fails, so each one taken out is
// the check's mistake, and there must be none.
func TestSteadyCheck(t *testing.T) {
	if n := steady(t, ""); n > 0 {
		t.Errorf("healthy servers taken out: %d, want none", n)
	}
}

// TestSteadyDigOutput and TestSteadyDigStatus show the two well-known scripts in
// the same place. They have no promise to keep.
func TestSteadyDigOutput(t *testing.T) { steady(t, `[ -n "$(`+digLine+`)" ]`) }
func TestSteadyDigStatus(t *testing.T) { steady(t, digLine+` >/dev/null; exit $?`) }

// steady returns how often a healthy server was taken out. The check is
// lvsdns-check, or a script.
func steady(t *testing.T, script string) int {
	lab := labtest.New(t)
	s := draw(lab)
	name, config := "lvsdns-check", conf
	if script != "" {
		name = script
		path := lab.Script("check", script)
		config = regexp.MustCompile(`misc_path "[^"]* (\S+)"`).ReplaceAllString(conf, `misc_path "`+path+` $1"`)
	}
	failed := listen(t)
	k := s.director.Keepalived(config)
	lab.WaitFor("both name servers in both tables", 3*time.Minute, func() bool {
		return s.director.Holds(vip) && s.tables(0) == 2 && s.tables(1) == 2
	})
	before := k.Log()
	queries := lab.Dir() + "/queries"
	if err := os.WriteFile(queries, []byte("example.com SOA\nwww.example.com A\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	flood, err := s.clients[0].Run(t.Context(), "dnsperf", "-s", vip, "-d", queries, "-l", seconds(*steadyFor), "-c", "8")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(flood) {
		if strings.Contains(line, "Queries sent") || strings.Contains(line, "Queries lost") || strings.Contains(line, "Queries per second") {
			t.Log(strings.Join(strings.Fields(line), " "))
		}
	}
	n := strings.Count(strings.TrimPrefix(k.Log(), before), "Removing service")
	t.Logf("%s: %d times a healthy server was taken out of a table, in %v", name, n, *steadyFor)
	for _, reason := range failed() {
		t.Logf("a check failed: %s", reason)
	}
	return n
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// listen takes the checks' heartbeats and returns, when asked, the reasons of
// those that failed: keepalived throws their output away.
func listen(t *testing.T) func() []string {
	const socket = "/run/lvsdns/check.sock" // where lvsdns-check sends heartbeats
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			var beat struct{ Server, Outcome, Reason string }
			if err := json.Unmarshal(buf[:n], &beat); err != nil || beat.Outcome != "pass" {
				reasons = append(reasons, string(buf[:n]))
			}
		}
	}()
	return func() []string {
		conn.Close()
		os.Remove(socket) // the next test listens there too
		<-done
		return reasons
	}
}
