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

const unit = "lvsdns-fallback.service"

// TestUnit runs the packaged unit, and that of keepalived's package, under a real systemd.
func TestUnit(t *testing.T) {
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	r := newRig(t)
	r.Install("lvsdns", "/usr/bin/lvsdns")
	// As docs/flows.md asks for: drift has nothing to say of the kernel then.
	if _, err := r.director.Run(t.Context(), "sysctl", "-qw", "net.ipv4.vs.expire_nodest_conn=1"); err != nil {
		t.Fatal(err)
	}
	r.checks(0, 0)
	text := strings.ReplaceAll(r.conf(two), "MORE", "")
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("/etc/keepalived/keepalived.conf", text)
	write("/etc/lvsdns/fallback.yaml", "interval: 1s\n")
	s := r.director.Systemd()
	s.Unit("../../packaging/" + unit)
	s.Unit("/lib/systemd/system/keepalived.service")
	// As it is, but for the time until systemd loses its patience.
	s.Override(unit, "[Service]\nWatchdogSec=5\nStandardError=append:"+r.file("fallback.log")+"\n")
	log := func() string {
		text, _ := os.ReadFile(r.file("fallback.log"))
		return string(text)
	}
	is := func(what, state string) {
		t.Helper()
		if got := s.Show(unit, "ActiveState"); got != state {
			t.Errorf("%s: the unit is %s, want %s\n%s", what, got, state, log())
		}
	}
	do := func(args ...string) {
		t.Helper()
		if out, err := s.Ctl(args...); err != nil {
			t.Fatalf("%v %s\n%s", err, out, log())
		}
	}

	// "start" comes back when the first pass is over.
	do("start", unit)
	is("started", "active")
	if !strings.Contains(r.table(), "-A -u 192.0.2.1:53") {
		t.Errorf("after the start:\n%s", r.table())
	}
	r.WaitFor("both are in", 30*time.Second, func() bool {
		return strings.Contains(r.table(), "10.0.0.1:53") && strings.Contains(r.table(), "10.0.0.2:53")
	})
	full := r.table()

	// Crashed and hung, it is started again, and the table is as it was.
	for _, c := range []struct{ signal, result string }{{"KILL", "crash"}, {"STOP", "watchdog"}} {
		before, writes := s.Show(unit, "NRestarts"), strings.Count(log(), "msg=written")
		do("kill", "--kill-whom=main", "--signal="+c.signal, unit)
		r.WaitFor("it is started again after "+c.result, time.Minute, func() bool {
			return s.Show(unit, "NRestarts") != before && s.Show(unit, "ActiveState") == "active"
		})
		if got := r.settled(2 * time.Second); got != full || strings.Count(log(), "msg=written") != writes {
			t.Errorf("after the %s:\n%s\n%s", c.result, got, log())
		}
	}

	// A reload takes a new configuration, and it has its directories.
	write("/etc/keepalived/keepalived.conf", strings.Replace(text, "lb_algo wrr", "lb_algo wlc", 1))
	do("reload", unit)
	r.WaitFor("the new scheduler", 30*time.Second, func() bool { return strings.Contains(r.table(), "-s wlc") })
	full = r.table()
	if out, err := s.Run("ls", "/run/lvsdns/fallback-report.json", "/var/lib/lvsdns"); err != nil {
		t.Errorf("%v %s", err, out)
	}

	// A hand-back that cannot succeed ends nobody.
	if out, err := s.Run("lvsdns-fallback", "hand-back", "--start", "--keepalived-config", "/etc/keepalived/nosuch.conf"); err == nil || strings.Contains(out, "started") {
		t.Errorf("hand-back of a file that is not there: %v %s", err, out)
	}
	is("a hand-back that cannot succeed", "active")

	// Handed back, keepalived has the table; beside it the unit is refused once, and not started again.
	if out, err := s.Run("lvsdns-fallback", "hand-back", "--start"); err != nil {
		t.Fatalf("hand-back: %v %s\n%s", err, out, log())
	}
	is("handed back", "inactive")
	if got := s.Show("keepalived.service", "ActiveState"); got != "active" {
		t.Errorf("keepalived is %s", got)
	}
	if got := r.settled(2 * time.Second); got != full {
		t.Errorf("handed back:\n%s", got)
	}
	for command, want := range map[string]string{"lvsdns-fallback status": "keepalived (pid", "lvsdns drift --signal": ""} {
		words := strings.Fields(command) // nobody says where anything is
		if out, err := s.Run(words[0], words[1:]...); err != nil || !strings.HasPrefix(out, want) {
			t.Errorf("%s: %v %s", command, err, out)
		}
	}
	before := s.Show(unit, "NRestarts")
	if _, err := s.Ctl("start", unit); err == nil {
		t.Error("it starts beside keepalived")
	}
	time.Sleep(3 * time.Second)
	is("refused", "failed")
	if s.Show(unit, "NRestarts") != before || !strings.Contains(log(), "has the table") || r.table() != full {
		t.Errorf("beside keepalived:\n%s\n%s", r.table(), log())
	}

	// Standing by it is ready, and a reload does not end it.
	write("/etc/lvsdns/fallback.yaml", "interval: 1s\nstandby: true\n")
	do("start", unit)
	before = s.Show(unit, "NRestarts")
	do("reload", unit)
	time.Sleep(2 * time.Second)
	is("reloaded while it stands by", "active")
	if got := s.Show(unit, "NRestarts"); got != before {
		t.Errorf("reloaded while it stands by, it was started again\n%s", log())
	}
	do("stop", unit)
	is("stopped while it stands by", "inactive")
	write("/etc/lvsdns/fallback.yaml", "interval: 1s\n")

	// keepalived stopped by systemd takes its table with it; the fallback, stopped, leaves it.
	do("stop", "keepalived.service")
	do("start", unit)
	r.WaitFor("both are in again", 30*time.Second, func() bool { return r.table() == full })
	do("stop", unit)
	is("stopped", "inactive")
	if got := r.table(); got != full {
		t.Errorf("after the stop:\n%s", got)
	}
}
