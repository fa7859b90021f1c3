//go:build lab

package main_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// result is what a person or a program sees of one run.
type result struct {
	Outcome    string
	Reason     string
	Attempts   int
	Rcode      string
	Size       int
	ExitStatus int `json:"exit_status"`
	status     int // the process's own
}

// check runs the installed program on a host of the lab.
func check(t *testing.T, on *labtest.Host, args ...string) result {
	t.Helper()
	out, err := on.Run(t.Context(), "/usr/bin/lvsdns-check", append([]string{"--output", "json"}, args...)...)
	var r result
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("lvsdns-check %s printed %q: %v", strings.Join(args, " "), out, err)
	}
	if r.ExitStatus != r.status {
		t.Errorf("lvsdns-check %s: JSON says exit status %d, the process ended with %d", strings.Join(args, " "), r.ExitStatus, r.status)
	}
	return r
}

// TestNameServers asks each name server that Debian has, in each state.
func TestNameServers(t *testing.T) {
	for _, software := range []labtest.Software{labtest.NSD, labtest.BIND, labtest.Unbound, labtest.Knot, labtest.Recursor} {
		t.Run(string(software), func(t *testing.T) { nameServer(t, software) })
	}
}

func nameServer(t *testing.T, software labtest.Software) {
	lab := labtest.New(t)
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64")
	director := lab.Director("director", lan.At("192.168.1.11", "fd00:1::11"))
	dns := lab.RealServer("dns1", lan.At("192.168.1.21", "fd00:1::21"))
	server := dns.NameServer(software)

	const rip, rip6 = "192.168.1.21", "fd00:1::21"
	verdict := func(name, want string, args ...string) {
		t.Run(name, func(t *testing.T) {
			got := check(t, director, args...)
			wantStatus := 1
			if want == "pass" {
				wantStatus = 0
			}
			if got.Outcome != want || got.status != wantStatus {
				t.Errorf("outcome %s (%s), exit status %d; want %s, %d", got.Outcome, got.Reason, got.status, want, wantStatus)
			}
		})
	}
	zone := []string{"--name", labtest.Zone, "--timeout", "5s"}
	with := func(args ...string) []string { return append(append([]string(nil), zone...), args...) }

	verdict("healthy over udp", "pass", with(rip)...)
	verdict("healthy over both", "pass", with("--transport", "both", "--min-answers", "1", rip)...)
	verdict("healthy over IPv6", "pass", with("--transport", "both", rip6)...)
	verdict("an answer that matches", "pass", "--name", "www."+labtest.Zone, "--type", "A", "--answer", `^www\.example\.com\. IN A 192\.0\.2\.80$`, "--timeout", "5s", rip)
	verdict("truncated over udp", "pass", "--name", labtest.BigName, "--type", "TXT", "--min-answers", "1", "--timeout", "5s", rip)
	verdict("a name that fails", "rcode", "--name", labtest.ServfailName, "--timeout", "5s", rip)
	verdict("a name that is refused", "rcode", "--name", labtest.RefusedName, "--timeout", "5s", rip)
	verdict("a refusal that is wanted", "pass", "--name", labtest.RefusedName, "--rcode", "REFUSED", "--timeout", "5s", rip)

	server.CloseTCP()
	verdict("tcp closed, asked over udp", "pass", with(rip)...)
	verdict("tcp closed, asked over both", "unreachable", with("--transport", "both", rip)...)
	verdict("tcp closed, truncated", "truncated", "--name", labtest.BigName, "--type", "TXT", rip)
	server.Repair()

	server.Slow(3 * time.Second)
	verdict("slower than the deadline", "timeout", "--name", labtest.Zone, "--timeout", "2s", "--attempts", "1", rip)
	server.Repair()

	for _, fault := range []labtest.Fault{labtest.Servfail, labtest.Refused} {
		server.Break(fault)
		verdict("answers "+string(fault), "rcode", with("--transport", "both", rip)...)
	}
	server.Repair()
	verdict("repaired", "pass", with("--transport", "both", rip)...)

	server.Kill()
	verdict("killed", "unreachable", with(rip)...)
	verdict("killed, over tcp", "unreachable", with("--transport", "tcp", rip)...)
}
