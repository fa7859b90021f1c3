package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/daemon"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/fifo"
)

// TestReload gives reader and worker the new settings; a mistake changes nothing, and what takes a restart is said.
func TestReload(t *testing.T) {
	first := "log: {level: info, format: text}\nresync: 10s\ntrack-files:\n  - {path: %a, vip: 192.0.2.53, on-exit: zero}\n  - {path: %b, vip: 192.0.2.54, on-exit: remove}\n"
	for _, tt := range []struct {
		name, text string
		resync     time.Duration
		rules      int
		level      slog.Level
		log        string
		a, b       string // what is in the track files then
	}{
		{"a mistake", "resinc: 5s\n", 10 * time.Second, 0, slog.LevelInfo, "the settings stay as they were", "7", "7"},
		{"other settings", "resync: 3s\nlog: {level: debug}\nrules:\n  - states: [master]\n    actions: [{conntrack: {}}]\ntrack-files:\n  - {path: %a, vip: 192.0.2.53}\n", 3 * time.Second, 1, slog.LevelDebug, "the settings were read anew", "7", "gone"},
		{"another format of the log", "log: {format: json}\ntrack-files:\n  - {path: %b, vip: 192.0.2.53}\n", 10 * time.Second, 0, slog.LevelInfo, "setting=log.format", "0", "7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
			named := strings.NewReplacer("%a", a, "%b", b)
			paths, settings := settingsOf(t, named.Replace(first))
			write(t, dir, map[string]string{"a": "7\n", "b": "7\n"})
			var log bytes.Buffer
			s := &service{Daemon: daemon.New("logfmt", slog.LevelInfo, &log), paths: paths, settings: settings, kernel: clients(paths, settings)}
			s.reader, s.worker = &fifo.Reader{Changes: make(chan func(*fifo.Reader))}, worker(paths, settings, nil)
			s.worker.Changes = make(chan func(*act.Worker))
			s.read(s.reader, settings, s.kernel)

			write(t, filepath.Dir(paths.Settings), map[string]string{"notify.yaml": named.Replace(tt.text)})
			ended := make(chan struct{})
			go func() { s.reload(t.Context()); close(ended) }()
			for done := false; !done; {
				select {
				case change := <-s.reader.Changes:
					change(s.reader)
				case change := <-s.worker.Changes:
					change(s.worker)
				case <-ended:
					done = true
				}
			}
			if s.reader.Resync != tt.resync || len(s.worker.Rules) != tt.rules || s.settings.Log.Format != "logfmt" {
				t.Errorf("resync %v, %d rules, format %s", s.reader.Resync, len(s.worker.Rules), s.settings.Log.Format)
			}
			if !s.Log.Enabled(t.Context(), tt.level) || s.Log.Enabled(t.Context(), tt.level-1) {
				t.Errorf("it does not log from %v on", tt.level)
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("%q is not in\n%s", tt.log, log.String())
			}
			for path, want := range map[string]string{a: tt.a, b: tt.b} {
				text, err := os.ReadFile(path)
				if os.IsNotExist(err) {
					text = []byte("gone")
				}
				if got := strings.TrimSpace(string(text)); got != want {
					t.Errorf("%s has %s, want %s", filepath.Base(path), got, want)
				}
			}
		})
	}
}

// TestReloadAtTheEnd: a service that ends waits for nobody.
func TestReloadAtTheEnd(t *testing.T) {
	paths, settings := settingsOf(t, "")
	s := &service{paths: paths, settings: settings, kernel: clients(paths, settings), Daemon: daemon.New("logfmt", slog.LevelInfo, io.Discard)}
	s.reader, s.worker = &fifo.Reader{Changes: make(chan func(*fifo.Reader))}, worker(paths, settings, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.reload(ctx)
}
