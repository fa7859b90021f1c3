package main

import (
	"context"
	"strings"

	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/daemon"
	"github.com/lvsdns/lvsdns/internal/dnstap"
	"github.com/lvsdns/lvsdns/internal/httpd"
)

// service is a running exporter. What it listens to and has counted stays through a reload; how the host is read is made anew.
type service struct {
	*daemon.Daemon
	arguments config.Arguments
	settings  *config.Exporter // as they are in force
	build     exporter.Build

	checks  *exporter.Checks
	packets *capture.Capture
	off     string // why nothing is captured though dns.capture is auto
	tap     *dnstap.Listener
	served  exporter.Served
	tables  *tables
	ends    func() // ends what the exporter that is served has going
}

// run runs the parts until ctx ends or one of them fails.
func (s *service) run(ctx context.Context, hangup <-chan struct{}) error {
	if c := s.settings.Checks; c.Socket != "" {
		s.checks = exporter.NewChecks(exporter.ChecksConfig{Socket: c.Socket})
	}
	on, off := capture.Wanted(s.settings.DNS.Capture, capture.Allowed)
	if on {
		s.packets = newCapture(s.settings.DNS, s.Log)
	} else if s.off = off; off != "" {
		s.Log.Info("dns.capture is off", "because", off)
	}
	s.tap = newDnstap(s.settings.DNS, s.Log)
	listeners, err := httpd.Listen(s.settings.Web.Listen, s.settings.Web.Systemd)
	if err != nil {
		return err
	}
	defer httpd.CloseAll(listeners)
	ctx = s.Start(ctx)
	s.use(ctx)
	s.Go(ctx, s.served.Server(listeners, s.settings.Web.ConfigFile, s.Log).Serve)
	if s.checks != nil {
		s.Go(ctx, s.checks.Listen)
	}
	if s.packets != nil {
		s.Go(ctx, s.counts(s.packets))
	}
	if s.tap != nil {
		s.Go(ctx, s.counts(s.tap))
	}
	s.Ready() // the ports are open, and the first exporter is made
	s.Go(ctx, daemon.Reloads(hangup, s.reload, s.Alive))
	return s.Wait()
}

// counts is the part that counts DNS traffic, by the settings of the start.
func (s *service) counts(c counter) daemon.Task {
	dns := s.settings.DNS
	return func(ctx context.Context) error { return count(ctx, c, &s.served, dns, s.Log) }
}

// reload reads the settings anew. Settings with a mistake change nothing.
func (s *service) reload(ctx context.Context) {
	settings, err := load(s.arguments)
	if err != nil {
		s.Log.Error("the settings stay as they were", "error", strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	if kept := settings.Keep(s.settings); len(kept) > 0 {
		s.Log.Warn("these settings take a restart and stay as they were", "settings", strings.Join(kept, ", "))
	}
	s.settings = settings
	s.SetLevel(settings.Log.Level)
	s.use(ctx)
	s.Log.Info("the settings were read anew", "file", s.arguments.File)
}

// use makes an exporter by the settings and serves it in the place of the one before.
func (s *service) use(ctx context.Context) {
	settings := s.settings
	s.warn()
	s.read(ctx)
	e := exporter.New(s.sources())
	if s.checks != nil {
		users, _ := reporters(settings) // that they exist was seen when the settings were read
		s.checks.Limit(settings.Checks.Max, settings.Checks.Forget, users)
		e.Learn(ctx)
	}
	s.served.Use(e)
	if s.ends != nil {
		s.ends()
	}
	ctx, s.ends = context.WithCancel(ctx)
	s.Go(ctx, func(ctx context.Context) error { e.Watch(ctx); return nil })
}
