package labtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// Context ends with the test or the program that the lab belongs to.
func (l *Lab) Context() context.Context { return l.t.Context() }

// Fatalf ends the scenario.
func (l *Lab) Fatalf(format string, args ...any) {
	l.t.Helper()
	l.t.Fatalf(format, args...)
}

// Install copies a program that "make build" made, by its name in bin/, to a
// path in the guest where keepalived's script security takes it: in
// directories that belong to root and that nobody else can write to.
func (l *Lab) Install(program, path string) {
	l.t.Helper()
	bin, err := binDir()
	l.must(err, "install %s", program)
	data, err := os.ReadFile(filepath.Join(bin, program))
	l.must(err, `install %s ("make build" makes it)`, program)
	l.InstallFile(path, string(data))
}

// InstallFile writes a file that can be executed, as Install does.
func (l *Lab) InstallFile(path, content string) {
	l.t.Helper()
	// The old file may be running: a new one takes its name.
	l.must(ownfile.Replace(path, []byte(content), 0o755), "install %s", path)
}

// binDir finds bin/ beside go.mod, from the directory of a package upwards.
func binDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return filepath.Join(dir, "bin"), nil
		}
		up := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || up == dir {
			return "", fmt.Errorf("no go.mod in the working directory or above: %w", err)
		}
		dir = up
	}
}
