package fallback

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/fallback/report"
)

func TestFallback(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "report.json")
	if f, err := read(root, file); err != nil || f != nil {
		t.Errorf("without a report: %+v, %v", f, err)
	}
	lives := func(name string, user int) {
		t.Helper()
		dir := filepath.Join(root, "proc", "42")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/usr/bin/"+name, filepath.Join(dir, "exe")); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "status"), fmt.Appendf(nil, "Name:\t%s\nState:\tS (sleeping)\nUid:\t%d\t0\t0\t0\n", name, user), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		alive  string
		user   int
		report report.Report
		want   state
	}{
		{"another program has its process ID", "sleep", 0, report.Report{PID: 42}, gone},
		{"it programs", "lvsdns-fallback", 0, report.Report{PID: 42, Writes: 3}, programs},
		{"it has stopped", "lvsdns-fallback", 0, report.Report{PID: 42, Stopped: "somebody wrote"}, stopped},
		{"it stands by", "lvsdns-fallback", 0, report.Report{PID: 42, Waits: true}, waits},
		{"a program of another user has its name and its process ID", "lvsdns-fallback", 65534, report.Report{PID: 42}, gone},
		{"it was killed", "lvsdns-fallback", 0, report.Report{PID: 43}, gone},
	} {
		lives(tt.alive, tt.user)
		tt.report.At = time.Unix(1767323000, 0)
		if err := report.Write(file, tt.report); err != nil {
			t.Fatal(err)
		}
		f, err := read(root, file)
		if err != nil || f.state != tt.want || f.Writes != tt.report.Writes || !f.At.Equal(tt.report.At) {
			t.Errorf("%s: %+v, %v; want %s", tt.name, f, err, tt.want)
		}
	}
	if Source(source.Times{}, root, "").Fetch != nil {
		t.Error("it is read though no file is named")
	}
}
