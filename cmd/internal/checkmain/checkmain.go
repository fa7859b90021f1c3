// Package checkmain is what the two programs of the checker have in common:
// lvsdns-check, and lvsdns-check-tls with the encrypted transports.
package checkmain

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/command"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/lvsdns/lvsdns/cmd/internal/version"
)

// Run does the check that the process's arguments ask for and returns its exit
// status.
func Run(p command.Program) int {
	p.Name, p.Args, p.Getenv = "lvsdns-check", os.Args[1:], os.Getenv
	p.Stdout, p.Stderr, p.Version, p.Exit = os.Stdout, os.Stderr, built, os.Exit
	failClosed(p.Args)
	return p.Run(context.Background()).ExitStatus
}

// answeredByNow is far below any deadline of a check, and so any SIGTERM that comes of one.
const answeredByNow = 10 * time.Millisecond

// failClosed makes every way out that no code of ours sees end with a failure.
// keepalived's misc_dynamic reads 2 as "up, weight 0", and 2 is what a Go
// program ends with on a fatal error; a process that a signal ended has failed.
func failClosed(args []string) {
	debug.SetTraceback("crash")
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	signal.Ignore(syscall.SIGPIPE) // a reader that is gone has no say in the verdict
	// Late, because a Go program receives signals with two threads more, a tenth of the CPU time of
	// a check, and a healthy server has answered by then. Before that a signal ends the process: a
	// failure too, but keepalived mends the weight only after an exit.
	time.AfterFunc(answeredByNow, func() {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
		<-stop
		os.Exit(exit.Status(checker.Terminated, command.ModeOf(args), nil))
	})
}

func built() (string, bool) { return version.Program(), true }
