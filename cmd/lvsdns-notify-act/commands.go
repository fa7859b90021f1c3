package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/lvsdns/lvsdns/notify/hook"
	"github.com/lvsdns/lvsdns/notify/journal"
	"github.com/lvsdns/lvsdns/notify/show"
)

// flags reads the flags of a command, which takes nothing else. Those that name files may stand here too.
func flags(name string, paths *hook.Paths, args []string, define func(*flag.FlagSet)) error {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	for name, to := range paths.Flags() {
		fs.StringVar(to, name, *to, "")
	}
	define(fs)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("%s: %q is no flag; --help lists them", name, fs.Arg(0))
	}
	return nil
}

func (p program) show(paths hook.Paths, args []string) int {
	output := "text"
	err := flags("show", &paths, args, func(fs *flag.FlagSet) { fs.StringVar(&output, "output", output, "") })
	if err == nil && output != "text" && output != "json" {
		err = fmt.Errorf("show: --output: want text or json, not %q", output)
	}
	if err != nil {
		return p.fail(exitUsage, err)
	}
	d, err := (&journal.Journal{StateDir: paths.StateDir, RunDir: paths.RunDir, Any: true}).Read()
	if err != nil {
		return p.fail(exitWrong, err)
	}
	if output == "json" {
		err = show.JSON(p.stdout, d)
	} else {
		err = show.Text(p.stdout, d, time.Now())
	}
	if err != nil {
		return p.fail(exitWrong, err)
	}
	return exitDone
}
