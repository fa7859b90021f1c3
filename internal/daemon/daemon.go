// Package daemon is the life of a service: which signals reach it, what it logs, that its parts end together, and what systemd is told of
// it. A part is a [Task]; what a program does besides wiring its parts is not here.
package daemon

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Task is a part of a service. It works until its context ends. An error ends the other parts too.
type Task func(ctx context.Context) error

// Daemon is a service.
type Daemon struct {
	Log *slog.Logger

	level      slog.LevelVar
	group      *errgroup.Group
	supervised bool // by systemd

	mu       sync.Mutex
	watchdog time.Duration // how long systemd waits for a sign of life; 0: it does not
	fed      time.Time
}

// New makes a service that logs from a level on, as format says: json or text.
func New(format string, level slog.Level, to io.Writer) *Daemon {
	d := &Daemon{supervised: os.Getenv("NOTIFY_SOCKET") != ""}
	d.SetLevel(level)
	options := &slog.HandlerOptions{Level: &d.level}
	if format == "json" {
		d.Log = slog.New(slog.NewJSONHandler(to, options))
	} else {
		d.Log = slog.New(slog.NewTextHandler(to, options))
	}
	d.watchdog = d.interval()
	return d
}

// SetLevel changes from which level on it logs.
func (d *Daemon) SetLevel(l slog.Level) { d.level.Set(l) }

// Start begins the life of the parts: they get the context, or one below it.
func (d *Daemon) Start(ctx context.Context) context.Context {
	d.group, ctx = errgroup.WithContext(ctx)
	return ctx
}

// Go starts a part, between [Daemon.Start] and the end of [Daemon.Wait].
func (d *Daemon) Go(ctx context.Context, part Task) {
	d.group.Go(func() error { return part(ctx) })
}

// Wait waits for the end of all parts, and returns the first error of one.
func (d *Daemon) Wait() error {
	err := d.group.Wait()
	d.Stopping()
	return err
}

// Reloads is the part that has the settings read anew at each word of hangup. idle is called each second in between; nil: nothing is.
func Reloads(hangup <-chan struct{}, reload func(context.Context), idle func()) Task {
	return func(ctx context.Context) error {
		var second <-chan time.Time
		if idle != nil {
			ticker := time.NewTicker(time.Second)
			defer ticker.Stop()
			second = ticker.C
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-hangup:
				reload(ctx)
			case <-second:
				idle()
			}
		}
	}
}
