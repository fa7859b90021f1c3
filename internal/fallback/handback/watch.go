package handback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/apply"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/fallback/survey"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

const (
	// every is how often keepalived is looked at.
	every = 500 * time.Millisecond
	// settling is how old a checker process must be before it is asked: SIGUSR1 ends one that does not listen yet.
	settling = 2 * time.Second
	// mends is how often what keepalived believes is written at most: it may change its mind meanwhile.
	mends = 3
)

// Watch says what changes between the table and what it should be until keepalived's first checks have run.
type Watch struct {
	Most time.Duration // how long at most
	Mend bool          // write then what keepalived believes and the kernel has not: keepalived does not, as it takes what is there for its own
	Say  func(string)

	Checker func() (pid int, err error) // keepalived's checker process; 0: none

	// Ask compares the kernel with what keepalived believes, and reports whether its checks have run.
	Ask   func(context.Context) (p plan.Plan, ran bool, err error)
	Write func(context.Context, []plan.Step) (done int, err error)
}

// NewWatch watches the keepalived of a director.
func NewWatch(d survey.Director, o guard.Options) Watch {
	return Watch{
		Checker: func() (int, error) {
			l, err := o.Look()
			return l.Checker, err
		},
		Ask: func(ctx context.Context) (p plan.Plan, ran bool, err error) {
			c, _, err := d.Load()
			if err != nil {
				return p, false, err
			}
			dump, err := new(site.Belief).Ask(ctx, d.Keepalived, c)
			if err != nil {
				return p, false, err
			}
			ran = haveRun(dump)
			p, err = d.Plan(ctx, survey.Believed, dump)
			return p, ran, err
		},
		Write: func(ctx context.Context, steps []plan.Step) (int, error) {
			c, _, err := d.Load()
			if err != nil {
				return 0, err
			}
			kernel, err := d.Kernel(c)
			if err != nil {
				return 0, err
			}
			defer kernel.Close()
			return apply.Steps(ctx, kernel, steps)
		},
	}
}

// haveRun reports whether keepalived has virtual servers, and every check of theirs has run.
func haveRun(b *keepalived.Belief) bool {
	for _, k := range b.Checkers {
		if k.Enabled && !k.HasRun {
			return false
		}
	}
	return len(b.VirtualServers) > 0
}

// Until watches, and reports whether the table is what keepalived believes then.
func (w Watch) Until(ctx context.Context) (same bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.Most)
	defer cancel()
	var since time.Time
	checker, said, mended := 0, "", 0
	last := errors.New("keepalived has no checker process") // why it is not over yet
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		now, err := w.Checker()
		if err != nil {
			return false, err
		}
		if now != checker {
			checker, since = now, time.Now()
		}
		if checker != 0 && time.Since(since) > settling {
			p, ran, err := w.Ask(ctx)
			if last = errors.New("some have not"); err == nil {
				said = w.say(p, said)
			} else {
				last = err
			}
			switch {
			case err != nil || !ran:
			case w.Mend && len(p.Steps) > 0 && mended < mends:
				mended++
				if err := w.mend(ctx, p.Steps); err != nil {
					return false, err
				}
			default:
				return !p.Differs(), nil
			}
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("keepalived's first checks have not run after %s: look with lvsdns drift --signal: %w", w.Most, last)
		case <-look.C:
		}
	}
}

func (w Watch) mend(ctx context.Context, steps []plan.Step) error {
	n, err := w.Write(ctx, steps)
	for _, s := range steps[:n] {
		w.Say("written: " + s.String())
	}
	if err != nil {
		return fmt.Errorf("write what keepalived believes: %w", err)
	}
	return nil
}

// say tells of a plan that is another than the last, and returns its text.
func (w Watch) say(p plan.Plan, last string) string {
	var b strings.Builder
	_ = p.WriteText(&b) // into memory
	text := b.String()
	switch {
	case text == last:
	case text == "":
		w.Say("the table is what keepalived believes")
	default:
		w.Say("the table is not what keepalived believes:\n" + strings.TrimSuffix(text, "\n"))
	}
	return text
}
