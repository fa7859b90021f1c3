package handback

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
)

// TestStart starts a keepalived by commands; there is none with this configuration.
func TestStart(t *testing.T) {
	dir := t.TempDir()
	o := guard.Options{Lock: filepath.Join(dir, "lock"), PIDFile: filepath.Join(dir, "pid"), Config: filepath.Join(dir, "keepalived.conf")}
	program := func(text string) string {
		name := filepath.Join(dir, "start")
		if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, tt := range []struct{ name, command, done, err string }{
		{"started", program("exit 0\n") + " now", "started: ", ""},
		{"a command without a word", " ", "", "--start-command is empty"},
		{"no such program", filepath.Join(dir, "none"), "", "start keepalived: "},
	} {
		done, err := Start(o, tt.command)
		if !strings.HasPrefix(done, tt.done) || (done == "") != (tt.done == "") || (err == nil) != (tt.err == "") || err != nil && !strings.HasPrefix(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v", tt.name, done, err)
		}
	}
	if _, err := Start(o, program("echo no unit of that name >&2\nexit 5\n")); err == nil || !strings.HasSuffix(err.Error(), "exit status 5: no unit of that name") {
		t.Errorf("it fails: %v", err)
	}
}

// TestEnd has locks that nobody holds: there is nobody to wait for.
func TestEnd(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "lock")
	if err := End(t.Context(), lock); err != nil {
		t.Error("no lock: ", err)
	}
	if err := os.WriteFile(lock, []byte("4194303\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := End(t.Context(), lock); err != nil {
		t.Error("the lock of one that was killed: ", err)
	}
}
