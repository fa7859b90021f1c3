package guard_test

import (
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

func every(d time.Duration) keepalived.Value[time.Duration] {
	return keepalived.Value[time.Duration]{V: d}
}

// TestPulse: a checker process is taken for hanging after three times this, so it must not be shorter than what one check may take.
func TestPulse(t *testing.T) {
	tcp := func(delay, timeout time.Duration) keepalived.Checker {
		return keepalived.Checker{DelayLoop: every(delay), Connect: &keepalived.Connect{Timeout: every(timeout)}}
	}
	misc := func(delay, timeout time.Duration) keepalived.Checker {
		return keepalived.Checker{DelayLoop: every(delay), Misc: &keepalived.Misc{Timeout: every(timeout)}}
	}
	for _, test := range []struct {
		name     string
		checkers []keepalived.Checker
		want     time.Duration
	}{
		{"no check: it may sleep for ever", nil, 0},
		{"a connection that has five seconds by default", []keepalived.Checker{tcp(10*time.Second, 0)}, 15 * time.Second},
		{"one that has more", []keepalived.Checker{tcp(10*time.Second, 20*time.Second)}, 30 * time.Second},
		{"one that has less, but may be tried again", []keepalived.Checker{tcp(10*time.Second, time.Second)}, 15 * time.Second},
		{"a script that may run for a minute", []keepalived.Checker{misc(10*time.Second, time.Minute)}, 70 * time.Second},
		{"a check of neither kind", []keepalived.Checker{{DelayLoop: every(7 * time.Second)}}, 7 * time.Second},
		{"the first is the shortest", []keepalived.Checker{misc(time.Second, time.Second), misc(time.Minute, 0)}, 2 * time.Second},
		{"the last is", []keepalived.Checker{misc(time.Minute, 0), tcp(time.Second, 0)}, 6 * time.Second},
		{"a file, which is told by the kernel", []keepalived.Checker{{DelayLoop: every(1), File: &keepalived.TrackedFile{}}}, 0},
		{"BFD, which is told by its process", []keepalived.Checker{{DelayLoop: every(1), BFD: &keepalived.BFD{}}}, 0},
		{
			"a file beside a check",
			[]keepalived.Checker{{DelayLoop: every(1), File: &keepalived.TrackedFile{}}, misc(time.Minute, 0)}, time.Minute,
		},
		{"a check without a delay beside another", []keepalived.Checker{misc(0, 0), misc(time.Minute, 0)}, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c keepalived.Config
			// Each in a virtual server of its own: all of them count.
			for _, k := range test.checkers {
				servers := []keepalived.RealServer{{}, {Checkers: []keepalived.Checker{k}}}
				c.VirtualServers = append(c.VirtualServers, keepalived.VirtualServer{RealServers: servers})
			}
			if got := guard.Pulse(&c); got != test.want {
				t.Errorf("it is %s, want %s", got, test.want)
			}
		})
	}
}

// TestExplain has what the log says of a look.
func TestExplain(t *testing.T) {
	for _, test := range []struct {
		name string
		look guard.Look
		want string
	}{
		{"nobody", guard.Look{}, "no keepalived programs the table"},
		{"nobody, and a pidfile that was left", guard.Look{Named: 11}, "no keepalived programs the table"},
		{
			"a dead checker", guard.Look{Parent: 10, Named: 11},
			"keepalived (pid 10) has no checker process, and starts one by itself within a minute",
		},
		{"a checker that lives", guard.Look{Parent: 10, Checker: 11, Named: 11}, "keepalived (pid 10) is in charge"},
	} {
		if got := test.look.Explain(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestTriggerLimits has looks on both sides of each limit, and what must make it wait afresh.
func TestTriggerLimits(t *testing.T) {
	const never = 0
	still := guard.Look{Parent: 10, Checker: 11, Named: 11, Turns: 5}
	dead := guard.Look{Parent: 10, Named: 11}
	dying := func(after int) func(int) guard.Look { // and the next one is there at once
		return func(second int) guard.Look {
			checker := 100 + second/after
			return guard.Look{Parent: 10, Checker: checker, Named: checker, Turns: uint64(second)}
		}
	}
	for _, test := range []struct {
		name string
		look func(second int) guard.Look // once a second
		want guard.Cause
		at   int // the second of the cause; never: none in five minutes
	}{
		{"nobody", func(int) guard.Look { return guard.Look{} }, guard.Away, 65},
		{"a pidfile that was left", func(int) guard.Look { return guard.Look{Named: 11} }, guard.Away, 65},
		{"a parent that has just begun, without a checker", func(int) guard.Look { return dead }, guard.Missing, 65},
		{"a checker that does nothing", func(int) guard.Look { return still }, guard.Hanging, 30},
		{"one that moves each 29 s", func(second int) guard.Look {
			moves := still
			moves.Turns = uint64(second / 29)
			return moves
		}, guard.None, never},
		{"another parent each minute, without a checker", func(second int) guard.Look {
			return guard.Look{Parent: 10 + second/60, Named: 11}
		}, guard.None, never},
		{"a checker of a minute's life, then none", func(second int) guard.Look {
			if second < 20 {
				return still
			}
			return dead
		}, guard.Missing, 85},
		{"a parent that goes, and leaves no checker", func(second int) guard.Look {
			if second < 20 {
				return still
			}
			return guard.Look{Named: 11}
		}, guard.Away, 85},
		{"five deaths in three minutes", dying(45), guard.Looping, 225},
		{"five deaths in three minutes and four seconds", dying(46), guard.None, never},
	} {
		t.Run(test.name, func(t *testing.T) {
			trigger := guard.Trigger{Every: time.Second}
			for second := range 300 {
				got := trigger.See(time.Unix(int64(second), 0), test.look(second))
				switch {
				case got == guard.None && (test.at == never || second < test.at):
				case got == test.want && second == test.at && test.at != never:
					return
				default:
					t.Fatalf("second %d: %q; want %q at second %d", second, got, test.want, test.at)
				}
			}
		})
	}
	// After a refusal to act everything is seen afresh.
	trigger := guard.Trigger{Every: time.Second}
	for second := range 90 {
		if got := trigger.See(time.Unix(int64(second), 0), still); got != guard.None {
			if second != 30 && second != 61 {
				t.Errorf("second %d: %q", second, got)
			}
			trigger.Reset()
		}
	}
	if trigger.Every != time.Second {
		t.Error("a reset forgets how often the checker has to do something")
	}
}
