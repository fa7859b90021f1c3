package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/fifo"
)

func (p program) fifo(ctx context.Context, paths notify.Paths, args []string) int {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
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
	level := new(slog.LevelVar)
	level.Set(settings.Log.Level)
	s := &service{paths: paths, settings: settings, level: level, log: logger(settings.Log.Format, level, p.stderr), kernel: clients(paths, settings)}
	s.reader = &fifo.Reader{VRRP: vrrp, LVS: lvs, After: s.track, Log: s.log, Changes: make(chan func(*fifo.Reader))}
	s.worker = worker(paths, settings, s.log)
	s.worker.Changes = make(chan func(*act.Worker))
	s.systemd = &fifo.Systemd{Socket: p.getenv("NOTIFY_SOCKET"), Watchdog: fifo.Interval(p.getenv("WATCHDOG_USEC"))}
	if err := s.run(ctx, hangup); err != nil {
		return p.fail(exitWrong, err)
	}
	return exitDone
}

// service reads the FIFOs and acts, until it is told to end.
type service struct {
	paths    notify.Paths
	settings *config.Notify
	level    *slog.LevelVar
	log      *slog.Logger
	kernel   *kernel
	reader   *fifo.Reader
	worker   *act.Worker
	systemd  *fifo.Systemd

	// The reader's goroutine has these.
	files   []act.TrackFile
	trouble string // with them
}

// run runs the reader and the worker until one of them ends.
func (s *service) run(ctx context.Context, hangup <-chan os.Signal) error {
	s.reader.Journal = s.worker.Journal
	s.read(s.reader, s.settings, s.kernel)
	wake, acts := make(chan bool), new(beats)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.worker.Run(ctx, wake, acts.beat) })
	group.Go(func() error {
		return s.reader.Run(ctx, wake, func() { s.tell(s.systemd.Say("READY=1")) }, func() {
			if acts.fresh() {
				s.tell(s.systemd.Beat(time.Now()))
			}
		})
	})
	group.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-hangup:
				s.reload(ctx)
			}
		}
	})
	err := group.Wait()
	s.tell(s.systemd.Say("STOPPING=1"))
	for _, f := range s.files {
		err = errors.Join(err, f.End())
	}
	return err
}

// reload reads the settings anew. The FIFOs stay open and actions that are under way go on: reader and worker each take the new settings between
// two steps. Settings with a mistake change nothing.
func (s *service) reload(ctx context.Context) {
	settings, err := config.LoadNotify(s.paths.Settings, false)
	if err != nil {
		s.log.Error("the settings stay as they were", "error", notify.OneLine(err))
		return
	}
	if settings.Log.Format != s.settings.Log.Format {
		s.log.Warn("this setting takes a restart and stays as it was", "setting", "log.format")
		settings.Log.Format = s.settings.Log.Format
	}
	s.settings = settings
	s.level.Set(settings.Log.Level)
	k := *s.kernel
	k.conf.as = settings.Keepalived
	select {
	case s.reader.Changes <- func(r *fifo.Reader) { s.read(r, settings, &k) }:
	case <-ctx.Done():
		return
	}
	select {
	case s.worker.Changes <- func(w *act.Worker) { instruct(w, settings, &k) }:
	case <-ctx.Done():
		return
	}
	s.log.Info("the settings were read anew", "file", s.paths.Settings, "rules", len(settings.Rules), "agreements", len(settings.Agreements), "track_files", len(settings.TrackFiles))
}

// read gives the reader its settings. A track file that is no longer in them is left as at the end of the service.
func (s *service) read(r *fifo.Reader, settings *config.Notify, k *kernel) {
	r.Resync, r.Truth = settings.Resync, k.truth
	files := trackFiles(settings)
	kept := map[string]bool{}
	for _, f := range files {
		kept[f.Path] = true
	}
	for _, f := range s.files {
		if kept[f.Path] {
			continue
		}
		if err := f.End(); err != nil {
			s.log.Error("trouble", "error", notify.OneLine(err))
		}
	}
	s.files = files
}

// track writes the track files.
func (s *service) track(ctx context.Context) {
	text := ""
	if err := act.Track(ctx, s.kernel.table, s.files); err != nil {
		text = notify.OneLine(err)
	}
	if text != s.trouble && text != "" {
		s.log.Error("trouble", "error", text)
	}
	s.trouble = text
}

func (s *service) tell(err error) {
	if err != nil {
		s.log.Warn("systemd does not listen", "error", err)
	}
}
