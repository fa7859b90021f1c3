// Command lvsdns-notify-act does what lvsdns-notify needs more than a moment
// for: it reads the settings and keepalived.conf, runs actions, reads FIFOs, and
// shows the journal. lvsdns-notify starts it; nobody else has to.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	p := program{stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	status := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// program is what a process gives.
type program struct {
	stdout, stderr *os.File
	getenv         func(string) string
}

func (p program) run(ctx context.Context, args []string) int {
	paths, rest := notify.TakePaths(args)
	command := ""
	if len(rest) > 0 {
		command, rest = rest[0], rest[1:]
	}
	switch command {
	case "settle":
		return p.settle(ctx, paths, rest)
	case "fifo":
		return p.fifo(ctx, paths, rest)
	case "show":
		return p.show(paths, rest)
	case "check-config":
		return p.check(paths, rest)
	case "-h", "-help", "--help", "help":
		fmt.Fprint(p.stdout, usage)
		return exitDone
	case "--version":
		fmt.Fprintf(p.stdout, "lvsdns-notify %s\n", version())
		return exitDone
	case "":
		return p.fail(exitUsage, errors.New("no command; --help lists them"))
	default:
		return p.fail(exitUsage, fmt.Errorf("%q is neither a state nor a command; --help lists them", command))
	}
}

// settle acts on what a hook has put into the journal: [--said] EVENT.
func (p program) settle(ctx context.Context, paths notify.Paths, args []string) int {
	said := len(args) > 0 && args[0] == "--said"
	if said {
		args = args[1:]
	}
	var e *notify.Event
	if len(args) > 0 && args[0] != "" {
		e = &notify.Event{}
		if err := json.Unmarshal([]byte(args[0]), e); err != nil {
			return p.fail(exitUsage, fmt.Errorf("settle: %w", err))
		}
	}
	settings, settingsErr := config.LoadNotify(paths.Settings, false)
	if settingsErr != nil {
		// What is wrong is said at the end: state is settled all the same.
		settings = config.NewNotify()
	}
	if e != nil && e.State == notify.Stop {
		var cancel context.CancelFunc
		began := time.Duration(0)
		if e.Born != 0 {
			began = notify.SinceBoot() - e.Born
		}
		ctx, cancel = context.WithTimeout(ctx, max(10*time.Millisecond, settings.StopWithin-began))
		defer cancel()
	}
	w := worker(paths, settings, nil)
	failed, err := w.Once(ctx, e)
	var journal *notify.JournalError
	if said && errors.As(err, &journal) {
		err = nil // The hook has said so already.
	}
	status := exitDone
	if err != nil {
		status = p.fail(exitWrong, err)
	}
	if failed > 0 {
		status = p.fail(exitWrong, fmt.Errorf("%d actions failed; lvsdns-notify show has them", failed))
	}
	if settingsErr != nil {
		status = p.fail(exitUsage, fmt.Errorf("no action is done: %w", settingsErr))
	}
	return status
}

func (p program) fail(status int, err error) int {
	text := notify.OneLine(err)
	if notify.IsNull(p.stderr) {
		_ = notify.Syslog("/dev/log", "lvsdns-notify", text)
	} else {
		fmt.Fprintf(io.Writer(p.stderr), "lvsdns-notify: %s\n", text)
	}
	return status
}

func logger(l config.Log, to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
