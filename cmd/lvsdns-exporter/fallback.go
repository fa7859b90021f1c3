package main

import (
	"path/filepath"

	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback/report"
	"github.com/lvsdns/lvsdns/internal/host"
)

// fallback reads what lvsdns-fallback says of itself; nil if it is not to be read.
func fallback(s *config.Exporter) func() (*exporter.Fallback, error) {
	if s.Fallback.ReportFile == "" {
		return nil
	}
	return func() (*exporter.Fallback, error) {
		r, err := report.Read(s.Fallback.ReportFile)
		if r == nil {
			return &exporter.Fallback{}, err
		}
		f := &exporter.Fallback{
			State: exporter.FallbackPrograms, Why: r.Stopped, At: r.At, Writes: r.Writes, Errors: r.Errors,
			VirtualServers: r.VirtualServers, Blocked: r.Blocked, Up: r.Up, Down: r.Down, Checks: r.Checks,
		}
		switch {
		case !runs(s.Sources.Root, r.PID):
			f.State = exporter.FallbackGone
		case r.Waits:
			f.State = exporter.FallbackWaits
		case r.Stopped != "":
			f.State = exporter.FallbackStopped
		}
		return f, nil
	}
}

// runs reports whether a process is a lvsdns-fallback that lives: another user may have a process of that name, and of that number by now.
func runs(root string, pid int) bool {
	p, err := host.ReadProcess(filepath.Join(root, "proc"), pid)
	return err == nil && p.Trusted() && p.State != 'Z' && p.Name == "lvsdns-fallback"
}
