package notify

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

// besideStranger is a journal whose directories other users can look into.
func besideStranger(t *testing.T) *Journal {
	t.Helper()
	above, err := os.MkdirTemp("", "notify")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(above) })
	if err := os.Chmod(above, 0o755); err != nil {
		t.Fatal(err)
	}
	return &Journal{StateDir: filepath.Join(above, "lib"), RunDir: filepath.Join(above, "run"), Boot: "boot"}
}

// TestStrangersLocks has another user keep every lock that an earlier version has left open to all.
func TestStrangersLocks(t *testing.T) {
	j := besideStranger(t)
	if err := os.Mkdir(j.RunDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{journalLock, ReaderLock} {
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
	h := &Hook{Journal: j, Settings: settings, Conf: settings, Held: func() ([]Held, error) { return nil, nil }}
	if next, err := h.Run(event(Subject{Instance, "VI"}, Master, 1)); next != Settle || err != nil {
		t.Errorf("next %v, %v", next, err)
	}
	if d, err := j.Read(); err != nil || d.Generation != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	for _, name := range []string{journalLock, ReaderLock} {
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
	spool := filepath.Join(j.RunDir, spoolDir)
	lie := EncodeEvent(event(Subject{Instance, "LIE"}, Master, 7))
	if err := stranger.Do(t, func() error {
		return errors.Join(
			os.Symlink(victim, filepath.Join(j.RunDir, saidFile)), os.Symlink(victim, filepath.Join(j.RunDir, journalLock)), os.Symlink(victim, filepath.Join(j.RunDir, warnedFile)),
			os.Mkdir(spool, 0o755), os.WriteFile(filepath.Join(spool, "1"), lie, 0o644), syscall.Mkfifo(filepath.Join(spool, "2"), 0o666), os.Symlink(victim, filepath.Join(spool, "3")))
	}); err != nil {
		t.Fatal(err)
	}
	h := &Hook{Journal: j, Settings: victim, Conf: victim, Held: func() ([]Held, error) { return nil, nil }}
	next, err := h.Run(event(Subject{Instance, "VI"}, Master, 1))
	if next != Settle || err == nil || !strings.Contains(err.Error(), j.RunDir+": it belongs to user 65534") || strings.Contains(err.Error(), "\n") {
		t.Errorf("next %v, %v", next, err)
	}
	if d, err := j.Read(); err != nil || d.Generation != 1 || d.Record(Subject{Instance, "LIE"}) != nil {
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

// TestStrangersSpool has a directory of ours with such things in it, as after others could write to it for a while: none is an event, and
// none stays.
func TestStrangersSpool(t *testing.T) {
	j := besideStranger(t)
	spool := filepath.Join(j.RunDir, spoolDir)
	if err := errors.Join(os.MkdirAll(spool, 0o755), os.Chmod(spool, 0o777), os.WriteFile(filepath.Join(spool, "5"), EncodeEvent(event(Subject{Instance, "VI"}, Backup, 5)), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := stranger.Do(t, func() error {
		return errors.Join(
			os.WriteFile(filepath.Join(spool, "1"), EncodeEvent(event(Subject{Instance, "LIE"}, Master, 7)), 0o644), syscall.Mkfifo(filepath.Join(spool, "2"), 0o666),
			os.Symlink("/proc/self/stat", filepath.Join(spool, "3")), os.WriteFile(filepath.Join(spool, "4"), make([]byte, 1<<20), 0o666))
	}); err != nil {
		t.Fatal(err)
	}
	d, err := j.Update(noSettle)
	if err == nil || !strings.Contains(err.Error(), "belongs to user 65534") || d.Record(Subject{Instance, "LIE"}) != nil || d.Generation != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	if left, _ := os.ReadDir(spool); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestUnbelieved has somebody keep locks and say nothing: it is waited for a moment.
func TestUnbelieved(t *testing.T) {
	j := newJournal(t)
	j.Wait = time.Hour
	vi := Subject{Instance, "VI"}
	if _, err := j.Append(event(vi, Backup, 1), noSettle); err != nil {
		t.Fatal(err)
	}
	silent := func(name, text string) {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(j.RunDir, name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
	}
	silent(journalLock, "")
	silent(ReaderLock, padded(int64(SinceBoot()+240*time.Hour), 20)) // of another boot
	d, err := j.Append(event(vi, Master, 2), noSettle)
	var journal *JournalError
	if !errors.Is(err, ErrUnbelieved) || !errors.As(err, &journal) || d == nil || d.Record(vi).Said != Master {
		t.Errorf("%+v, %v", d, err)
	}
	if Believe(j.RunDir, ReaderLock) {
		t.Error("what was said before this boot is believed")
	}
	// One who has said that it is at work.
	lock, err := TryLock(j.RunDir, "x")
	if err != nil {
		t.Fatal(err)
	}
	lock.Promise(time.Minute)
	if !Believe(j.RunDir, "x") {
		t.Error("a promise is not believed")
	}
	lock.Promise(-time.Minute)
	if Believe(j.RunDir, "x") {
		t.Error("a promise that has run out is believed")
	}
	lock.Release()
	if Believe(j.RunDir, "x") {
		t.Error("nobody keeps the lock")
	}
}

// TestOldResults has a journal of a version that put everything into it, for everybody to read.
func TestOldResults(t *testing.T) {
	j := newJournal(t)
	text := "journal 1 \"boot\" 1 0 0 0 \"\"\naction instance \"VI\" \"webhook\" master false \"post https://u:secret@x/\" 5 0.5 3 2\nend\n"
	if err := errors.Join(os.MkdirAll(j.StateDir, 0o755), os.WriteFile(j.Path(), []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
	d, err := j.Update(noSettle)
	if err != nil || len(d.Actions) != 1 || d.Actions[0].Runs != 3 || d.Actions[0].Failures != 2 {
		t.Fatalf("%+v, %v", d.Actions, err)
	}
	if now, err := os.ReadFile(j.Path()); err != nil || strings.Contains(string(now), "secret") || !strings.Contains(string(now), "webhook") {
		t.Errorf("%s, %v", now, err)
	}
}
