// Command lvsdns-notify-act does what lvsdns-notify needs more than a moment
// for: it reads the settings and keepalived.conf, runs actions, reads FIFOs, and
// shows the journal. lvsdns-notify starts it; nobody else has to.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/lvsdns/lvsdns/cmd/internal/help"
	"github.com/lvsdns/lvsdns/cmd/internal/usage"
	"github.com/lvsdns/lvsdns/cmd/internal/version"
	"github.com/lvsdns/lvsdns/internal/daemon"
	"github.com/lvsdns/lvsdns/notify/hook"
)

func main() {
	p := program{stdout: os.Stdout, stderr: os.Stderr}
	daemon.Main(func(ctx context.Context) int { return p.run(ctx, os.Args[1:]) })
}

// program is what a process gives.
type program struct {
	stdout, stderr *os.File
}

func (p program) run(ctx context.Context, args []string) int {
	paths, rest := hook.TakePaths(args)
	command := ""
	switch {
	case help.AskedOf(rest):
		command = "help"
	case len(rest) > 0:
		command, rest = rest[0], rest[1:]
	}
	switch command {
	case "settle":
		return p.settle(ctx, paths, rest)
	case "stopped":
		return p.stopped(ctx, paths, rest)
	case "fifo":
		return p.fifo(ctx, paths, rest)
	case "show":
		return p.show(paths, rest)
	case "check-config":
		return p.check(paths, rest)
	case "-h", "-help", "--help", "help":
		fmt.Fprint(p.stdout, usage.Notify)
		return exitDone
	case "--version":
		fmt.Fprintf(p.stdout, "lvsdns-notify %s\n", version.Program())
		return exitDone
	case "":
		return p.fail(exitUsage, errors.New("no command; --help lists them"))
	default:
		return p.fail(exitUsage, fmt.Errorf("%q is neither a state nor a command; --help lists them", command))
	}
}

// fail says what went wrong, on one line. To have asked a command for its help is nothing wrong.
func (p program) fail(status int, err error) int {
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(p.stdout, usage.Notify)
		return exitDone
	}
	hook.Say(p.stderr, hook.Log, hook.OneLine(err))
	return status
}
