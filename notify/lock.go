package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Locks are flock(2) locks on files in the run directory: the kernel gives them back when a process ends, however it ends.
// The files stay.
const (
	journalLock = "notify.lock"
	spoolDir    = "notify.d"
)

// errBusy is a lock that others have kept for too long.
var errBusy = errors.New("another process keeps the lock")

// Lock is a lock that this process has, until Release or its end.
type Lock struct{ f *os.File }

// Release gives the lock back.
func (l *Lock) Release() { l.f.Close() }

// TryLock takes a lock; nil without an error if somebody else has it. The run directory is made if it is missing.
func TryLock(runDir, name string) (*Lock, error) {
	f, err := openLock(runDir, name)
	if err != nil {
		return nil, err
	}
	err = flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, f.Close()
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return &Lock{f}, nil
}

// WaitLock takes a lock, or ends with an error after some time.
func WaitLock(runDir, name string, wait time.Duration) (*Lock, error) {
	if l, err := TryLock(runDir, name); l != nil || err != nil {
		return l, err
	}
	f, err := openLock(runDir, name)
	if err != nil {
		return nil, err
	}
	got := make(chan error, 1)
	go func() { got <- flock(f, syscall.LOCK_EX) }()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-got:
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		return &Lock{f}, nil
	case <-timer.C:
		go func() { // The system call can't be called off: what it gets late is given back.
			if <-got == nil {
				f.Close()
			}
		}()
		return nil, fmt.Errorf("lock %s: %w for %v", f.Name(), errBusy, wait)
	}
}

func openLock(runDir, name string) (*os.File, error) {
	path := filepath.Join(runDir, name)
	const flags = os.O_RDWR | os.O_CREATE | syscall.O_NOFOLLOW
	f, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(runDir, 0o755); err == nil {
			f, err = os.OpenFile(path, flags, 0o644)
		}
	}
	return f, err
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func (j *Journal) tryLock() (*Lock, error) { return TryLock(j.RunDir, journalLock) }

func (j *Journal) waitLock() (*Lock, error) {
	wait := j.Wait
	if wait == 0 {
		wait = 2 * time.Second
	}
	return WaitLock(j.RunDir, journalLock, wait)
}

// leave puts an event where the next writer of the journal finds it.
func (j *Journal) leave(e Event) (path string, err error) {
	text, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(j.RunDir, spoolDir)
	path = filepath.Join(dir, fmt.Sprintf("%020d.%010d", e.Born, e.PID))
	half := path + ".half"
	if err = os.WriteFile(half, text, 0o600); errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			err = os.WriteFile(half, text, 0o600)
		}
	}
	if err == nil {
		err = os.Rename(half, path)
	}
	return path, err
}

// collect adds the events that were left, in the order in which keepalived made them, and returns their files.
func (j *Journal) collect(d *Document) []string {
	dir := filepath.Join(j.RunDir, spoolDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // Nobody has ever left one.
	}
	var taken []string
	for _, entry := range entries { // sorted by name, which begins with the time
		path := filepath.Join(dir, entry.Name())
		if strings.HasSuffix(path, ".half") {
			if info, err := entry.Info(); err == nil && j.now().Sub(info.ModTime()) > time.Minute {
				_ = os.Remove(path) // Its writer was ended in the middle of it.
			}
			continue
		}
		var e Event
		if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &e) == nil {
			d.Add(e)
		}
		taken = append(taken, path)
	}
	return slices.Clip(taken)
}
