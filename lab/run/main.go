// Command lab-run runs one command in a guest kernel that has IPVS. It is made
// for "go test -exec": see docs/lab.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/guest"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	fs := flag.NewFlagSet("lab-run", flag.ContinueOnError)
	var s guest.Spec
	fs.Func("writable", "directory that the guest writes through to the host (repeatable)", func(d string) error {
		s.Writable = append(s.Writable, d)
		return nil
	})
	timeout := fs.Duration("timeout", 0, "end the guest after this time (default: a little more than -test.timeout, else 10m)")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	writable, testTimeout := guest.TestFlags(fs.Args())
	s.Writable = append(s.Writable, writable...)
	switch {
	case *timeout > 0:
	case testTimeout > 0:
		*timeout = testTimeout + 30*time.Second // the test's own timeout prints goroutines: let it come first
	default:
		*timeout = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), *timeout, fmt.Errorf("the guest took longer than %v and was ended", *timeout))
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	s.Argv, s.Env, s.Stdout, s.Stderr = fs.Args(), os.Environ(), os.Stdout, os.Stderr
	s.Dir, _ = os.Getwd()
	status, err := guest.Run(ctx, s)
	if err == nil {
		return status
	}
	var crash *guest.CrashError
	if errors.As(err, &crash) {
		fmt.Fprintf(os.Stderr, "%s\n", crash.Console)
	}
	fmt.Fprintf(os.Stderr, "lab-run: %v\n", err)
	return 1
}
