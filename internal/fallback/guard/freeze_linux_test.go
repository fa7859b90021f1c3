package guard

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// acts lets one that stands by, and may freeze, take the table because of a checker process that hangs.
func (d director) acts(t *testing.T, parent int) (*Held, error) {
	t.Helper()
	l, err := d.Look()
	if err != nil || l.Parent != parent {
		t.Fatalf("it sees %+v, %v", l, err)
	}
	said := ""
	h, err := d.act(Hanging, l, Standby{Freeze: true, Acting: func(c Cause, frozen int) { said += fmt.Sprintf("%s; freezes %d", c, frozen) }})
	if want := fmt.Sprintf("%s; freezes %d", Hanging, parent); said != want {
		t.Errorf("it says %q, want %q", said, want)
	}
	return h, err
}

// TestFreeze: the parent is frozen and only its checker process is ended, and with the release the parent starts another.
func TestFreeze(t *testing.T) {
	t.Parallel()
	d := newDirector(t)
	parent, checker := d.runs(t, whole)
	vrrp := in(t, d.vrrp)
	h, err := d.acts(t, parent)
	if err != nil {
		t.Fatal(err)
	}
	if state := look(parent).State; state != 'T' || !dead(checker) || dead(vrrp) {
		t.Errorf("the parent is in state %c; its checker has ended: %t, its VRRP process: %t", state, dead(checker), dead(vrrp))
	}
	if err := h.Mine(); err != nil || in(t, d.PIDFile) != os.Getpid() {
		t.Errorf("the table: %v; the pidfile names %d", err, in(t, d.PIDFile))
	}
	h.Release()
	until(t, "the parent has started a checker process", func() bool { return d.checker(parent) != 0 })
	if d.holder(t) != 0 || d.checker(parent) == checker {
		t.Errorf("the lock is that of %d, the checker process %d", d.holder(t), d.checker(parent))
	}
}

// TestBereft: if the VRRP process dies, only its parent can start it again, and so the parent goes on and nothing is written any more.
func TestBereft(t *testing.T) {
	t.Parallel()
	d := newDirector(t)
	parent, _ := d.runs(t, whole)
	vrrp := in(t, d.vrrp)
	h, err := d.acts(t, parent)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	end(t, vrrp)
	want := fmt.Sprintf("keepalived's process %d has ended; its parent (pid %d) was frozen by us and goes on now", vrrp, parent)
	if err := h.Mine(); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v; want %q", err, want)
	}
	until(t, "the parent goes on", func() bool { return look(parent).State != 'T' })
	// It has started its checker process, and stays.
	want = fmt.Sprintf("keepalived (pid %d) has the table", parent)
	until(t, "the next look finds it in charge", func() bool {
		err := h.Mine()
		return err != nil && (strings.HasPrefix(err.Error(), want) || errors.Is(err, ErrHeld)) // by now its pid is in the file
	})
}

// TestFreezeFails: what keeps the table from being taken, and that the parent goes on then.
func TestFreezeFails(t *testing.T) {
	for _, test := range []struct {
		name  string
		begin func(t *testing.T, d director, parent int)
		want  string
		held  bool // whether it is because of somebody else, and goes away with that
	}{
		{"another one has the lock", func(t *testing.T, d director, _ int) {
			o := d.Options
			o.PIDFile = ""
			h, err := Acquire(o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(h.Release)
		}, "has LOCK locked", true},
		{"an operator lets the parent go on", func(_ *testing.T, _ director, parent int) {
			go func() {
				for range 1000 {
					if look(parent).State == 'T' {
						_ = syscall.Kill(parent, syscall.SIGCONT)
						return
					}
					time.Sleep(time.Millisecond)
				}
			}()
		}, "freeze keepalived (pid PARENT): it does not stop", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDirector(t)
			parent, checker := d.runs(t, whole)
			test.begin(t, d, parent)
			h, err := d.acts(t, parent)
			want := strings.ReplaceAll(fill(test.want, parent, checker), "LOCK", d.Lock)
			if h != nil || err == nil || errors.Is(err, ErrHeld) != test.held || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, %v; want %q", h, err, want)
			}
			until(t, "the parent goes on, with a checker process", func() bool {
				return look(parent).State != 'T' && d.checker(parent) != 0
			})
		})
	}
}

