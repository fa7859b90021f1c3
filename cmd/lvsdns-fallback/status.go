package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback/survey"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

const statusUsage = `usage: lvsdns-fallback status [flags]

Says who programs IPVS on this host, and how far the kernel's table is from
keepalived.conf. It changes nothing.
Exit status: 0 the kernel is as configured, 2 it differs, 1 an error.

`

func statusCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var d survey.Director
	var output string
	defaults := config.NewFallback()
	f := flag.NewFlagSet("lvsdns-fallback status", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	sourceFlags(f, &d)
	lock := f.String("lock-file", defaults.LockFile, "`file` that a running lvsdns-fallback holds")
	pidfile := f.String("checkers-pid-file", defaults.CheckersPIDFile, "keepalived's checkers pid`file`; auto: where keepalived has it by its configuration")
	reported := f.String("report-file", defaults.ReportFile, "`file` that a running lvsdns-fallback writes again and again; empty: none")
	f.StringVar(&output, "output", "text", "text or json")
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
	case output != "text" && output != "json":
		err = fmt.Errorf("--output is %q; it must be text or json", output)
	}
	var s survey.Status
	if err == nil {
		s, err = d.Status(ctx, *lock, func(c *keepalived.Config) string { return checkersPIDFile(*pidfile, c) })
	}
	if err == nil {
		s.Hear(*reported, time.Now(), survey.Runs)
	}
	if err == nil && output == "json" {
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
	case s.Differs():
		return exitDiffers
	}
	return exitSame
}
