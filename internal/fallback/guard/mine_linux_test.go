package guard

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestMine: before each pass that writes, whether the table is still ours to write.
func TestMine(t *testing.T) {
	for _, test := range []struct {
		name string
		come func(t *testing.T, d director) (parent int)
		want string // what is said; empty: it goes on
	}{
		{"nobody", func(*testing.T, director) int { return 0 }, ""},
		{
			"a keepalived that stays",
			func(t *testing.T, d director) int { return d.start(t, alone, d.Config) }, "keepalived (pid PARENT) has the table",
		},
		{"one that finds the pidfile held and ends", func(t *testing.T, d director) int { return d.start(t, "sleep 0.1; :", d.Config) }, ""},
		{"one that has ended, and nobody waits for it", func(t *testing.T, d director) int {
			pid := d.start(t, alone, d.Config)
			end(t, pid)
			return pid
		}, ""},
		{"another instance", func(t *testing.T, d director) int { return d.start(t, alone, d.Config+".other") }, ""},
		{"one that an operator has frozen", func(t *testing.T, d director) int {
			pid := d.start(t, alone, d.Config)
			signal(t, pid, syscall.SIGSTOP)
			until(t, "it is frozen", func() bool { return look(pid).State == 'T' })
			return pid
		}, ""},
		{"an older one, which writes its pid", func(t *testing.T, d director) int {
			pid := d.start(t, alone, d.Config+".other")
			d.write(t, d.PIDFile, fmt.Sprintln(pid))
			return pid
		}, "names process PARENT now"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDirector(t)
			h, err := Acquire(d.Options)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Release()
			parent := test.come(t, d)
			err = h.Mine()
			want := fill(test.want, parent, 0)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%v; want %q", err, want)
			}
		})
	}
}

// TestFrozenLock: keepalived from 2.3.2 on keeps its pidfile locked while it is frozen. We have the table beside it, and the lock as soon
// as it is gone.
func TestFrozenLock(t *testing.T) {
	t.Parallel()
	d := newDirector(t)
	_, checker := d.frozen(t)
	end(t, checker)
	theirs, err := os.OpenFile(d.PIDFile, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if err := lock(theirs); err != nil {
		t.Fatal(err)
	}
	h, err := Take(d.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if err := lock(theirs); err != nil {
		t.Errorf("the frozen parent has lost its lock: %v", err)
	}
	if err := errors.Join(theirs.Close(), h.Check()); err != nil {
		t.Fatal(err)
	}
	next, err := os.OpenFile(d.PIDFile, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if err := lock(next); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("the parent is gone, and another keepalived gets its lock: %v", err)
	}
}

// TestLockedPIDFile: without a frozen parent who has the lock has the table, even if the file names nobody that lives.
func TestLockedPIDFile(t *testing.T) {
	d := newDirector(t)
	d.write(t, d.PIDFile, "4194305\n")
	theirs, err := os.OpenFile(d.PIDFile, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if err := lock(theirs); err != nil {
		t.Fatal(err)
	}
	const want = "hold keepalived's checkers pidfile: somebody else programs the table: process 4194305 has "
	if _, err := Take(d.Options); !errors.Is(err, ErrHeld) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v; want %q", err, want)
	}
	if d.holder(t) != 0 || d.named() != 4194305 {
		t.Errorf("after a refusal the lock is that of %d, the pidfile names %d", d.holder(t), d.named())
	}
}
