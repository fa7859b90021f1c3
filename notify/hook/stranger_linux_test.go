package hook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/stranger"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// besideStranger is a journal whose directories other users can look into.
func besideStranger(t *testing.T) *journal.Journal {
	t.Helper()
	above, err := os.MkdirTemp("", "notify")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(above) })
	if err := os.Chmod(above, 0o755); err != nil {
		t.Fatal(err)
	}
	return &journal.Journal{StateDir: filepath.Join(above, "lib"), RunDir: filepath.Join(above, "run"), Boot: "boot"}
}

// TestStrangersLocks has another user keep every lock that an earlier version has left open to all.
func TestStrangersLocks(t *testing.T) {
	j := besideStranger(t)
	if err := os.Mkdir(j.RunDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"notify.lock", journal.ReaderLock} {
		path := filepath.Join(j.RunDir, name)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := stranger.Lock(t, path, false); err != nil {
			t.Fatal(err)
		}
	}
	settings := filepath.Join(j.StateDir, "notify.yaml")
	if err := errors.Join(os.Mkdir(j.StateDir, 0o755), os.WriteFile(settings, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	h := &Hook{Journal: j, Settings: settings, Conf: settings, Held: func() ([]notify.Held, error) { return nil, nil }}
	if next, err := h.Run(event(notify.Subject{Kind: notify.Instance, Name: "VI"}, notify.Master, 1)); next != Settle || err != nil {
		t.Errorf("next %v, %v", next, err)
	}
	if d, err := j.Read(); err != nil || d.Generation != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	for _, name := range []string{"notify.lock", journal.ReaderLock} {
		if err := stranger.Lock(t, filepath.Join(j.RunDir, name), false); !errors.Is(err, os.ErrPermission) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStrangersDirectory has a run directory of another user, who has put there what might be followed, believed, or waited for.
func TestStrangersDirectory(t *testing.T) {
	j := besideStranger(t)
	victim := filepath.Join(filepath.Dir(j.RunDir), "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("mine"), 0o600), os.Mkdir(j.RunDir, 0o755), os.Chown(j.RunDir, stranger.ID, stranger.ID)); err != nil {
		t.Skip("a directory of another user takes root:", err)
	}
	spool := filepath.Join(j.RunDir, "notify.d")
	lie := notify.EncodeEvent(event(notify.Subject{Kind: notify.Instance, Name: "LIE"}, notify.Master, 7))
	if err := stranger.Do(t, func() error {
		return errors.Join(
			os.Symlink(victim, filepath.Join(j.RunDir, "notify.said")), os.Symlink(victim, filepath.Join(j.RunDir, "notify.lock")), os.Symlink(victim, filepath.Join(j.RunDir, "notify.warned")),
			os.Mkdir(spool, 0o755), os.WriteFile(filepath.Join(spool, "1"), lie, 0o644), syscall.Mkfifo(filepath.Join(spool, "2"), 0o666), os.Symlink(victim, filepath.Join(spool, "3")))
	}); err != nil {
		t.Fatal(err)
	}
	h := &Hook{Journal: j, Settings: victim, Conf: victim, Held: func() ([]notify.Held, error) { return nil, nil }}
	next, err := h.Run(event(notify.Subject{Kind: notify.Instance, Name: "VI"}, notify.Master, 1))
	if next != Settle || err == nil || !strings.Contains(err.Error(), j.RunDir+": it belongs to user 65534") || strings.Contains(err.Error(), "\n") {
		t.Errorf("next %v, %v", next, err)
	}
	if d, err := j.Read(); err != nil || d.Generation != 1 || d.Record(notify.Subject{Kind: notify.Instance, Name: "LIE"}) != nil {
		t.Errorf("%+v, %v", d, err)
	}
	if !j.SayOnce("a") || j.SayOnce("a") || !j.WarnOnce("a") || j.WarnOnce("a") {
		t.Error("what was said is not remembered once")
	}
	j.AllWell()
	if text, err := os.ReadFile(victim); err != nil || string(text) != "mine" {
		t.Errorf("the victim has %q, %v", text, err)
	}
}

func event(s notify.Subject, state notify.State, n int) notify.Event {
	mark := notify.Mark{Born: time.Duration(n) * 10 * time.Millisecond, PID: n}
	return notify.Event{Subject: s, State: state, Source: notify.Script, Mark: mark, At: time.Unix(int64(n), 0)}
}
