package journal

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
	"github.com/lvsdns/lvsdns/notify/internal/words"
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

// TestStrangersSpool has a directory of ours with such things in it, as after others could write to it for a while: none is an event, and
// none stays.
func TestStrangersSpool(t *testing.T) {
	j := besideStranger(t)
	spool := filepath.Join(j.RunDir, spoolDir)
	if err := errors.Join(os.MkdirAll(spool, 0o755), os.Chmod(spool, 0o777), os.WriteFile(filepath.Join(spool, "5"), notify.EncodeEvent(event(notify.Subject{Kind: notify.Instance, Name: "VI"}, notify.Backup, 5)), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := stranger.Do(t, func() error {
		return errors.Join(
			os.WriteFile(filepath.Join(spool, "1"), notify.EncodeEvent(event(notify.Subject{Kind: notify.Instance, Name: "LIE"}, notify.Master, 7)), 0o644), syscall.Mkfifo(filepath.Join(spool, "2"), 0o666),
			os.Symlink("/proc/self/stat", filepath.Join(spool, "3")), os.WriteFile(filepath.Join(spool, "4"), make([]byte, 1<<20), 0o666))
	}); err != nil {
		t.Fatal(err)
	}
	d, err := j.Update(noSettle)
	if err == nil || !strings.Contains(err.Error(), "belongs to user 65534") || d.Record(notify.Subject{Kind: notify.Instance, Name: "LIE"}) != nil || d.Generation != 1 {
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
	vi := notify.Subject{Kind: notify.Instance, Name: "VI"}
	if _, err := j.Append(event(vi, notify.Backup, 1), noSettle); err != nil {
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
	silent(ReaderLock, words.Padded(int64(SinceBoot()+240*time.Hour), 20)) // of another boot
	d, err := j.Append(event(vi, notify.Master, 2), noSettle)
	var journal *Error
	if !errors.Is(err, ErrUnbelieved) || !errors.As(err, &journal) || d == nil || d.Record(vi).Said != notify.Master {
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
