//go:build lab && prove

package main_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// standbyRig is a director with keepalived in charge and lvsdns-fallback run --standby beside it.
// Several of them wait at the same time.
func standbyRig(t *testing.T, name string, more ...string) (*rig, *labtest.Keepalived, *labtest.Process, string) {
	t.Helper()
	r := newRigOf(t, name)
	t.Parallel()
	r.checks(0, 1)
	k := r.director.Keepalived(strings.ReplaceAll(r.conf(two), "MORE", ""))
	r.WaitFor("the dead one is out", 30*time.Second, func() bool {
		return strings.Contains(r.table(), "-r 10.0.0.1:53") && !strings.Contains(r.table(), "-r 10.0.0.2:53")
	})
	p := r.fallback(append([]string{"--standby"}, more...)...)
	r.WaitFor("it stands by", 10*time.Second, func() bool { return strings.Contains(p.Log(), "is in charge") })
	return r, k, p, r.table()
}

// checker is keepalived's checker process; 0: none lives.
func (r *rig) checker() int {
	text, _ := os.ReadFile(r.file("keepalived_checkers.pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if pid <= 1 || err != nil || !strings.Contains(string(stat), "(keepalived") || strings.Contains(string(stat), ") Z ") {
		return 0
	}
	return pid
}

// handBack is the arguments of that command.
func (r *rig) handBack(more ...string) []string {
	return r.flags("hand-back", append([]string{"--pid-file", r.file("keepalived.pid")}, more...)...)
}

// configure writes keepalived.conf; one that can be executed is none to keepalived.
func (r *rig) configure(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.file("keepalived.conf"), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) kill(pid int, s syscall.Signal) {
	r.t.Helper()
	if pid <= 1 {
		r.t.Fatal("no such process")
	}
	if err := syscall.Kill(pid, s); err != nil {
		r.t.Fatal(err)
	}
}

func acted(p *labtest.Process) bool { return strings.Contains(p.Log(), "takes over") }

// TestStandbyChild: the death of a checker process is keepalived's own business, and so is one that is stopped for a while.
func TestStandbyChild(t *testing.T) {
	r, _, p, _ := standbyRig(t, "child", "--freeze-keepalived")
	r.kill(r.checker(), syscall.SIGKILL)
	r.WaitFor("keepalived starts another", 30*time.Second, func() bool { return r.checker() != 0 })
	r.kill(r.checker(), syscall.SIGSTOP)
	time.Sleep(20 * time.Second)
	r.kill(r.checker(), syscall.SIGCONT)
	time.Sleep(20 * time.Second)
	if acted(p) {
		t.Errorf("it acts:\n%s", p.Log())
	}
	if table := r.table(); strings.Contains(table, "-r 10.0.0.2:53") {
		t.Errorf("keepalived is not in charge:\n%s", table)
	}
}

// TestStandbyLoop: a checker process that is killed again and again is replaced, its parent is frozen, and both are as before after
// the hand-back.
func TestStandbyLoop(t *testing.T) {
	r, k, p, before := standbyRig(t, "loop", "--freeze-keepalived")
	killed := 0
	r.WaitFor("it acts", 3*time.Minute, func() bool {
		if pid := r.checker(); pid != 0 && !acted(p) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			killed++
			time.Sleep(time.Second)
		}
		return acted(p)
	})
	t.Logf("acts after %d deaths", killed)
	if killed < 5 || !strings.Contains(p.Log(), "crashes in a loop") {
		t.Errorf("%d deaths:\n%s", killed, p.Log())
	}
	r.WaitFor("the take-over", 30*time.Second, func() bool { return strings.Contains(p.Log(), "configuration taken") })
	r.WaitFor("the table is right", 30*time.Second, func() bool { return r.table() == before })
	if r.checker() != 0 {
		t.Error("a checker process is there")
	}
	// Handed back, the parent goes on and starts its checker process.
	out, err := r.director.Run(t.Context(), "/usr/bin/lvsdns-fallback", r.handBack("--start")...)
	if err != nil || !strings.Contains(out, "keepalived's first checks have run, and the table is what it believes") {
		t.Errorf("hand-back: %v\n%s", err, out)
	}
	r.ended("the hand-back", p)
	if r.table() != before || r.checker() == 0 || !k.Running() {
		t.Errorf("after the hand-back, checker %d:\n%s", r.checker(), r.table())
	}
}

// TestStandbyHang: one that is there and runs no check; without leave to freeze, the log says what to do and nothing is done.
func TestStandbyHang(t *testing.T) {
	for _, leave := range []bool{false, true} {
		t.Run(fmt.Sprint("freeze=", leave), func(t *testing.T) {
			r, _, p, before := standbyRig(t, fmt.Sprint(leave), fmt.Sprint("--freeze-keepalived=", leave))
			r.checks(1, 0) // what a hanging checker does not see
			stopped := r.checker()
			r.kill(stopped, syscall.SIGSTOP)
			if !leave {
				r.WaitFor("it says what to do", 2*time.Minute, func() bool { return strings.Contains(p.Log(), "freeze that (kill -STOP") })
				time.Sleep(5 * time.Second)
				if r.table() != before || r.checker() != stopped || acted(p) {
					t.Errorf("it acts:\n%s", p.Log())
				}
				return
			}
			r.WaitFor("it acts", 2*time.Minute, func() bool { return acted(p) })
			r.WaitFor("the table is right", 30*time.Second, func() bool {
				table := r.table()
				return strings.Contains(table, "-r 10.0.0.2:53") && !strings.Contains(table, "-r 10.0.0.1:53")
			})
			// kill -9 of the one that has frozen keepalived: the next one goes on at once.
			table := r.table()
			p.Kill()
			mark := len(p.Log())
			p = r.fallback("--standby", "--freeze-keepalived")
			r.WaitFor("it goes on", 10*time.Second, func() bool { return strings.Contains(p.Log()[mark:], "configuration taken") })
			if got := r.table(); got != table {
				t.Errorf("after the restart:\n%s", got)
			}
		})
	}
}

// TestStandbyParent: children that lose their parent take the table away; somebody may start keepalived again, until nobody has for
// longer than its back-off.
func TestStandbyParent(t *testing.T) {
	r, k, p, before := standbyRig(t, "gone")
	k.Kill()
	r.WaitFor("the table is gone", 20*time.Second, func() bool { return r.table() == "" })
	time.Sleep(30 * time.Second)
	k.Start()
	r.WaitFor("keepalived is back", 30*time.Second, func() bool { return r.table() == before })
	time.Sleep(10 * time.Second)
	if acted(p) {
		t.Fatalf("it acts:\n%s", p.Log())
	}
	k.Kill()
	r.WaitFor("it acts", 2*time.Minute, func() bool { return acted(p) })
	r.WaitFor("the table is back", 30*time.Second, func() bool { return r.table() == before })
}
