package stamp

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestStamp: whatever is done to a file that could change what is read, its stamp is another.
func TestStamp(t *testing.T) {
	day := time.Unix(1_700_000_000, 0)
	write := func(path, text string, at time.Time) error {
		return errors.Join(os.WriteFile(path, []byte(text), 0o644), os.Chtimes(path, at, at))
	}
	for _, tt := range []struct {
		name   string
		change func(dir, path string) error
		same   bool
	}{
		{"nothing", func(string, string) error { return nil }, true},
		{"read", func(_, path string) error { _, err := os.ReadFile(path); return err }, true},
		{"longer", func(_, path string) error { return write(path, "ab", day) }, false},
		{"later", func(_, path string) error { return write(path, "b", day.Add(time.Nanosecond)) }, false},
		{"earlier", func(_, path string) error { return write(path, "b", day.Add(-time.Hour)) }, false},
		{"removed", func(_, path string) error { return os.Remove(path) }, false},
		// As rsync -t does, and cp -p with mv.
		{"another file, as large and as old", func(dir, path string) error {
			return errors.Join(write(filepath.Join(dir, "new"), "b", day), os.Rename(filepath.Join(dir, "new"), path))
		}, false},
		{"a link to another file", func(dir, path string) error {
			return errors.Join(write(filepath.Join(dir, "new"), "b", day), os.Remove(path), os.Symlink("new", path))
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "f")
			if err := write(path, "a", day); err != nil {
				t.Fatal(err)
			}
			before := Of(path)
			if err := tt.change(dir, path); err != nil {
				t.Fatal(err)
			}
			if after := Of(path); (after == before) != tt.same {
				t.Errorf("%+v, before %+v", after, before)
			}
		})
	}
	missing := Of(filepath.Join(t.TempDir(), "f"))
	if missing.Time != -1 || !slices.Equal(All([]string{missing.Path}), []Stamp{missing}) {
		t.Errorf("a file that is not there: %+v", missing)
	}
}
