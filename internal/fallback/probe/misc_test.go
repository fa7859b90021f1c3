package probe_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

func options() probe.Options {
	return probe.Options{Scripts: host.ScriptReader{DefaultUser: "root"}, Getenv: func(string) string { return "" }, Environ: os.Environ()}
}

// A check inside this process decides as the program does, and its reason is its line for people, whatever it prints and wherever.
func TestInside(t *testing.T) {
	good, refused := udpServer(t, reply(0)), udpServer(t, reply(5))
	silent := udpServer(t, func([]byte) []byte { return nil })
	file := filepath.Join(t.TempDir(), "check.json")
	for _, c := range []struct {
		flags, more string
		port        int
		want        string
		status      int
		reason      string
	}{
		{"", "", good, "pass", 0, "PASS 127.0.0.1:%d . SOA udp: NOERROR, 0 answers"},
		{"", "misc_dynamic", good, "pass", 0, "PASS"},
		{"--output none", "", good, "pass", 0, "PASS 127.0.0.1:%d . SOA udp: NOERROR, 0 answers"},
		{"--output json --output-file " + file, "", good, "pass", 0, "PASS 127.0.0.1:%d . SOA udp"},
		{"--exit-mode misc-dynamic --weight-by latency:30s=40,60s=1", "misc_dynamic", good, "pass", 42, ", weight 40"},
		{"--exit-mode misc-dynamic --weight-by latency:30s=0,60s=0", "misc_dynamic", good, "pass", 2, ", weight 0"},
		// Without misc_dynamic keepalived takes every status but 0 for a failure, a weight too.
		{"--exit-mode misc-dynamic --weight-by latency:30s=40,60s=1", "", good, "fail", 42, ", weight 40"},
		{"", "", refused, "fail", 1, "rcode: REFUSED, expected NOERROR; let this host ask (the server's access control), or ask for a zone it serves with --name"},
		{"--rcode REFUSED", "", refused, "pass", 0, "PASS"},
		{"--exit-mode nagios --max-latency 1ns", "", good, "fail", 1, "slow: "},
		{"--exit-mode nagios", "misc_dynamic", refused, "pass", 2, "rcode: REFUSED"}, // 2 is "up, weight 0": as keepalived reads it
		{"--timeout 200ms", "", silent, "fail", 1, "timeout: no answer (2 tries)"},
		// Nothing was asked.
		{"--source 192.0.2.77", "", good, "unknown", 0, "local: "},
		{"--interface nosuch0", "", good, "unknown", 0, "local: "},
		{"--nonsense", "", good, "unknown", 0, "usage: --nonsense: there is no such flag"},
		{"--help", "", good, "unknown", 0, "usage"},
		{"--tsig k:hmac-sha256:/nonexistent/key", "", good, "unknown", 0, "reading the TSIG secret"},
		{"--transport tls --tls-ca /nonexistent/ca", "", good, "unknown", 0, "--tls-ca: open /nonexistent/ca"},
	} {
		t.Run(c.flags+" "+c.more, func(t *testing.T) {
			checker := fmt.Sprintf("MISC_CHECK {\n misc_path \"/usr/bin/lvsdns-check --exporter-socket= %s 127.0.0.1:%d\"\n %s\n}", c.flags, c.port, c.more)
			r := run(t, "", checker, options())
			reason := c.reason
			if strings.Contains(reason, "%d") {
				reason = fmt.Sprintf(reason, c.port)
			}
			expect(t, r, c.want, reason)
			if r.Status != c.status || strings.Contains(r.Reason, "\n") {
				t.Errorf("%+v, want status %d", r, c.status)
			}
		})
	}
	if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), `{"server":`) {
		t.Errorf("the file that the check replaces has %q, %v", text, err)
	}
}

// A program of somebody's own that is called lvsdns-check is run as it is, and so is ours where everything is to be a process.
func TestOwnProgram(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("scripts run as their user, which takes root")
	}
	own := filepath.Join(t.TempDir(), "lvsdns-check")
	if err := os.WriteFile(own, []byte("#!/bin/sh\nexit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	checker := "MISC_CHECK {\n misc_path \"" + own + " 127.0.0.1:1\"\n}"
	if r := run(t, "", checker, options()); r.Status != 7 || r.Pass {
		t.Errorf("a script: %+v", r)
	}
	if err := os.WriteFile(own, []byte("\x7fELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	expect(t, run(t, "", checker, options()), "fail", "unreachable: port closed")
	fork := options()
	fork.Fork = true
	expect(t, run(t, "", checker, fork), "unknown", "start the script")
}

// Under misc_dynamic 2 to 255 are "up"; a script that has to be killed is not, and takes what it has started with it.
func TestScriptEnds(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("scripts run as their user, which takes root")
	}
	dir := t.TempDir()
	script := func(text string) string {
		path := filepath.Join(dir, fmt.Sprintf("s%d", len(text)))
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for status, want := range map[int]string{0: "pass", 1: "fail", 2: "pass", 254: "pass", 255: "pass"} {
		checker := "MISC_CHECK {\n misc_path \"" + script(fmt.Sprintf("exit %d", status)) + "\"\n misc_dynamic\n}"
		r := run(t, "", checker, options())
		if expect(t, r, want, "exit status"); r.Status != status {
			t.Errorf("%+v, want status %d", r, status)
		}
	}
	left := filepath.Join(dir, "left")
	stubborn := script("trap '' TERM\n(sleep 5; echo > " + left + ") &\nwhile :; do sleep 1; done")
	expect(t, run(t, "", "MISC_CHECK {\n misc_path \""+stubborn+"\"\n misc_timeout 1\n misc_dynamic\n}", options()), "fail", "timed out after 1s")
	if left, err := filepath.Glob("/proc/[0-9]*/cmdline"); err != nil || running(left, stubborn) {
		t.Errorf("the script is still there: %v", err)
	}
}

// running reports whether a process has a text in its command line.
func running(cmdlines []string, text string) bool {
	for _, name := range cmdlines {
		if line, err := os.ReadFile(name); err == nil && strings.Contains(string(line), text) {
			return true
		}
	}
	return false
}

// A notify script runs beside the pass that starts it.
func TestHook(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("scripts run as their user, which takes root")
	}
	if err := probe.Hook(keepalived.Script{}, options()); err == nil {
		t.Error("no command, and no error")
	}
	file := filepath.Join(t.TempDir(), "told")
	script := keepalived.Script{Argv: []string{"/bin/sh", "-c", "echo $0 > " + file, "master"}}
	if err := probe.Hook(script, options()); err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		if text, _ := os.ReadFile(file); string(text) == "master\n" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the script was not run")
}
