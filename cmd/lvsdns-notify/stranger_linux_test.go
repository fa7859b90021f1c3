package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/stranger"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// locks are all that hooks have.
func locks() []string {
	return []string{"notify.lock", "notify-next.lock", "notify-turn.lock", "notify-fifo.lock"}
}

// host is a host whose hook writes a file for each state, and has a secret in its settings.
func host(t *testing.T) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	settings := "rules:\n"
	for _, state := range []string{"master", "backup"} {
		settings += "  - states: [" + state + "]\n    actions:\n      - command: {run: [/bin/sh, -c, \"echo $LVSDNS_NAME >>" + dir + "/" + state + "; echo secret output; exit 3\"], environment: [\"KEY=secret\"]}\n"
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "notify.yaml"), []byte(settings), 0o644), os.Mkdir(filepath.Join(dir, "run"), 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// done is what the action of a state has done.
func done(dir, state string) string {
	text, _ := os.ReadFile(filepath.Join(dir, state))
	return string(text)
}

// TestStrangersLocks has another user keep each lock in turn, as an earlier version left it: open to all. Every event is acted on, once and soon.
func TestStrangersLocks(t *testing.T) {
	for _, name := range locks() {
		t.Run(name, func(t *testing.T) {
			dir := host(t)
			path := filepath.Join(dir, "run", name)
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := stranger.Lock(t, path, false); err != nil {
				t.Fatal(err)
			}
			_ = exec.Command(binary(), append(places(dir), "INSTANCE", "VI", "MASTER", "100")...).Run()
			if got := done(dir, "master"); got != "VI\n" {
				t.Errorf("the action: %q", got)
			}
			d, err := (&journal.Journal{StateDir: filepath.Join(dir, "lib")}).Read()
			if err != nil || d.Generation != 1 {
				t.Errorf("the journal: %+v, %v", d, err)
			}
			for _, name := range locks() {
				if err := stranger.Lock(t, filepath.Join(dir, "run", name), false); err == nil {
					t.Errorf("%s can be locked by another user", name)
				}
			}
		})
	}
}

// TestSilentLocks has a process of our own user keep each lock and do nothing.
func TestSilentLocks(t *testing.T) {
	for _, name := range locks() {
		t.Run(name, func(t *testing.T) {
			dir := host(t)
			f, err := os.OpenFile(filepath.Join(dir, "run", name), os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
				t.Fatal(err)
			}
			out, _ := exec.Command(binary(), append(places(dir), "INSTANCE", "VI", "MASTER", "100")...).CombinedOutput()
			if got := done(dir, "master"); got != "VI\n" || !strings.Contains(string(out), "does not say that it is at work") || !strings.Contains(string(out), name) {
				t.Errorf("the action: %q; %s", got, out)
			}
		})
	}
}

// TestStrangersDirectory has a run directory of another user, with links, FIFOs, and an event that nobody has sent.
func TestStrangersDirectory(t *testing.T) {
	dir := host(t)
	run, victim := filepath.Join(dir, "run"), filepath.Join(dir, "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("mine"), 0o600), os.Chown(run, stranger.ID, stranger.ID)); err != nil {
		t.Skip("a directory of another user takes root:", err)
	}
	lie := notify.EncodeEvent(notify.Event{Subject: notify.Subject{Kind: notify.Instance, Name: "LIE"}, State: notify.Master, Source: notify.Script, Mark: notify.Mark{Born: time.Hour, PID: 7}})
	if err := stranger.Do(t, func() error {
		spool := filepath.Join(run, "notify.d")
		return errors.Join(os.Mkdir(spool, 0o755), os.WriteFile(filepath.Join(spool, "1"), lie, 0o644), syscall.Mkfifo(filepath.Join(spool, "2"), 0o666),
			os.Symlink(victim, filepath.Join(run, "notify.said")), os.Symlink(victim, filepath.Join(run, "notify.lock")), syscall.Mkfifo(filepath.Join(run, "notify-next.lock"), 0o666))
	}); err != nil {
		t.Fatal(err)
	}
	said := 0
	for n, state := range []string{"MASTER", "BACKUP", "MASTER"} {
		cmd := exec.Command(binary(), append(places(dir), "INSTANCE", "VI", state, "100")...)
		timer := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
		out, _ := cmd.CombinedOutput()
		timer.Stop()
		said += strings.Count(string(out), run+": it belongs to user 65534")
		if got := done(dir, strings.ToLower(state)); strings.Count(got, "VI\n") != 1+n/2 {
			t.Errorf("%s: the action: %q; %s", state, got, out)
		}
	}
	if said != 1 {
		t.Errorf("it was said %d times", said)
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "mine" {
		t.Errorf("the victim has %q, %v", text, err)
	}
	if all := done(dir, "master") + done(dir, "backup"); strings.Contains(all, "LIE") {
		t.Errorf("an event of another user's was acted on: %q", all)
	}
}

// TestSecrets has an action that fails with a secret in its output and in its arguments: who has called the hook is told of the output, and
// nothing of either is where another user can read it. That user is shown the rest.
func TestSecrets(t *testing.T) {
	dir := host(t)
	var said string
	for range 2 {
		out, _ := exec.Command(binary(), append(places(dir), "INSTANCE", "VI", "MASTER", "100")...).CombinedOutput()
		said += string(out)
	}
	if !strings.Contains(said, "secret output") || strings.Count(said, "notify.yaml has secrets, and every user of this host can read it: chmod o-r") != 1 {
		t.Errorf("said: %s", said)
	}
	seen := 0
	if err := stranger.Do(t, func() error {
		return filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || filepath.Base(path) == "notify.yaml" {
				return nil
			}
			if text, err := os.ReadFile(path); err == nil {
				if seen++; strings.Contains(string(text), "secret") {
					t.Errorf("%s: %s", path, text)
				}
			}
			return nil
		})
	}); err != nil || seen == 0 {
		t.Errorf("%d files seen, %v", seen, err)
	}
	if err := stranger.Do(t, func() error {
		d, err := (&journal.Journal{StateDir: filepath.Join(dir, "lib"), Any: true}).Read()
		if err == nil && (len(d.Actions) != 1 || d.Actions[0].Failures == 0 || !strings.Contains(d.Actions[0].Result, "/bin/sh: exit status 3")) {
			t.Errorf("%+v", d.Actions)
		}
		return err
	}); err != nil {
		t.Error("another user is shown nothing:", err)
	}
}
