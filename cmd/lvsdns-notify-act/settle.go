package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/act"
)

// settle acts on what a hook has put into the journal: [--said] [--rest] [EVENT].
func (p program) settle(ctx context.Context, paths notify.Paths, args []string) int {
	var said, rest bool
	for len(args) > 0 && (args[0] == "--said" || args[0] == "--rest") {
		said, rest = said || args[0] == "--said", rest || args[0] == "--rest"
		args = args[1:]
	}
	var e *notify.Event
	if len(args) > 0 && args[0] != "" {
		event, err := notify.DecodeEvent(args[0])
		if err != nil {
			return p.fail(exitUsage, fmt.Errorf("settle: %w", err))
		}
		e = &event
	}
	settings, settingsErr := config.LoadNotify(paths.Settings, false)
	if settingsErr != nil {
		// What is wrong is said at the end: state is settled all the same.
		settings = config.NewNotify()
	}
	// A signal is keepalived's way to say that there is no more time.
	ctx, end := endless(ctx)
	defer end(nil)
	if e != nil && e.State == notify.Stop && !rest {
		began := time.Duration(0)
		if e.Born != 0 {
			began = notify.SinceBoot() - e.Born
		}
		timer := time.AfterFunc(max(10*time.Millisecond, settings.StopWithin-began), func() { end(act.ErrOutOfTime) })
		defer timer.Stop()
	}
	failed, err := worker(paths, settings, nil).Once(ctx, e)
	if errors.Is(err, act.ErrOutOfTime) {
		err = leave(paths, e)
	}
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

// endless is a context that ends with a parent's, and with another cause.
func endless(parent context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(parent))
	context.AfterFunc(parent, func() { end(act.ErrOutOfTime) })
	return ctx, end
}

// leave starts a process that keepalived does not know of, and that does what there was no time for.
func leave(paths notify.Paths, e *notify.Event) error {
	if e == nil {
		return act.ErrOutOfTime // Nobody's hook: somebody's Ctrl-C.
	}
	args := paths.Settle(*e, true)
	at := slices.Index(args, "settle") + 1
	cmd := exec.Command("/proc/self/exe", slices.Insert(args, at, "--rest")...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("not all was done, and nobody does the rest: %w", err)
	}
	return nil
}
