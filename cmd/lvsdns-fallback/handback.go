package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/handback"
	"github.com/lvsdns/lvsdns/internal/fallback/survey"
)

const handBackUsage = `usage: lvsdns-fallback hand-back [flags]

Ends the lvsdns-fallback that runs, and waits until it has let go of the lock and of keepalived's pidfile. The
table stays as it is. What of it keepalived would leave wrong, since it takes an entry that is there for its own, is
listed as lvsdns-fallback plan does. With --start keepalived is started then, or continued if its parent is frozen, and
what differs between the table and its belief is listed until its first checks have run, and then written.
Exit status: 0 nobody holds the table any more, or with --start keepalived has it and it is as believed; 2 with
--start, it differs; 1 an error.

`

// handBackOptions are the flags of hand-back.
type handBackOptions struct {
	survey.Director
	lock     string
	timeout  time.Duration
	start    bool
	command  string
	checkers string
	mend     bool
	most     time.Duration
}

func parseHandBack(args []string, stdout io.Writer) (o handBackOptions, err error) {
	f := flag.NewFlagSet("lvsdns-fallback hand-back", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	sourceFlags(f, &o.Director)
	f.StringVar(&o.lock, "lock-file", config.NewFallback().LockFile, "`file` that the running lvsdns-fallback holds")
	f.BoolVar(&o.start, "start", false, "start keepalived, or continue its parent if that is frozen, and watch the table until its first checks have run")
	f.StringVar(&o.command, "start-command", "systemctl start keepalived.service", "`command` that starts keepalived, without a shell; it must not wait for keepalived's end")
	f.StringVar(&o.PIDFile, "pid-file", config.Auto, "keepalived's pid `file`, to ask it what it believes (SIGUSR1); auto: where keepalived has it by its configuration")
	f.StringVar(&o.checkers, "checkers-pid-file", config.Auto, "keepalived's checkers pid`file`; auto: where keepalived has it by its configuration")
	f.BoolVar(&o.mend, "mend", true, "with --start: when keepalived's first checks have run, write what it believes and the kernel has not. keepalived takes what is there for its\nown: a weight or a sorry server that it found stays as it was for ever")
	f.DurationVar(&o.most, "watch", 3*time.Minute, "how long at most to wait for keepalived's first checks, up to a minute of its respawn back-off included")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for its end")
	err = f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, handBackUsage)
		f.SetOutput(stdout)
		f.PrintDefaults()
	case err == nil && f.NArg() > 0:
		err = fmt.Errorf("there is nothing to do with %q; lvsdns-fallback hand-back takes flags only", f.Arg(0))
	}
	if o.PIDFile == config.Auto {
		o.PIDFile = ""
	}
	return o, err
}

func handBackCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseHandBack(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitSame
	}
	same := true
	if err == nil {
		same, err = o.handBack(ctx, stdout, stderr)
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "lvsdns-fallback hand-back: %v\n", err)
		return exitError
	case !same:
		return exitDiffers
	}
	return exitSame
}

// handBack reports whether the table is what keepalived believes then. Without --start nobody has to.
func (o handBackOptions) handBack(ctx context.Context, stdout, stderr io.Writer) (same bool, err error) {
	g := guard.Options{Lock: o.lock, Config: o.File}
	if o.start { // before anybody is ended
		c, _, err := o.Load()
		if err != nil {
			return false, err
		}
		g.PIDFile = checkersPIDFile(o.checkers, c)
	}
	ending, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if err := handback.End(ending, o.lock); err != nil {
		return false, err
	}
	if p, err := o.Plan(ctx, survey.Serving, nil); err != nil {
		fmt.Fprintf(stderr, "lvsdns-fallback hand-back: the table is not compared: %v\n", err)
	} else if p.Differs() {
		_ = p.WriteText(stdout)
	}
	if !o.start {
		fmt.Fprintln(stdout, "nobody holds the table: start keepalived now")
		return true, nil
	}
	done, err := handback.Start(g, o.command)
	if done != "" {
		fmt.Fprintln(stdout, done)
	}
	if err != nil {
		return false, err
	}
	w := handback.NewWatch(o.Director, g)
	w.Most, w.Mend, w.Say = o.most, o.mend, func(text string) { fmt.Fprintln(stdout, text) }
	if same, err = w.Until(ctx); same && err == nil {
		fmt.Fprintln(stdout, "keepalived's first checks have run, and the table is what it believes")
	}
	return same, err
}
