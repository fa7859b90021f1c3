package guard

import (
	"fmt"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// When nobody programs the table any more, as far as looks from outside can tell. The first is longer than keepalived's parent
// waits before it starts a checker process again, a minute at most (calc_restart_delay in scheduler.c), which doubles from
// one second: five deaths of a process that cannot even start take it 15 s.
const (
	backOff     = 65 * time.Second
	loopDeaths  = 5
	loopSpan    = 3 * time.Minute
	leastQuiet  = 30 * time.Second // a checker that has just begun, or a host that is busy
	quietChecks = 3                // times that the most frequent check may be overdue
	gap         = 10 * time.Second // between two looks: longer, and it was this host that stood still
)

// Look is what one look at keepalived finds.
type Look struct {
	Parent  int    // one that programs the table, or would; 0: none
	Checker int    // its checker process; 0: none lives
	Named   int    // the last one, as the pidfile names it, which may be dead; 0: none
	Turns   uint64 // how often the checker process has waited for something and gone on: voluntary_ctxt_switches of proc(5)
}

// Cause is why the table is to be taken over.
type Cause string

// The causes. Without one keepalived is in charge, or may still come back by itself.
const (
	None    Cause = ""
	Away    Cause = "no keepalived programs the table"
	Missing Cause = "keepalived's parent starts no checker process"
	Looping Cause = "keepalived's checker process crashes in a loop"
	Hanging Cause = "keepalived's checker process hangs: it is there, and runs no check"
)

// Trigger decides from a row of looks. The zero Trigger has seen nothing.
type Trigger struct {
	// Every is how often at least keepalived has to do something, by its configuration: the shortest delay_loop and what
	// such a check may take. 0: it may sleep for ever, and none is taken for hanging.
	Every time.Duration

	last   Look
	at     time.Time // of the last look
	absent time.Time // since when there is no checker process; zero: there is
	quiet  time.Time // since when the checker process has not moved
	deaths []time.Time
	dead   int // whose death was counted last
}

// See takes a look and decides. After a cause everything is seen afresh when [Trigger.Reset] was called.
func (t *Trigger) See(now time.Time, l Look) Cause {
	if l.Parent != t.last.Parent || now.Sub(t.at) > gap {
		t.Reset()
		t.absent, t.quiet, t.last = now, now, l
		if l.Checker == 0 {
			t.dead = l.Named
		}
	}
	t.died(now, l)
	if l.Checker != 0 {
		t.absent = time.Time{}
	} else if t.absent.IsZero() {
		t.absent = now
	}
	if l.Checker != t.last.Checker || l.Turns != t.last.Turns {
		t.quiet = now
	}
	t.last, t.at = l, now
	switch {
	case l.Checker == 0 && now.Sub(t.absent) >= backOff && l.Parent == 0:
		return Away
	case l.Checker == 0 && now.Sub(t.absent) >= backOff:
		return Missing
	case len(t.deaths) >= loopDeaths:
		return Looping
	case l.Checker != 0 && t.Every > 0 && now.Sub(t.quiet) >= max(leastQuiet, quietChecks*t.Every):
		return Hanging
	}
	return None
}

// died counts the deaths of checker processes of one parent. A reload keeps the process. One that crashes at once is never seen alive.
func (t *Trigger) died(now time.Time, l Look) {
	if was := t.last.Named; was != 0 && was != t.dead && l.Named != was {
		t.deaths, t.dead = append(t.deaths, now), was
	}
	if l.Named != 0 && l.Named != t.dead && l.Checker == 0 {
		t.deaths, t.dead = append(t.deaths, now), l.Named
	}
	for len(t.deaths) > 0 && now.Sub(t.deaths[0]) > loopSpan {
		t.deaths = t.deaths[1:]
	}
}

// Reset forgets all looks.
func (t *Trigger) Reset() { *t = Trigger{Every: t.Every} }

// Pulse is how often at least keepalived's checker process has to do something: the shortest time of all checks from one run to
// the next. 0: nothing is checked by a clock.
func Pulse(c *keepalived.Config) time.Duration {
	const connect = 5 * time.Second // a connection's default
	var least time.Duration
	for i := range c.VirtualServers {
		for j := range c.VirtualServers[i].RealServers {
			for _, k := range c.VirtualServers[i].RealServers[j].Checkers {
				every := k.DelayLoop.V
				switch {
				case k.File != nil || k.BFD != nil || every == 0:
					continue // told by others
				case k.Misc != nil:
					every += k.Misc.Timeout.V
				case k.Connect != nil:
					every += max(connect, k.Connect.Timeout.V)
				}
				if least == 0 || every < least {
					least = every
				}
			}
		}
	}
	return least
}

// Explain says what a look means, for the log.
func (l Look) Explain() string {
	switch {
	case l.Parent == 0:
		return string(Away)
	case l.Checker == 0:
		return fmt.Sprintf("keepalived (pid %d) has no checker process, and starts one by itself within a minute", l.Parent)
	}
	return fmt.Sprintf("keepalived (pid %d) is in charge", l.Parent)
}
