package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/hook"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// settle acts on what a hook has put into the journal: [--said] [EVENT].
func (p program) settle(ctx context.Context, paths hook.Paths, args []string) int {
	said := len(args) > 0 && args[0] == "--said"
	if said {
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
	w := p.teller(worker(paths, settings, nil))
	if text := exposed(settings, paths); text != "" && w.Journal.WarnOnce(text) {
		p.fail(exitDone, errors.New(text))
	}
	failed, err := w.Once(ctx, e, said)
	if text := w.Journal.Unknown(e); text != "" {
		p.fail(exitDone, errors.New(text))
	}
	var journal *journal.Error
	if said && errors.As(err, &journal) {
		err = nil // The hook has said so already.
	}
	return p.ended(failed, err, settingsErr, said)
}

// teller has a worker say which actions have failed, and what they have printed: the journal, which is for everybody, has less.
func (p program) teller(w *act.Worker) *act.Worker {
	w.Failed = func(n notify.ActionNote, told string) {
		text := fmt.Sprintf("%s for %s: %s", n.Action, n.Subject, n.Result)
		if told != "" {
			text += "; " + told
		}
		p.fail(exitWrong, errors.New(text))
	}
	return w
}

// stopped is for systemd to run when keepalived has ended, however it has ended: its last scripts may have been killed before they could note anything.
func (p program) stopped(ctx context.Context, paths hook.Paths, args []string) int {
	if err := flags("stopped", &paths, args, func(*flag.FlagSet) {}); err != nil {
		return p.fail(exitUsage, err)
	}
	settings, settingsErr := config.LoadNotify(paths.Settings, false)
	if settingsErr != nil {
		settings = config.NewNotify()
	}
	w := p.teller(worker(paths, settings, nil))
	_, journalErr := w.Journal.Update(func(d *notify.Document) { d.Stopped(time.Now(), journal.SinceBoot()) })
	failed, err := w.Once(ctx, nil, false)
	return p.ended(failed, errors.Join(journalErr, err), settingsErr, false)
}

// ended says what went wrong, and how to exit.
func (p program) ended(failed int, err, settingsErr error, said bool) int {
	status := exitDone
	if said {
		status = exitWrong
	}
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
