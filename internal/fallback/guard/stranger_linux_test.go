package guard_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/stranger"
)

// TestStranger: another user may open what earlier versions, and keepalived, leave open to all, and a read lock on it is enough to be in the way.
func TestStranger(t *testing.T) {
	dir, err := os.MkdirTemp("", "guard")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	o := guard.Options{Lock: filepath.Join(dir, "run/fallback.lock"), PIDFile: filepath.Join(dir, "checkers.pid")}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(filepath.Dir(o.Lock), 0o755), os.WriteFile(o.Lock, []byte("1\n"), 0o644), os.WriteFile(o.PIDFile, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{o.Lock, o.PIDFile} {
		if err := stranger.Lock(t, path, true); err != nil {
			t.Fatal(err)
		}
	}
	if pid, err := guard.Holder(o.Lock); err != nil || pid != 0 {
		t.Errorf("a reader is taken for process %d that programs the table", pid)
	}
	h, err := guard.Acquire(o)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if err := h.Check(); err != nil {
		t.Error(err)
	}
	if pid, err := guard.Holder(o.Lock); err != nil || pid != os.Getpid() {
		t.Errorf("the holder is %d", pid)
	}
	if _, err := guard.Acquire(o); !errors.Is(err, guard.ErrHeld) {
		t.Errorf("a second one: %v", err)
	}
	if err := stranger.Do(t, func() error {
		_, err := guard.Holder(o.Lock)
		return err
	}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("another user, who cannot tell, learns that nobody has it: %v", err)
	}
	if err := stranger.Lock(t, o.Lock, true); !errors.Is(err, os.ErrPermission) {
		t.Errorf("somebody else's lock: %v", err)
	}
	// Of a directory where others have put something nothing is believed.
	theirs := guard.Options{Lock: filepath.Join(dir, "theirs/fallback.lock")}
	if err := errors.Join(os.Mkdir(filepath.Dir(theirs.Lock), 0o755), os.Chown(filepath.Dir(theirs.Lock), stranger.ID, stranger.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := guard.Acquire(theirs); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Errorf("in a directory of another user: %v", err)
	}
}
