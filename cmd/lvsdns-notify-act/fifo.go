package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/systemd"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/fifo"
	"github.com/lvsdns/lvsdns/notify/hook"
)

func (p program) fifo(ctx context.Context, paths hook.Paths, args []string) int {
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
	s.systemd = systemd.New(p.getenv)
	if err := s.run(ctx, hangup); err != nil {
		return p.fail(exitWrong, err)
	}
	return exitDone
}

// service reads the FIFOs and acts, until it is told to end.
type service struct {
	paths    hook.Paths
	settings *config.Notify
	level    *slog.LevelVar
	log      *slog.Logger
	kernel   *kernel
	reader   *fifo.Reader
	worker   *act.Worker
	systemd  *systemd.Notifier

	// The reader's goroutine has these.
	files   []act.TrackFile
	trouble string // with them
}

// run runs the reader and the worker until one of them ends.
func (s *service) run(ctx context.Context, hangup <-chan os.Signal) error {
	s.reader.Journal = s.worker.Journal
	s.warn(ctx)
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

// warn says what is no mistake, and not well either.
func (s *service) warn(ctx context.Context) {
	if text := exposed(s.settings, s.paths); text != "" {
		s.log.Warn(text)
	}
	self, err := host.ReadProcess("/proc", os.Getpid())
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	rights := act.Rights{
		User: os.Geteuid(), Capabilities: self.Capabilities, Offline: sync.OnceValue(func() bool { return s.systemd.Offline(ctx) }),
		Writable: func(path string) error { return syscall.Access(path, 2) },
	}
	for _, line := range rights.Lacks(rules(s.settings, s.kernel), agreements(s.settings, s.kernel), trackFiles(s.settings)) {
		s.log.Warn(line)
	}
}

func (s *service) tell(err error) {
	if err != nil {
		s.log.Warn("systemd does not listen", "error", err)
	}
}
