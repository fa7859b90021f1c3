package ownfile

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

// planted are the things that another user may put where a file of ours should be.
var planted = map[string]func(path, victim string) error{
	"link": func(path, victim string) error { return os.Symlink(victim, path) },
	"FIFO": func(path, _ string) error { return syscall.Mkfifo(path, 0o666) },
	"file": func(path, _ string) error { return os.WriteFile(path, []byte("99999999999999999999"), 0o666) },
	"hard link": func(path, _ string) error {
		return errors.Join(os.WriteFile(path+".2", nil, 0o600), os.Link(path+".2", path))
	},
	"socket": func(path, _ string) error {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err == nil {
			l.SetUnlinkOnClose(false)
			err = l.Close()
		}
		return err
	},
}

// open777 is a directory where everybody may do everything, and a file outside that nobody else may touch.
func open777(t *testing.T) (dir, victim string) {
	t.Helper()
	above, err := os.MkdirTemp("", "ownfile") // short, for a socket, and open to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(above) })
	dir, victim = filepath.Join(above, "d"), filepath.Join(above, "victim")
	if err := errors.Join(
		os.Chmod(above, 0o755), os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777),
		os.WriteFile(victim, []byte("mine"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return dir, victim
}

func untouched(t *testing.T, victim string) {
	t.Helper()
	if text, err := os.ReadFile(victim); err != nil || string(text) != "mine" {
		t.Errorf("the victim has %q, %v", text, err)
	}
}

func TestPlanted(t *testing.T) {
	for what, plant := range planted {
		t.Run(what, func(t *testing.T) {
			dir, victim := open777(t)
			path := filepath.Join(dir, "x")
			if err := stranger.Do(t, func() error { return plant(path, victim) }); err != nil {
				t.Fatal(err)
			}
			if text, err := Read(path, 100); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("read %q, %v", text, err)
			}
			if _, err := Peek(path, 100); (err == nil) != (what == "file") {
				t.Errorf("peek: %v", err)
			}
			fd, err := OpenLock(path)
			if err != nil {
				t.Fatal(err)
			}
			defer syscall.Close(fd)
			if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
				t.Errorf("lock: %v", err)
			}
			if err := stranger.Lock(t, path, false); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("somebody else's lock: %v", err)
			}
			if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
				t.Errorf("the lock is %v, %v", info, err)
			}
			if info, err := os.Lstat(dir); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("the directory is %v, %v", info, err)
			}
			untouched(t, victim)
		})
	}
}

// TestReplace writes beside names that others may guess, and over what they have put there.
func TestReplace(t *testing.T) {
	for what, plant := range planted {
		dir, victim := open777(t)
		path := filepath.Join(dir, "x")
		if err := stranger.Do(t, func() error {
			return errors.Join(plant(path, victim), os.Symlink(victim, path+".new"), os.Symlink(victim, filepath.Join(dir, ".x.new")))
		}); err != nil {
			t.Fatal(err)
		}
		if err := Replace(path, []byte("text"), 0o644); err != nil {
			t.Errorf("over a %s: %v", what, err)
		}
		text, err := Read(path, 4)
		if info, _ := os.Lstat(path); err != nil || string(text) != "text" || info.Mode() != 0o644 {
			t.Errorf("over a %s: %q, %v, %v", what, text, info, err)
		}
		untouched(t, victim)
	}
	if err := Replace(filepath.Join(t.TempDir(), "a/b/x"), nil, 0o600); err != nil {
		t.Errorf("where there is no directory: %v", err)
	}
	full := t.TempDir()
	if err := os.Mkdir(filepath.Join(full, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Replace(filepath.Join(full, "x"), nil, 0o600); err == nil {
		t.Error("a directory was replaced")
	}
	if left, _ := filepath.Glob(filepath.Join(full, ".x*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	n, err := Create(filepath.Join(full, "y"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	Sweep(filepath.Join(full, "y"), stale)
	if err := n.Write(nil); err != nil {
		t.Error(err)
	}
	Sweep(filepath.Join(full, "y"), 0) // as after a kill
	if left, _ := filepath.Glob(filepath.Join(full, ".y*")); len(left) > 0 {
		t.Errorf("left behind by one that was killed: %v", left)
	}
}

const stale = 1 << 40

func TestLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	for n, want := range map[int]bool{0: true, 99: true, 100: true, 101: false, 1 << 20: false} {
		if err := os.WriteFile(path, make([]byte, n), 0o600); err != nil {
			t.Fatal(err)
		}
		if text, err := Read(path, 100); (err == nil) != want || want && len(text) != n {
			t.Errorf("%d bytes: %d, %v", n, len(text), err)
		}
	}
}

// TestOldLock has a lock as earlier versions made it, which another user keeps: a new file takes its place. Who opens it at the same time
// gets the same one.
func TestOldLock(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := errors.Join(os.WriteFile(path, nil, 0o644), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := stranger.Lock(t, path, false); err != nil {
		t.Fatal(err)
	}
	first, err1 := OpenLock(path)
	second, err2 := OpenLock(path)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(first)
	defer syscall.Close(second)
	if err := syscall.Flock(first, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Error("a stranger keeps it:", err)
	}
	if err := syscall.Flock(second, syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Error("two have it:", err)
	}
}

func TestDir(t *testing.T) {
	dir, _ := open777(t)
	if err := TrustedDir(dir); !errors.Is(err, errWritable) {
		t.Error(err)
	}
	if err := stranger.Do(t, func() error { return os.Mkdir(filepath.Join(dir, "theirs"), 0o755) }); err != nil {
		t.Fatal(err)
	}
	if err := Dir(filepath.Join(dir, "theirs"), 0o755); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Error(err)
	}
	if _, err := OpenLock(filepath.Join(dir, "theirs", "x")); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Error(err)
	}
	if err := stranger.Do(t, func() error { return os.Symlink(filepath.Dir(dir), filepath.Join(dir, "link")) }); err != nil {
		t.Fatal(err)
	}
	if err := Dir(filepath.Join(dir, "link"), 0o755); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Error(err)
	}
	own := filepath.Join(dir, "own")
	if err := errors.Join(os.Symlink(filepath.Dir(dir), own), Dir(own, 0o755)); err != nil {
		t.Errorf("a link of ours: %v", err)
	}
	if err := Dir(filepath.Join(dir, "a", "b"), 0o755); err != nil {
		t.Error(err)
	}
}
