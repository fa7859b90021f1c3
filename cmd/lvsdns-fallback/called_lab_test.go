//go:build lab

package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCalledKeepalived: nobody runs something called keepalived, with our configuration on its command line, and has the process ID that
// a keepalived which was killed has left in its pidfile. lvsdns-fallback programs the table as if nobody did, and status says so.
func TestCalledKeepalived(t *testing.T) {
	r := newRig(t)
	r.checks(0, 0)
	for _, dir := range []string{r.Dir(), filepath.Dir(r.file("x"))} { // nobody reads the configuration
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(r.file("keepalived.conf"), []byte(strings.ReplaceAll(r.conf(two), "MORE", "")), 0o644); err != nil {
		t.Fatal(err)
	}
	tail, err := os.ReadFile("/usr/bin/tail")
	if err != nil {
		t.Fatal(err)
	}
	program := "/opt/nobodys/keepalived"
	r.InstallFile(program, string(tail))
	stranger := r.director.Start("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "-f", r.file("keepalived.conf"))
	r.WaitFor("nobody's keepalived runs", 30*time.Second, func() bool { return strings.Contains(stranger.Log(), "real_server") })
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", stranger.PID())); err != nil || strings.TrimSpace(string(name)) != "keepalived" {
		t.Fatalf("its name is %q, %v", name, err)
	}
	r.InstallFile(r.file("keepalived_checkers.pid"), fmt.Sprintln(stranger.PID()))

	p := r.fallback()
	r.WaitFor("the table is programmed", 60*time.Second, func() bool {
		if !p.Running() {
			t.Fatal(p.Log())
		}
		return strings.Contains(r.table(), "-r 10.0.0.1:53") && strings.Contains(r.table(), "-r 10.0.0.2:53")
	})
	if out, err := r.director.Run(t.Context(), "/usr/bin/lvsdns-fallback", r.flags("status")...); err != nil || !strings.HasPrefix(out, "lvsdns-fallback (pid") || strings.Contains(out, "keepalived (pid") {
		t.Errorf("status: %v %q", err, out)
	}
	if !stranger.Running() {
		t.Error("nobody's process was ended")
	}
}
