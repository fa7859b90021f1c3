//go:build lab && prove

package main_test

import (
	"strings"
	"testing"
	"time"
)

// TestHandBackMends: a real server with inhibit_on_failure has weight 0, and recovers just when the table is handed back. keepalived takes
// its entry for its own, believes in its configured weight, and never writes it; hand-back does.
func TestHandBackMends(t *testing.T) {
	r := newRig(t)
	r.checks(0, 1)
	text := strings.ReplaceAll(r.conf(two), "MORE", "")
	text = strings.ReplaceAll(text, "delay_loop 1\n", "delay_loop 20\n inhibit_on_failure\n")
	r.configure(text)
	p := r.fallback()
	r.WaitFor("one serves and one is inhibited", 30*time.Second, func() bool {
		table := r.table()
		return strings.Contains(table, "-r 10.0.0.1:53 -g -w 1") && strings.Contains(table, "-r 10.0.0.2:53 -g -w 0")
	})
	r.checks(0, 0)
	// Of split instances the one with the checkers, as an operator's unit starts it.
	start := "keepalived --check --dont-release-ipvs --log-detail --use-file=" + r.file("keepalived.conf") + " --pid=" + r.file("keepalived.pid") +
		" --checkers_pid=" + r.file("keepalived_checkers.pid") + " --bfd_pid=" + r.file("keepalived_bfd.pid")
	out, err := r.director.Run(t.Context(), "/usr/bin/lvsdns-fallback", r.handBack("--start", "--start-command", start)...)
	t.Log(out)
	if err != nil || !strings.Contains(out, "the table is not what keepalived believes") || !strings.Contains(out, "written: set real server udp 192.0.2.1:53 10.0.0.2:53") {
		t.Errorf("hand-back: %v", err)
	}
	r.ended("the hand-back", p)
	if table := r.table(); !strings.Contains(table, "-r 10.0.0.1:53 -g -w 1") || !strings.Contains(table, "-r 10.0.0.2:53 -g -w 1") || r.checker() == 0 {
		t.Errorf("after the hand-back, checker %d:\n%s", r.checker(), table)
	}
}
