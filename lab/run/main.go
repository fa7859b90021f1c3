// Command lab-run runs one command in a guest kernel that has IPVS. It is made
// for "go test -exec"; docs/lab.md says more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/guest"
)

const usage = `Usage: lab-run [flags] COMMAND [ARGUMENT...]

Runs COMMAND in a guest kernel that has IPVS. Output and exit status are the
command's. What it writes is thrown away, except in the working directory, where
"go test" wants its results, and in each --writable directory.

`

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return fail(err)
	}
	if o.terminal {
		terminal, restore, err := openTerminal()
		if err != nil {
			return fail(err)
		}
		defer restore()
		o.spec.Terminal = terminal
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), o.timeout,
		fmt.Errorf("the guest took longer than %v and was ended", o.timeout))
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	status, err := guest.Run(ctx, o.spec)
	var crash *guest.CrashError
	switch {
	case err == nil:
		return status
	case errors.Is(ctx.Err(), context.Canceled): // a signal: no need to say why
		return 130
	case errors.As(err, &crash):
		fmt.Fprintf(os.Stderr, "--- console of the guest ---\n%s\n--- end of the console ---\n", crash.Console)
	}
	return fail(err)
}

func fail(err error) int {
	fmt.Fprintf(os.Stderr, "lab-run: %v\n", err)
	return 1
}

type options struct {
	spec     guest.Spec
	timeout  time.Duration
	terminal bool
}

func parse(args []string) (options, error) {
	var o options
	s := &o.spec
	fs := flag.NewFlagSet("lab-run", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // a mistake gets one line, from main
	var root string
	var writable []string
	fs.StringVar(&s.Kernel, "kernel", "auto", "kernel: `uml`, qemu, host or auto")
	fs.StringVar(&root, "root", "", "`directory` that is the guest's root, such as a debootstrap tree (default the host's root)")
	fs.IntVar(&s.MemMB, "mem", 1024, "memory in `MB`")
	timeout := fs.Duration("timeout", 0, "end the guest after this `time` (default 30s more than -test.timeout, else 10m)")
	fs.BoolVar(&o.terminal, "t", false, "type at the command, as in: lab-run -t bash (uml only)")
	verbose := fs.Bool("v", false, "show the guest's console as it comes")
	fs.Func("writable", "`directory` that is written through to the host (repeatable)", func(d string) error {
		writable = append(writable, d)
		return nil
	})
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(os.Stdout)
		fmt.Fprint(os.Stdout, usage)
		fs.PrintDefaults()
	}
	if err != nil {
		return o, err
	}
	if s.Dir, err = os.Getwd(); err != nil {
		return o, err
	}
	fromTest, testTimeout := guest.TestFlags(fs.Args())
	for _, d := range append(writable, fromTest...) {
		if d, err = filepath.Abs(d); err != nil {
			return o, err
		}
		s.Writable = append(s.Writable, d)
	}
	if root != "" {
		if s.Root, err = filepath.Abs(root); err != nil {
			return o, err
		}
		if !exists(filepath.Join(s.Root, "bin/sh")) {
			return o, fmt.Errorf("--root %s is no Debian tree: lab/trixie.sh makes one", root)
		}
		s.Readable = append(s.Readable, moduleRoot(s.Dir))
		if program := fs.Arg(0); filepath.IsAbs(program) && !exists(filepath.Join(s.Root, program)) {
			s.Readable = append(s.Readable, filepath.Dir(program))
		}
	}
	s.Argv, s.Env, s.Stdout, s.Stderr = fs.Args(), os.Environ(), os.Stdout, os.Stderr
	if sameFile(os.Stdout, os.Stderr) {
		s.Stderr = os.Stdout
	}
	if *verbose {
		s.Console = os.Stderr
	}
	o.timeout = deadline(*timeout, testTimeout, o.terminal)
	return o, nil
}

// deadline leaves the test binary's own timeout time to come first, for it prints
// what every goroutine was doing.
func deadline(flag, test time.Duration, terminal bool) time.Duration {
	switch {
	case flag > 0:
		return flag
	case test > 0:
		return test + 30*time.Second
	case terminal:
		return 24 * time.Hour
	}
	return 10 * time.Minute
}

// sameFile finds out if both streams go to one place, as under "go test", where
// their order must hold.
func sameFile(a, b *os.File) bool {
	fa, errA := a.Stat()
	fb, errB := b.Stat()
	return errA == nil && errB == nil && os.SameFile(fa, fb)
}

// moduleRoot is the nearest directory upwards that holds a go.mod, so that a test
// in another root still finds the files of its repository.
func moduleRoot(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		if exists(filepath.Join(d, "go.mod")) {
			return d
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
