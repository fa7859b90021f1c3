package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
)

const handBackUsage = `usage: lvsdns-fallback hand-back [flags]

Ends the lvsdns-fallback that runs, and waits until it has let go of the lock and of keepalived's pidfile. The
table stays as it is. What of it keepalived would leave wrong, since it takes an entry that is there for its own, is
listed as lvsdns-fallback plan does. With --start keepalived is started then, or continued if its parent is frozen, and
what differs between the table and its belief is listed until its first checks have run, and then written.
Exit status: 0 nobody holds the table any more, or with --start keepalived has it and it is as believed; 2 with
--start, it differs; 1 an error.

`

func handBackCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := planOptions{health: "kernel"}
	f := flag.NewFlagSet("lvsdns-fallback hand-back", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	o.flags(f)
	lock := f.String("lock-file", config.NewFallback().LockFile, "`file` that the running lvsdns-fallback holds")
	var back restart
	back.flags(f)
	timeout := f.Duration("timeout", 30*time.Second, "how long to wait for its end")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, handBackUsage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return exitSame
	case err == nil && f.NArg() > 0:
		err = fmt.Errorf("there is nothing to do with %q; lvsdns-fallback hand-back takes flags only", f.Arg(0))
	}
	if err == nil && back.start {
		err = back.find(o.source) // before anybody is ended
	}
	if err == nil {
		err = handBack(ctx, *lock, *timeout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns-fallback hand-back: %v\n", err)
		return exitError
	}
	if p, err := o.make(ctx); err != nil {
		fmt.Fprintf(stderr, "lvsdns-fallback hand-back: the table is not compared: %v\n", err)
	} else if p.Differs() {
		_ = p.WriteText(stdout)
	}
	if !back.start {
		fmt.Fprintln(stdout, "nobody holds the table: start keepalived now")
		return exitSame
	}
	same, err := back.keepalived(ctx, o, *lock, stdout)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "lvsdns-fallback hand-back: %v\n", err)
		return exitError
	case !same:
		return exitDiffers
	}
	fmt.Fprintln(stdout, "keepalived's first checks have run, and the table is what it believes")
	return exitSame
}

// keepalived has keepalived back, and reports whether the table is what it believes then.
func (r restart) keepalived(ctx context.Context, o planOptions, lock string, stdout io.Writer) (bool, error) {
	g := guard.Options{Lock: lock, PIDFile: r.checkers, Config: o.config}
	if err := r.bring(g, stdout); err != nil {
		return false, err
	}
	o.health = "keepalived"
	return r.follow(ctx, o, g, stdout)
}

func handBack(ctx context.Context, lock string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	pid, err := guard.Holder(lock)
	if err != nil || pid <= 1 {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return fmt.Errorf("tell lvsdns-fallback (pid %d) to end: %w", pid, err)
	}
	for {
		if still, err := guard.Holder(lock); err != nil || still == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lvsdns-fallback (pid %d) still runs: %w", pid, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