// TestFreezeNone: a signal is not for a process that has the number of a parent that ended.
func TestFreezeNone(t *testing.T) {
	d := newDirector(t)
	parent, _ := d.runs(t, works)
	end(t, parent)
	for name, pid := range map[string]int{"a parent that has ended": parent, "a process of another program": os.Getpid()} {
		want := fmt.Sprintf("freeze keepalived (pid %d): it is gone", pid)
		if err := freeze(pid, d.Options); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if err := thaw(parent); err != nil {
		t.Errorf("a parent that is gone cannot go on: %v", err)
	}
}

// TestFreezeLate: a checker process that was started just before the parent stopped has its pid in the file only then, and is ended.
func TestFreezeLate(t *testing.T) {
	t.Parallel()
	d := newDirector(t)
	parent, first := d.runs(t, twice)
	next := in(t, d.vrrp)
	end(t, first)
	go func() {
		for range 1000 {
			if look(parent).State == 'T' {
				_ = os.WriteFile(d.PIDFile, fmt.Appendln(nil, next), 0o644)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if err := freeze(parent, d.Options); err != nil {
		t.Fatal(err)
	}
	if !dead(next) || look(parent).State != 'T' {
		t.Errorf("it has ended: %t; the parent is in state %c", dead(next), look(parent).State)
	}
}

// TestThaw: at the hand-back those go on that are frozen and of ours, whoever froze them.
func TestThaw(t *testing.T) {
	d := newDirector(t)
	frozen, _ := d.frozen(t)
	other := d.start(t, alone, d.Config+".other")
	until(t, "the other one has a child", func() bool { return len(family(other).children) == 1 })
	signal(t, other, syscall.SIGSTOP)
	until(t, "the other one is frozen", func() bool { return look(other).State == 'T' })
	pids, err := Thaw(d.Options)
	if err != nil || !slices.Equal(pids, []int{frozen}) {
		t.Errorf("those go on: %v, %v; want %d alone", pids, err, frozen)
	}
	until(t, "ours goes on", func() bool { return look(frozen).State != 'T' })
	if look(other).State != 'T' {
		t.Error("another instance goes on")
	}
	if pids, err := Thaw(d.Options); err != nil || len(pids) != 0 {
		t.Errorf("nobody is frozen any more, and these go on: %v, %v", pids, err)
	}
}

// TestLook: the checker process is the one in the pidfile, if it is that parent's and lives. What the file says is no proof.
func TestLook(t *testing.T) {
	d := newDirector(t)
	parent, checker := d.runs(t, `sleep 600 & echo $! >"$VRRP"; `+works)
	script := in(t, d.vrrp)
	until(t, "the script of the parent runs", func() bool { return !look(script).IsKeepalived() })
	ended, _ := newDirector(t).runs(t, works)
	end(t, ended)
	stranger := d.start(t, alone, d.Config+".other")
	for _, test := range []struct {
		name, text string
		user       int
		want       Look
	}{
		{"its checker", fmt.Sprintf("%d\n", checker), 0, Look{Parent: parent, Checker: checker, Named: checker}},
		{"without a line's end", fmt.Sprint(checker), 0, Look{Parent: parent, Checker: checker, Named: checker}},
		{"one that has ended", fmt.Sprintln(ended), 0, Look{Parent: parent, Named: ended}},
		{"the keepalived of another parent", fmt.Sprintln(stranger), 0, Look{Parent: parent, Named: stranger}},
		{"the parent itself", fmt.Sprintln(parent), 0, Look{Parent: parent, Named: parent}},
		{"another program", fmt.Sprintln(os.Getpid()), 0, Look{Parent: parent, Named: os.Getpid()}},
		{"a script of the parent", fmt.Sprintln(script), 0, Look{Parent: parent, Named: script}},
		{"init", "1\n", 0, Look{Parent: parent, Named: 1}},
		{"nothing", "", 0, Look{Parent: parent}},
		{"words", "keepalived\n", 0, Look{Parent: parent}},
		{"more than a number", strings.Repeat(" ", maxPID) + fmt.Sprint(checker), 0, Look{Parent: parent}},
		{"its checker, as another user says", fmt.Sprintln(checker), 65534, Look{Parent: parent}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.user != 0 && os.Getuid() != 0 {
				t.Skip("only root can give a file to another user")
			}
			d.write(t, d.PIDFile, test.text)
			if test.user != 0 {
				if err := os.Chown(d.PIDFile, test.user, test.user); err != nil {
					t.Fatal(err)
				}
			}
			got, err := d.Look()
			if moves := got.Turns > 0; moves != (test.want.Checker != 0) {
				t.Errorf("its checker process has gone on %d times", got.Turns)
			}
			got.Turns = 0
			if err != nil || got != test.want {
				t.Errorf("it sees %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}
