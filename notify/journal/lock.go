package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/ownfile"
	"github.com/lvsdns/lvsdns/notify/internal/sys"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// ReaderLock is what the reader of the FIFOs keeps while it lives. It acts on what hooks put into the journal.
const ReaderLock = "notify-fifo.lock"

// Locks are flock(2) locks on files that nobody else can open: the kernel gives them back when a process ends, however it ends. The files
// stay. Whoever has a lock writes into its file until when that may be believed: a process that hangs, or one that only keeps the file
// locked, does not keep the others waiting for longer.
const journalLock = "notify.lock"

var (
	// errBusy is a lock that others have kept for too long.
	errBusy = errors.New("another process keeps the lock")
	// ErrUnbelieved is a lock that is kept by somebody who does not say that he is at work.
	ErrUnbelieved = errors.New("whoever keeps the lock does not say that it is at work")
)

const (
	brief = 10 * time.Second // what a lock is taken for, if its holder says nothing else
	grace = time.Second      // to say so in
)

// Lock is a lock that this process has, until Release or its end.
type Lock struct{ fd int }

// Release gives the lock back.
func (l *Lock) Release() { _ = syscall.Close(l.fd) }

// Promise says that the lock is kept for so long at most, or that there is another promise by then.
func (l *Lock) Promise(d time.Duration) {
	until := words.Padded(int64(SinceBoot()+d), 20)
	_ = sys.Retry(func() error { // On a full disk nobody believes it, and acts as well.
		_, err := syscall.Pwrite(l.fd, []byte(until), 0)
		return err
	})
}

// promised says whether what is in the file of a lock holds.
func promised(fd int) bool {
	var text [32]byte
	n := 0
	err := sys.Retry(func() (err error) {
		n, err = syscall.Pread(fd, text[:], 0)
		return err
	})
	if err != nil {
		return false
	}
	until, err := strconv.ParseInt(strings.TrimSpace(string(text[:n])), 10, 64)
	now := SinceBoot()
	return err == nil && time.Duration(until) >= now && time.Duration(until) < now+maxPromise
}

// maxPromise is more than anybody promises. What a boot before this one has left may be far ahead.
const maxPromise = 15 * time.Minute

// TryLock takes a lock; nil without an error if somebody else has it. The directory is made if it is missing.
func TryLock(dir, name string) (*Lock, error) {
	fd, err := ownfile.OpenLock(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	l, err := tryLock(fd, filepath.Join(dir, name))
	if l == nil {
		_ = syscall.Close(fd)
	}
	return l, err
}

func tryLock(fd int, path string) (*Lock, error) {
	for looks := 0; ; looks++ {
		err := sys.Retry(func() error { return syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) })
		switch {
		case err == nil:
			l := &Lock{fd}
			l.Promise(brief)
			return l, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		// Those who only look go away at once; it takes thousands of them to be in the way each time.
		if kept, err := kept(fd); kept || err != nil || looks == 100 {
			return nil, nil
		}
		time.Sleep(time.Millisecond)
	}
}

// kept says whether somebody has a lock. Those who look share it: nobody takes another one who looks for who has it.
func kept(fd int) (bool, error) {
	err := sys.Retry(func() error { return syscall.Flock(fd, syscall.LOCK_SH|syscall.LOCK_NB) })
	if err == nil {
		err = sys.Retry(func() error { return syscall.Flock(fd, syscall.LOCK_UN) })
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// Kept says whether somebody has a lock, without taking it.
func Kept(dir, name string) (bool, error) {
	path := filepath.Join(dir, name)
	fd, err := ownfile.OpenLock(path)
	if err != nil {
		return false, err
	}
	defer syscall.Close(fd)
	has, err := kept(fd)
	if err != nil {
		return false, &os.PathError{Op: "look at the lock", Path: path, Err: err}
	}
	return has, nil
}

// Believe says whether somebody keeps a lock and promises to be at work. One who has just taken it is given a moment.
func Believe(dir, name string) bool {
	fd, err := ownfile.OpenLock(filepath.Join(dir, name))
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if has, err := kept(fd); !has || err != nil {
			return false
		}
		if promised(fd) {
			return true
		}
		if time.Since(began) > grace {
			return false
		}
	}
}

// WaitLock takes a lock, or ends with an error after some time, when the context ends, or when whoever has the lock is not believed.
func WaitLock(ctx context.Context, dir, name string, wait time.Duration) (*Lock, error) {
	path := filepath.Join(dir, name)
	fd, err := ownfile.OpenLock(path)
	if err != nil {
		return nil, err
	}
	if l, err := tryLock(fd, path); l != nil || err != nil {
		if l == nil {
			_ = syscall.Close(fd)
		}
		return l, err
	}
	got := make(chan error, 1)
	go func() { got <- sys.Retry(func() error { return syscall.Flock(fd, syscall.LOCK_EX) }) }()
	timer, look := time.NewTimer(wait), time.NewTicker(grace/4)
	defer timer.Stop()
	defer look.Stop()
	for doubts := 0; err == nil; {
		select {
		case err := <-got:
			if err != nil {
				_ = syscall.Close(fd)
				return nil, &os.PathError{Op: "lock", Path: path, Err: err}
			}
			l := &Lock{fd}
			l.Promise(brief)
			return l, nil
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-timer.C:
			if err = words.Around("", errBusy, " for "+wait.String()); !promised(fd) {
				err = words.Around("", ErrUnbelieved, "")
			}
		case <-look.C:
			if doubts++; promised(fd) {
				doubts = 0
			}
			if doubts >= 4 {
				err = words.Around("", ErrUnbelieved, "")
			}
		}
	}
	go func() { // The system call can't be called off: what it gets late is given back.
		<-got //nolint:errcheck // whatever became of it, the file is closed
		_ = syscall.Close(fd)
	}()
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

// Locks is the directory of the locks: the run directory, or the journal's where others can put something into that. trouble is why.
func (j *Journal) Locks() (dir string, trouble error) {
	if l := j.locks.Load(); l != nil && time.Since(l.at) < time.Second { // A hook asks six times.
		return l.dir, l.trouble
	}
	l := &locksIn{dir: j.RunDir, trouble: ownfile.Dir(j.RunDir, 0o755), at: time.Now()}
	if l.trouble != nil && ownfile.Dir(j.StateDir, 0o755) == nil {
		l.dir = j.StateDir
	}
	j.locks.Store(l)
	return l.dir, l.trouble
}

// locksIn is where the locks were a moment ago.
type locksIn struct {
	dir     string
	trouble error
	at      time.Time
}

// TryLock takes a lock of this journal's host.
func (j *Journal) TryLock(name string) (*Lock, error) {
	dir, _ := j.Locks()
	return TryLock(dir, name)
}

// Kept says whether somebody has a lock of this journal's host.
func (j *Journal) Kept(name string) (bool, error) {
	dir, _ := j.Locks()
	return Kept(dir, name)
}

// WaitLock waits for a lock of this journal's host.
func (j *Journal) WaitLock(ctx context.Context, name string, wait time.Duration) (*Lock, error) {
	dir, _ := j.Locks()
	return WaitLock(ctx, dir, name, wait)
}

func (j *Journal) tryLock() (*Lock, error) { return j.TryLock(journalLock) }

func (j *Journal) waitLock() (*Lock, error) {
	wait := j.Wait
	if wait == 0 {
		wait = 2 * time.Second
	}
	return j.WaitLock(context.Background(), journalLock, wait)
}
