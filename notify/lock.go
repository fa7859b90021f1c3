package notify

import (
	"context"
	"errors"
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
type Lock struct{ fd int }

// Release gives the lock back.
func (l *Lock) Release() { _ = syscall.Close(l.fd) }

// TryLock takes a lock; nil without an error if somebody else has it. The run directory is made if it is missing.
func TryLock(runDir, name string) (*Lock, error) {
	path := filepath.Join(runDir, name)
	fd, err := openLock(path)
	if err != nil {
		return nil, err
	}
	err = retry(func() error { return syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) })
	if err == nil {
		return &Lock{fd}, nil
	}
	_ = syscall.Close(fd)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

// WaitLock takes a lock, or ends with an error after some time or when the context ends.
func WaitLock(ctx context.Context, runDir, name string, wait time.Duration) (*Lock, error) {
	if l, err := TryLock(runDir, name); l != nil || err != nil {
		return l, err
	}
	path := filepath.Join(runDir, name)
	fd, err := openLock(path)
	if err != nil {
		return nil, err
	}
	got := make(chan error, 1)
	go func() { got <- retry(func() error { return syscall.Flock(fd, syscall.LOCK_EX) }) }()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-got:
		if err != nil {
			_ = syscall.Close(fd)
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		return &Lock{fd}, nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timer.C:
		err = &within{"", errBusy, " for " + wait.String()}
	}
	go func() { // The system call can't be called off: what it gets late is given back.
		if <-got == nil {
			_ = syscall.Close(fd)
		}
	}()
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

func openLock(path string) (int, error) {
	const flags = syscall.O_RDWR | syscall.O_CREAT | syscall.O_NOFOLLOW
	fd, err := openFile(path, flags)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			fd, err = openFile(path, flags)
		}
	}
	return fd, err
}

func (j *Journal) tryLock() (*Lock, error) { return TryLock(j.RunDir, journalLock) }

func (j *Journal) waitLock() (*Lock, error) {
	wait := j.Wait
	if wait == 0 {
		wait = 2 * time.Second
	}
	return WaitLock(context.Background(), j.RunDir, journalLock, wait)
}

// leave puts an event where the next writer of the journal finds it.
func (j *Journal) leave(e Event) (path string, err error) {
	text := EncodeEvent(e)
	dir := filepath.Join(j.RunDir, spoolDir)
	path = filepath.Join(dir, padded(int64(e.Born), 20)+"."+padded(int64(e.PID), 10))
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
		if text, err := os.ReadFile(path); err == nil {
			if e, err := DecodeEvent(string(text)); err == nil {
				d.Add(e)
			}
		}
		taken = append(taken, path)
	}
	return slices.Clip(taken)
}
