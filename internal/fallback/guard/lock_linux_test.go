package guard

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAbandoned: only the files of one that was killed say that nobody else has had the table since.
func TestAbandoned(t *testing.T) {
	const killed = "4194305\n"
	for _, test := range []struct {
		name          string
		lock, pidfile string // "-": there is none
		change        func(t *testing.T, o *Options)
		want          bool
	}{
		{"both name one", killed, killed, nil, true},
		{"it has let go of both", "", "-", nil, false},
		{"it has let go of both, and a keepalived has ended", "", "", nil, false},
		{"a keepalived has had the pidfile since", killed, "4194306\n", nil, false},
		{"a keepalived has ended since, and removed it", killed, "-", nil, false},
		{"it has let go, and an older keepalived was killed", "", killed, nil, false},
		{"the first start", "-", "-", nil, false},
		{"the lock alone was removed", "-", killed, nil, false},
		{"more than a number", killed + strings.Repeat("x", maxPID), killed + strings.Repeat("x", maxPID), nil, false},
		{"there is no keepalived", killed, killed, func(_ *testing.T, o *Options) { o.PIDFile = "" }, false},
		{"somebody holds the lock", killed, killed, func(t *testing.T, o *Options) {
			f, err := os.OpenFile(o.Lock, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			if err := lock(f); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"another user has put the pidfile there", killed, killed, func(t *testing.T, o *Options) {
			if os.Getuid() != 0 {
				t.Skip("only root can give a file to another user")
			}
			if err := os.Chown(o.PIDFile, 65534, 65534); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			o := Options{Lock: filepath.Join(dir, "lock"), PIDFile: filepath.Join(dir, "pid")}
			for name, text := range map[string]string{o.Lock: test.lock, o.PIDFile: test.pidfile} {
				if text == "-" {
					continue
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if test.change != nil {
				test.change(t, &o)
			}
			if got := Abandoned(o); got != test.want {
				t.Errorf("it was abandoned: %t, want %t", got, test.want)
			}
		})
	}
}

// TestAcquireRefused: what is no file of ours at the place of the lock or of the pidfile. It is neither followed nor changed.
func TestAcquireRefused(t *testing.T) {
	link := func(t *testing.T, name string) {
		if err := os.Symlink(name+".target", name); err != nil {
			t.Fatal(err)
		}
	}
	fifo := func(t *testing.T, name string) {
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := func(t *testing.T, name string) {
		if err := os.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const inLock, inPIDFile = "take the lock: ", "hold keepalived's checkers pidfile: "
	for _, test := range []struct {
		name string
		put  func(t *testing.T, name string)
		lock bool // at the place of the lock
		want string
	}{
		{"a link for the lock", link, true, inLock + "NAME is a symbolic link: remove it"},
		{"a link for the pidfile", link, false, inPIDFile + "NAME is a symbolic link: remove it"},
		{"a pipe for the lock", fifo, true, inLock},
		{"a pipe for the pidfile", fifo, false, inPIDFile},
		{"a folder for the lock", folder, true, inLock + "open NAME: is a directory"},
		{"a folder for the pidfile", folder, false, inPIDFile + "open NAME: is a directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			o := Options{Lock: filepath.Join(dir, "lock"), PIDFile: filepath.Join(dir, "pid")}
			name := o.PIDFile
			if test.lock {
				name = o.Lock
			}
			test.put(t, name)
			want := strings.ReplaceAll(test.want, "NAME", name)
			if h, err := Acquire(o); h != nil || err == nil || errors.Is(err, ErrHeld) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v, %v; want %q", h, err, want)
			}
			if _, err := os.Lstat(name + ".target"); err == nil {
				t.Error("the link was followed")
			}
			if test.lock {
				return
			}
			if pid, err := Holder(o.Lock); pid != 0 || err != nil {
				t.Errorf("after a refusal the lock is that of %d, %v", pid, err)
			}
		})
	}
}

// TestRights: nobody else may keep the lock, whatever an earlier version has made of it; the pidfile stays one that all may read.
func TestRights(t *testing.T) {
	for _, test := range []struct {
		name, of  string
		was, want os.FileMode // was 0: there is none
	}{
		{"a new lock", "lock", 0, 0o600},
		{"a lock that all may write", "lock", 0o666, 0o600},
		{"a pidfile that all may write", "pid", 0o666, 0o644},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			o := Options{Lock: filepath.Join(dir, "lock"), PIDFile: filepath.Join(dir, "pid")}
			name := filepath.Join(dir, test.of)
			if test.was != 0 {
				if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Chmod(name, test.was)); err != nil {
					t.Fatal(err)
				}
			}
			h, err := Acquire(o)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Release()
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != test.want {
				t.Errorf("its rights are %v, %v; want %v", info.Mode(), err, test.want)
			}
		})
	}
}

// TestReleaseLeaves: each of both is let go of if it is ours still, and what is another's by now stays as it is.
func TestReleaseLeaves(t *testing.T) {
	const another, keepalived = "4194305\n", "4194306\n"
	put := func(name, text string) error {
		return errors.Join(os.Remove(name), os.WriteFile(name, []byte(text), 0o600))
	}
	for _, test := range []struct {
		name          string
		meanwhile     func(o Options) error
		lock, pidfile string // after that; "-": there is none
	}{
		{"nothing", func(Options) error { return nil }, "", "-"},
		{"the pidfile was written by another", func(o Options) error {
			return os.WriteFile(o.PIDFile, []byte(keepalived), 0o644)
		}, "", keepalived},
		{"the pidfile was replaced", func(o Options) error { return put(o.PIDFile, keepalived) }, "", keepalived},
		{"the lock was replaced", func(o Options) error { return put(o.Lock, another) }, another, "-"},
		{"both were", func(o Options) error {
			return errors.Join(put(o.Lock, another), put(o.PIDFile, keepalived))
		}, another, keepalived},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			o := Options{Lock: filepath.Join(dir, "lock"), PIDFile: filepath.Join(dir, "pid")}
			h, err := Acquire(o)
			if err != nil {
				t.Fatal(err)
			}
			if err := test.meanwhile(o); err != nil {
				t.Fatal(err)
			}
			h.Release()
			for name, want := range map[string]string{o.Lock: test.lock, o.PIDFile: test.pidfile} {
				text, err := os.ReadFile(name)
				if got := string(text); want == "-" && !errors.Is(err, os.ErrNotExist) || want != "-" && (err != nil || got != want) {
					t.Errorf("%s has %q, %v; want %q", filepath.Base(name), got, err, want)
				}
			}
			if Abandoned(o) {
				t.Error("the next one would take over at once, as if it had been killed")
			}
		})
	}
}

// TestHolderRefused: who programs the table cannot be told from what is no lock file of ours.
func TestHolderRefused(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		name string
		put  func(name string) error
	}{
		{"a link", func(name string) error { return os.Symlink(dir, name) }},
		{"a pipe", func(name string) error { return syscall.Mkfifo(name, 0o600) }},
	} {
		name := filepath.Join(dir, test.name)
		if err := test.put(name); err != nil {
			t.Fatal(err)
		}
		if pid, err := Holder(name); err == nil || !strings.HasPrefix(err.Error(), "look who programs the table: ") {
			t.Errorf("%s: process %d, %v", test.name, pid, err)
		}
	}
}
