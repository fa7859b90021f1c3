package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/fifo"
	"github.com/lvsdns/lvsdns/notify/show"
)

// flags reads the flags of a command, which takes nothing else. Those that name files may stand here too.
func flags(name string, paths *notify.Paths, args []string, define func(*flag.FlagSet)) error {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	for name, to := range paths.Flags() {
		fs.StringVar(to, name, *to, "")
	}
	define(fs)
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("%s: %q is no flag; --help lists them", name, fs.Arg(0))
	}
	return nil
}

func (p program) show(paths notify.Paths, args []string) int {
	output := "text"
	err := flags("show", &paths, args, func(fs *flag.FlagSet) { fs.StringVar(&output, "output", output, "") })
	if err == nil && output != "text" && output != "json" {
		err = fmt.Errorf("show: --output: want text or json, not %q", output)
	}
	if err != nil {
		return p.fail(exitUsage, err)
	}
	d, err := (&notify.Journal{StateDir: paths.StateDir, RunDir: paths.RunDir}).Read()
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

func (p program) fifo(ctx context.Context, paths notify.Paths, args []string) int {
	var vrrp, lvs string
	err := flags("fifo", &paths, args, func(fs *flag.FlagSet) {
		fs.StringVar(&vrrp, "vrrp", "", "")
		fs.StringVar(&lvs, "lvs", "", "")
	})
	if err == nil && vrrp == "" {
		err = errors.New("fifo: --vrrp is missing: the path that keepalived.conf has as vrrp_notify_fifo")
	}
	if err == nil && vrrp == lvs {
		err = errors.New("fifo: --vrrp and --lvs are the same file: use vrrp_notify_fifo and lvs_notify_fifo, not notify_fifo for both")
	}
	if err != nil {
		return p.fail(exitUsage, err)
	}
	settings, err := config.LoadNotify(paths.Settings, false)
	if err != nil {
		return p.fail(exitUsage, err)
	}
	log := logger(settings.Log, p.stderr)
	if err := p.read(ctx, paths, settings, vrrp, lvs, log); err != nil {
		return p.fail(exitWrong, err)
	}
	return exitDone
}

// read runs the reader and the worker until one of them ends.
func (p program) read(ctx context.Context, paths notify.Paths, settings *config.Notify, vrrp, lvs string, log *slog.Logger) error {
	c := clients(paths, settings)
	w := worker(paths, settings, log)
	files := trackFiles(settings)
	trouble := ""
	r := &fifo.Reader{
		VRRP: vrrp, LVS: lvs, Journal: w.Journal, Truth: c.truth, Resync: settings.Resync, Log: log,
		After: func(ctx context.Context) {
			text := ""
			if err := act.Track(ctx, c.table, files); err != nil {
				text = notify.OneLine(err)
			}
			if text != trouble && text != "" {
				log.Error("trouble", "error", text)
			}
			trouble = text
		},
	}
	systemd := &fifo.Systemd{Socket: p.getenv("NOTIFY_SOCKET"), Watchdog: fifo.Interval(p.getenv("WATCHDOG_USEC"))}
	tell := func(err error) {
		if err != nil {
			log.Warn("systemd does not listen", "error", err)
		}
	}
	wake, acts := make(chan bool), new(beats)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.Run(ctx, wake, acts.beat) })
	group.Go(func() error {
		return r.Run(ctx, wake, func() { tell(systemd.Say("READY=1")) }, func() {
			if acts.fresh() {
				tell(systemd.Beat(time.Now()))
			}
		})
	})
	err := group.Wait()
	tell(systemd.Say("STOPPING=1"))
	for _, f := range files {
		err = errors.Join(err, f.End())
	}
	return err
}
