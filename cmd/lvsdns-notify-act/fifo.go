package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"sync"
	"syscall"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/daemon"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/fifo"
	"github.com/lvsdns/lvsdns/notify/hook"
)

func (p program) fifo(ctx context.Context, paths hook.Paths, args []string) int {
	hangup := daemon.Hangups(ctx)
	var vrrp, lvs string
	said := config.Flags{}
	err := flags("fifo", &paths, args, func(fs *flag.FlagSet) {
		fs.StringVar(&vrrp, "vrrp", "", "")
		fs.StringVar(&lvs, "lvs", "", "")
		for _, key := range []string{"log.level", "log.format"} {
			fs.Func(key, "", func(text string) error { said[key] = []string{text}; return nil })
		}
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
	settings, err := load(paths, said)
	if err != nil {
		return p.fail(exitUsage, err)
	}
	s := &service{
		Daemon: daemon.New(settings.Log.Format, settings.Log.Level, p.stderr),
		paths:  paths, flags: said, settings: settings, kernel: clients(paths, settings),
	}
	s.reader = &fifo.Reader{VRRP: vrrp, LVS: lvs, After: s.track, Log: s.Log, Changes: make(chan func(*fifo.Reader))}
	s.worker = worker(paths, settings, s.Log)
	s.worker.Changes = make(chan func(*act.Worker))
	if err := s.run(ctx, hangup); err != nil {
		return p.fail(exitWrong, err)
	}
	return exitDone
}

// service reads the FIFOs and acts, until it is told to end.
type service struct {
	*daemon.Daemon
	paths    hook.Paths
	flags    config.Flags
	settings *config.Notify
	kernel   *kernel
	reader   *fifo.Reader
	worker   *act.Worker

	// The reader's goroutine has these.
	files   []act.TrackFile
	trouble string // with them
}

// load reads the settings of the service.
func load(paths hook.Paths, flags config.Flags) (*config.Notify, error) {
	settings, err := config.LoadNotify(paths.Settings, false)
	if err == nil {
		err = settings.Flags(flags)
	}
	return settings, err
}

// run runs the reader and the worker until one of them ends.
func (s *service) run(ctx context.Context, hangup <-chan struct{}) error {
	s.reader.Journal = s.worker.Journal
	s.warn(ctx)
	s.read(s.reader, s.settings, s.kernel)
	wake, acts := make(chan bool), new(beats)
	ctx = s.Start(ctx)
	s.Go(ctx, func(ctx context.Context) error { return s.worker.Run(ctx, wake, acts.beat) })
	s.Go(ctx, func(ctx context.Context) error {
		return s.reader.Run(ctx, wake, s.Ready, func() {
			if acts.fresh() {
				s.Alive()
			}
		})
	})
	s.Go(ctx, daemon.Reloads(hangup, s.reload, nil)) // the reader gives the signs of life
	err := s.Wait()
	for _, f := range s.files {
		err = errors.Join(err, f.End())
	}
	return err
}

// warn says what is no mistake, and not well either.
func (s *service) warn(ctx context.Context) {
	if text := exposed(s.settings, s.paths); text != "" {
		s.Log.Warn(text)
	}
	self, err := host.ReadProcess("/proc", os.Getpid())
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	rights := act.Rights{
		User: os.Geteuid(), Capabilities: self.Capabilities, Offline: sync.OnceValue(func() bool { return s.Offline(ctx) }),
		Writable: func(path string) error { return syscall.Access(path, 2) },
	}
	for _, line := range rights.Lacks(rules(s.settings, s.kernel), agreements(s.settings, s.kernel), trackFiles(s.settings)) {
		s.Log.Warn(line)
	}
}
