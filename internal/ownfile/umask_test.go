package ownfile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestUmask: what others are to read they can, whoever has started us with whatever umask.
func TestUmask(t *testing.T) {
	at := t.TempDir()
	defer syscall.Umask(syscall.Umask(0o177))
	run, state := filepath.Join(at, "a/run"), filepath.Join(at, "b/state")
	if err := errors.Join(Dir(run, 0o755), Replace(filepath.Join(state, "report"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{
		filepath.Dir(run): 0o755, run: 0o755, filepath.Dir(state): 0o755, state: 0o755,
		filepath.Join(state, "report"): 0o644,
	} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	if err := MakeDir(filepath.Join(state, "report/x"), 0o755); err == nil {
		t.Error("a directory is made below a file")
	}
}
