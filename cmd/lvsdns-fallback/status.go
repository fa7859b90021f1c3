package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
)

const statusUsage = `usage: lvsdns-fallback status [flags]

Says who programs IPVS on this host, and how far the kernel's table is from
keepalived.conf. It changes nothing.
Exit status: 0 the kernel is as configured, 2 it differs, 1 an error.

`

// status is the JSON output.
type status struct {
	Fallback   int    `json:"fallback_pid"`   // 0: none runs
	Keepalived int    `json:"keepalived_pid"` // of one with a checker process, 0: none
	Steps      int    `json:"steps"`
	Kept       int    `json:"kept"`
	Blocked    int    `json:"blocked"`
	Text       string `json:"text"`
}

func statusCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o planOptions
	o.health = "configured"
	defaults := config.NewFallback()
	f := flag.NewFlagSet("lvsdns-fallback status", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	o.flags(f)
	lock := f.String("lock-file", defaults.LockFile, "`file` that a running lvsdns-fallback holds")
	pidfile := f.String("checkers-pid-file", defaults.CheckersPIDFile, "keepalived's checkers pid`file`; auto: where keepalived has it by its configuration")
	f.StringVar(&o.output, "output", "text", "text or json")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, statusUsage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return exitSame
	case err != nil:
	case f.NArg() > 0:
		err = fmt.Errorf("there is nothing to do with %q; lvsdns-fallback status takes flags only", f.Arg(0))
	case o.output != "text" && o.output != "json":
		err = fmt.Errorf("--output is %q; it must be text or json", o.output)
	}
	var s status
	if err == nil {
		s, err = o.status(ctx, *lock, *pidfile)
	}
	if err == nil && o.output == "json" {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(s)
	} else if err == nil {
		_, err = fmt.Fprintln(stdout, s.Text)
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "lvsdns-fallback status: %v\n", err)
		return exitError
	case s.Steps+s.Kept+s.Blocked > 0:
		return exitDiffers
	}
	return exitSame
}

func (o planOptions) status(ctx context.Context, lock, pidfile string) (status, error) {
	var s status
	var err error
	if s.Fallback, err = guard.Holder(lock); err != nil {
		return s, err
	}
	c, _, err := o.load()
	if err != nil {
		return s, err
	}
	all, err := guard.Processes("/proc", "self")
	if err != nil {
		return s, err
	}
	if p := guard.Rival(all, o.config, checkersPIDFile(pidfile, c)); p != nil {
		s.Keepalived = p.PID
	}
	p, err := o.make(ctx)
	if err != nil {
		return s, err
	}
	s.Steps, s.Kept, s.Blocked = len(p.Steps), len(p.Kept), len(p.Blocked)
	who := "nobody programs IPVS"
	switch {
	case s.Fallback != 0 && s.Keepalived != 0:
		who = fmt.Sprintf("lvsdns-fallback (pid %d) and keepalived (pid %d) both run", s.Fallback, s.Keepalived)
	case s.Fallback != 0:
		who = fmt.Sprintf("lvsdns-fallback (pid %d) programs IPVS", s.Fallback)
	case s.Keepalived != 0:
		who = fmt.Sprintf("keepalived (pid %d) programs IPVS", s.Keepalived)
	}
	s.Text = who + "; the kernel is as configured"
	if p.Differs() {
		s.Text = fmt.Sprintf("%s; the kernel differs from the configuration with all real servers up: %d steps, %d kept, %d blocked; lvsdns-fallback plan lists them", who, s.Steps, s.Kept, s.Blocked)
	}
	return s, nil
}
