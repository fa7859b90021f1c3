package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/apply"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// settling is how old a checker process must be before it is asked: SIGUSR1 ends one that does not listen yet.
const settling = 2 * time.Second

// mends is how often what keepalived believes is written at most: it may change its mind meanwhile.
const mends = 3

// mend writes steps towards what keepalived believes. It does not write them itself, as it believes that they are done.
func (o planOptions) mend(ctx context.Context, steps []plan.Step, stdout io.Writer) error {
	c, _, err := o.load()
	if err != nil {
		return err
	}
	client, closer, err := o.client(c)
	if err != nil {
		return err
	}
	defer closer()
	n, err := apply.Steps(ctx, client, steps)
	for _, s := range steps[:n] {
		fmt.Fprintf(stdout, "written: %s\n", s)
	}
	if err != nil {
		return fmt.Errorf("write what keepalived believes: %w", err)
	}
	return nil
}

// follow says what changes between the table and what it should be until keepalived's first checks have run. It reports whether the
// table is then what keepalived believes.
func (r restart) follow(ctx context.Context, o planOptions, g guard.Options, stdout io.Writer) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, r.watch)
	defer cancel()
	var since time.Time
	checker, said, mended := 0, "", 0
	last := errors.New("keepalived has no checker process") // why it is not over yet
	look := time.NewTicker(500 * time.Millisecond)
	defer look.Stop()
	for {
		l, err := g.Look()
		if err != nil {
			return false, err
		}
		if l.Checker != checker {
			checker, since = l.Checker, time.Now()
		}
		if checker != 0 && time.Since(since) > settling {
			p, ran, err := r.believed(ctx, o)
			last = errors.New("some have not")
			if err == nil {
				said = say(p, said, stdout)
			} else {
				last = err
			}
			switch {
			case err != nil || !ran:
			case r.mend && len(p.Steps) > 0 && mended < mends:
				mended++
				if err := o.mend(ctx, p.Steps, stdout); err != nil {
					return false, err
				}
			default:
				return !p.Differs(), nil
			}
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("keepalived's first checks have not run after %s: look with lvsdns drift --signal: %w", r.watch, last)
		case <-look.C:
		}
	}
}

// believed compares the kernel with what keepalived believes, and reports whether its checks have run.
func (r restart) believed(ctx context.Context, o planOptions) (plan.Plan, bool, error) {
	c, blocks, err := o.load()
	if err != nil {
		return plan.Plan{}, false, err
	}
	asking, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, _, err := (&host.StateDump{PIDFile: r.pidFile}).Read(asking, c.Global.StateDump())
	if err != nil {
		return plan.Plan{}, false, err
	}
	b := keepalived.ParseBelief(text)
	p, err := o.compare(ctx, c, blocks, plan.FromBelief(c, &b))
	ran := len(b.VirtualServers) > 0
	for _, k := range b.Checkers {
		ran = ran && (k.HasRun || !k.Enabled)
	}
	return p, ran, err
}

// say prints a plan that is another than the last.
func say(p plan.Plan, last string, stdout io.Writer) string {
	var b strings.Builder
	_ = p.WriteText(&b)
	text := b.String()
	switch {
	case text == last:
	case text == "":
		fmt.Fprintln(stdout, "the table is what keepalived believes")
	default:
		fmt.Fprintf(stdout, "the table is not what keepalived believes:\n%s", text)
	}
	return text
}
