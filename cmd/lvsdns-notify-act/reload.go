package main

import (
	"context"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/fifo"
	"github.com/lvsdns/lvsdns/notify/hook"
)

// reload reads the settings anew. The FIFOs stay open and actions that are under way go on: reader and worker each take the new settings between
// two steps. Settings with a mistake change nothing.
func (s *service) reload(ctx context.Context) {
	settings, err := load(s.paths, s.flags)
	if err != nil {
		s.Log.Error("the settings stay as they were", "error", hook.OneLine(err))
		return
	}
	if settings.Log.Format != s.settings.Log.Format {
		s.Log.Warn("this setting takes a restart and stays as it was", "setting", "log.format")
		settings.Log.Format = s.settings.Log.Format
	}
	s.settings = settings
	s.warn(ctx)
	s.SetLevel(settings.Log.Level)
	k := *s.kernel
	k.truth = source(s.paths, settings)
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
	s.Log.Info("the settings were read anew", "file", s.paths.Settings, "rules", len(settings.Rules), "agreements", len(settings.Agreements), "track_files", len(settings.TrackFiles))
}

// read gives the reader its settings. A track file that is no longer in them is left as at the end of the service.
func (s *service) read(r *fifo.Reader, settings *config.Notify, k *kernel) {
	r.Resync, r.Truth = settings.Resync, k.truth.Alive
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
			s.Log.Error("trouble", "error", hook.OneLine(err))
		}
	}
	s.files = files
}

// track writes the track files.
func (s *service) track(ctx context.Context) {
	text := ""
	if err := act.Track(ctx, s.kernel.table, s.files); err != nil {
		text = hook.OneLine(err)
	}
	if text != s.trouble && text != "" {
		s.Log.Error("trouble", "error", text)
	}
	s.trouble = text
}
