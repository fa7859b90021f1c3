package ownfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

// TestWarning holds what is said of a file with secrets against what another user can do.
func TestWarning(t *testing.T) {
	above := stranger.Dir(t)
	dir, link := filepath.Join(above, "dir"), filepath.Join(above, "link")
	secret := filepath.Join(dir, "key")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(secret, []byte("secret"), 0o600), os.Symlink(secret, link)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		dir, file os.FileMode
		exposed   bool
	}{
		{"everybody reads it", 0o755, 0o644, true},
		{"nobody lists its directory", 0o711, 0o644, true},
		{"its group reads it", 0o755, 0o640, false},
		{"nobody else does", 0o755, 0o600, false},
		{"nobody else passes to it", 0o750, 0o644, false},
	} {
		if err := errors.Join(os.Chmod(dir, test.dir), os.Chmod(secret, test.file)); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{secret, link} {
			err := stranger.Do(t, func() error {
				_, err := os.ReadFile(path)
				return err
			})
			if (err == nil) != test.exposed {
				t.Errorf("%s: another user: %v", test.name, err)
			}
			want := ""
			if test.exposed {
				want = path + " has secrets, and every user of this host can read it: chmod o-r " + path
			}
			if got := Warning(path); got != want {
				t.Errorf("%s: %q, want %q", test.name, got, want)
			}
		}
	}
	if text := Warning(filepath.Join(dir, "none")) + Warning(""); text != "" {
		t.Errorf("of a file that is not there: %s", text)
	}
}
