package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/daemon"
	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/report"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// take takes the table now, or waits for its time.
func take(ctx context.Context, s *config.Fallback, cfg *keepalived.Config, d *daemon.Daemon) (*guard.Held, error) {
	o := guard.Options{Lock: s.LockFile, PIDFile: checkersPIDFile(s.CheckersPIDFile, cfg), Config: s.ConfigFile}
	if !s.Standby {
		return guard.Take(o)
	}
	waits := func() {}
	if s.ReportFile != "" {
		defer os.Remove(s.ReportFile)
		say := reporter(s.ReportFile, d.Log)
		waits = func() {
			say(report.Report{PID: os.Getpid(), At: time.Now(), Every: guard.LookEvery.Seconds(), Waits: true})
		}
	}
	waits()
	d.Ready() // waiting is what it is there for
	return guard.Await(ctx, o, guard.Standby{
		Every: guard.Pulse(cfg), Freeze: s.Freeze,
		Waiting: func(why string) { d.Log.Info("stands by", "because", why) },
		Acting: func(c guard.Cause, parent int) {
			d.Log.Warn("takes over", "because", string(c), "freezes", parent)
		},
		Alive: func() { waits(); d.Alive() },
	})
}

// reporter writes reports, and says once if that fails.
func reporter(name string, log *slog.Logger) func(report.Report) {
	said := false
	return func(r report.Report) {
		err := report.Write(name, r)
		if err != nil && !said {
			log.Warn("lvsdns-exporter learns nothing", "error", err)
		}
		said = err != nil
	}
}
