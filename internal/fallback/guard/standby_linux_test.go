package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestAwait has one that stands by for two minutes and may freeze nobody: when it takes the table, and what it says before.
func TestAwait(t *testing.T) {
	const inCharge, nobody = "keepalived (pid PARENT) is in charge", "no keepalived programs the table"
	const mend = ", and its parent (pid PARENT) lives: " +
		"freeze that (kill -STOP PARENT) and end the checker process (kill -KILL), or set freeze-keepalived"
	abandoned := func(t *testing.T, d director) {
		if err := os.Mkdir(d.Lock[:strings.LastIndexByte(d.Lock, '/')], 0o755); err != nil {
			t.Fatal(err)
		}
		d.write(t, d.Lock, "4194305\n") // no kernel gives that to a process
		d.write(t, d.PIDFile, "4194305\n")
	}
	for _, test := range []struct {
		name  string
		every time.Duration
		begin func(t *testing.T, d director) (parent, checker int)
		takes int      // the second in which it begins to take the table; -1: it does not
		says  []string // what it waits for, each once; more may follow
	}{
		{"nobody", 0, func(*testing.T, director) (int, int) { return 0, 0 }, 65, []string{nobody}},
		{"one of its own was killed", 0, func(t *testing.T, d director) (int, int) {
			abandoned(t, d)
			return 0, 0
		}, 0, nil},
		{"one of its own was killed, and keepalived is just starting", 0, func(t *testing.T, d director) (int, int) {
			abandoned(t, d)
			return d.start(t, alone, d.Config), 0
		}, -1, []string{
			"keepalived (pid PARENT) has no checker process, and starts one by itself within a minute",
			"keepalived's parent starts no checker process" + mend,
		}},
		{"one of its own has the table", 0, func(t *testing.T, d director) (int, int) {
			h, err := Acquire(d.Options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(h.Release)
			return 0, os.Getpid()
		}, -1, []string{nobody, "take the lock: somebody else programs the table: process CHECKER has LOCK locked", nobody}},
		{"keepalived is in charge", 0, func(t *testing.T, d director) (int, int) { return d.runs(t, works) }, -1, []string{inCharge}},
		{"another keepalived, with a configuration of its own", 0, func(t *testing.T, d director) (int, int) {
			return d.start(t, alone, d.Config+".other"), 0
		}, 65, []string{nobody}},
		{"a parent without a checker process", 0, func(t *testing.T, d director) (int, int) {
			return d.start(t, alone, d.Config), 0
		}, -1, []string{
			"keepalived (pid PARENT) has no checker process, and starts one by itself within a minute",
			"keepalived's parent starts no checker process" + mend,
		}},
		{"a checker process that hangs", time.Second, func(t *testing.T, d director) (int, int) { return d.runs(t, works) }, -1, []string{
			inCharge, "keepalived's checker process hangs: it is there, and runs no check" + mend, inCharge,
		}},
		{"an operator has frozen the parent and ended its checker", 0, func(t *testing.T, d director) (int, int) {
			parent, checker := d.frozen(t)
			end(t, checker)
			return parent, checker
		}, 65, []string{nobody}},
		{"an operator has frozen the parent alone", 0, func(t *testing.T, d director) (int, int) { return d.frozen(t) }, -1, []string{
			nobody,
			"hold keepalived's checkers pidfile: somebody else programs the table: keepalived's checker process CHECKER lives", nobody,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDirector(t)
			parent, checker := test.begin(t, d)
			before := look(parent).State
			synctest.Test(t, func(t *testing.T) {
				done := errors.New("two minutes are over")
				ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, done)
				defer cancel()
				start, takes := time.Now(), -1
				var said []string
				looks := 0
				h, err := Await(ctx, d.Options, Standby{
					Every:   test.every,
					Waiting: func(why string) { said = append(said, why) },
					Acting: func(c Cause, frozen int) {
						if takes < 0 {
							takes = int(time.Since(start) / time.Second)
						}
						if c != Away || frozen != 0 {
							t.Errorf("it acts because of %q, and freezes %d", c, frozen)
						}
					},
					Alive: func() { looks++ },
				})
				if test.takes < 0 {
					if h != nil || !errors.Is(err, done) || looks < 110 {
						t.Errorf("it ends with %v, %v, after %d looks", h, err, looks)
					}
				} else {
					if err != nil || takes != test.takes {
						t.Fatalf("it takes the table in second %d, %v; want second %d", takes, err, test.takes)
					}
					if pid := in(t, d.PIDFile); pid != os.Getpid() {
						t.Errorf("the pidfile names %d", pid)
					}
					h.Release()
				}
				want := make([]string, len(test.says))
				for i, text := range test.says {
					want[i] = strings.ReplaceAll(fill(text, parent, checker), "LOCK", d.Lock)
				}
				if len(said) < len(want) || !slices.Equal(said[:len(want)], want) || len(want) <= 1 && len(said) > len(want) {
					t.Errorf("it says\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
				}
			})
			if parent == 0 {
				return
			}
			if now := look(parent).State; (now == 'T') != (before == 'T') || dead(parent) {
				t.Errorf("keepalived was in state %c and is in %c", before, now)
			}
			if test.takes < 0 && checker != 0 && dead(checker) {
				t.Error("its checker process was ended")
			}
		})
	}
}

// TestTake has what is in the way of one that takes the table, and that a refusal leaves nothing behind.
func TestTake(t *testing.T) {
	later := func(d *director, do func()) { // as soon as it has both
		go func() {
			for range 1000 {
				if d.named() == os.Getpid() {
					do()
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
	for _, test := range []struct {
		name  string
		begin func(t *testing.T, d *director) (parent, checker int)
		want  string // in the error; empty: it takes the table
	}{
		{"keepalived runs", func(t *testing.T, d *director) (int, int) { return d.runs(t, works) }, "keepalived (pid PARENT) has the table"},
		{"keepalived runs, and has nothing to do with it", func(t *testing.T, d *director) (int, int) {
			parent, _ := d.runs(t, works)
			d.PIDFile = ""
			return parent, 0
		}, ""},
		{"an older keepalived was just starting", func(t *testing.T, d *director) (int, int) {
			later(d, func() { _ = os.WriteFile(d.PIDFile, []byte("4194305\n"), 0o644) })
			return 0, 4194305
		}, "PIDFILE names process CHECKER now"},
		{"an operator removes the pidfile", func(_ *testing.T, d *director) (int, int) {
			later(d, func() { _ = os.Remove(d.PIDFile) })
			return 0, 0
		}, "PIDFILE is another file now"},
		{"an operator replaces the lock", func(_ *testing.T, d *director) (int, int) {
			later(d, func() {
				_ = errors.Join(os.Remove(d.Lock), os.WriteFile(d.Lock, fmt.Appendln(nil, os.Getpid()), 0o600))
			})
			return 0, 0
		}, "LOCK is another file now"},
		{"a frozen parent, its checker ended", func(t *testing.T, d *director) (int, int) {
			parent, checker := d.frozen(t)
			end(t, checker)
			return parent, checker
		}, ""},
		{"a frozen parent that goes on", func(t *testing.T, d *director) (int, int) {
			parent, checker := d.frozen(t)
			end(t, checker)
			later(d, func() { _ = syscall.Kill(parent, syscall.SIGCONT) })
			return parent, checker
		}, "keepalived (pid PARENT) has the table"},
		{
			"a frozen parent whose checker lives",
			func(t *testing.T, d *director) (int, int) { return d.frozen(t) }, "checker process CHECKER lives",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDirector(t)
			parent, checker := test.begin(t, &d)
			h, err := Take(d.Options)
			want := strings.NewReplacer("PIDFILE", d.PIDFile, "LOCK", d.Lock).Replace(fill(test.want, parent, checker))
			switch {
			case test.want == "" && err != nil:
				t.Errorf("it is refused: %v", err)
			case test.want == "" && d.holder(t) != os.Getpid():
				t.Errorf("the lock is that of %d", d.holder(t))
			case test.want == "":
				h.Release()
			case err == nil || !strings.Contains(err.Error(), want):
				t.Errorf("%v; want %q", err, want)
			case d.holder(t) != 0:
				t.Error("after a refusal it has the lock")
			case d.named() == os.Getpid():
				t.Error("after a refusal the pidfile names it")
			}
		})
	}
}
