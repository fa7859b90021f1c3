package guard

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// Options say what is held.
type Options struct {
	Lock    string // our own, such as /run/lvsdns/fallback.lock
	PIDFile string // of keepalived's checker process, such as /run/checkers.pid; empty: there is no keepalived
	Config  string // keepalived's configuration, for [Take]

	// Frozen says that a stopped parent has the pidfile, which from 2.3.2 on keeps its lock while its checker is dead. The process in
	// the file counts then, and the lock, which we cannot have, keeps every other keepalived away.
	Frozen bool
}

// Held is what keeps others from programming the table.
type Held struct {
	lock    *os.File
	pidfile *os.File // nil: not held
	o       Options
	frozen  clan // by us
}

// ErrHeld is in the errors of [Acquire] that go away when somebody else ends.
var ErrHeld = errors.New("somebody else programs the table")

// Acquire takes the lock and the pidfile. It does not wait.
func Acquire(o Options) (*Held, error) {
	if err := ownfile.Dir(filepath.Dir(o.Lock), 0o755); err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	own, err := open(o.Lock, 0o600, false) // so that nobody else can keep it
	if err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	h := &Held{lock: own, o: o}
	if o.PIDFile != "" {
		if h.pidfile, err = open(o.PIDFile, 0o644, o.Frozen); err == nil {
			err = h.unclaimed()
		}
		if err != nil {
			h.close()
			return nil, fmt.Errorf("hold keepalived's checkers pidfile: %w", err)
		}
	}
	for _, f := range []*os.File{h.lock, h.pidfile} {
		if f == nil {
			continue
		}
		if err := write(f); err != nil {
			h.close()
			return nil, err
		}
	}
	return h, nil
}

// open opens and locks a file: with a lock that belongs to the open file (F_OFD_SETLK of fcntl(2)), as keepalived has it. What another
// user may have put there, or keeps with a read lock, is not believed: every programmer of the table has a write lock, and that takes
// a file that can be written.
func open(name string, mode uint32, frozen bool) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	for again := false; ; again = true {
		f, err := os.OpenFile(name, flags, os.FileMode(mode))
		if errors.Is(err, syscall.ELOOP) {
			err = fmt.Errorf("%s is a symbolic link: remove it", name)
		}
		if err != nil {
			return nil, ownfile.Refused(name, err)
		}
		if err = ownfile.Believe(f); err == nil {
			err = lock(f)
		}
		switch {
		case errors.Is(err, syscall.EAGAIN) && frozen:
			err = nil
		case errors.Is(err, syscall.EAGAIN) && holds(f) == syscall.F_RDLCK && !again:
			err = renew(f, name, mode)
			_ = f.Close()
			if err != nil {
				return nil, err
			}
			continue
		case errors.Is(err, syscall.EAGAIN):
			err = fmt.Errorf("%w: process %d has %s locked", ErrHeld, pidIn(f), name)
		}
		if err == nil && !isAt(f, name) {
			err = fmt.Errorf("%w: %s was replaced just now", ErrHeld, name)
		}
		if err == nil {
			err = narrow(f, os.FileMode(mode))
		}
		if err != nil {
			_ = f.Close()
			return nil, err
		}
		return f, nil
	}
}

// narrow takes rights away that a file of an earlier version gives to others.
func narrow(f *os.File, mode os.FileMode) error {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&^mode == 0 {
		return err
	}
	return f.Chmod(info.Mode().Perm() & mode)
}

// renew puts a new file with the same text in the place of one that somebody keeps with a read lock, who has no more than that: where there
// is a read lock there is no write lock.
func renew(f *os.File, name string, mode uint32) error {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, maxPID))
	if err == nil && !isAt(f, name) {
		err = fmt.Errorf("%w: %s was replaced just now", ErrHeld, name)
	}
	if err == nil {
		err = ownfile.Replace(name, text, mode)
	}
	return err
}

func lock(f *os.File) error {
	const setLock = 37 // F_OFD_SETLK
	return syscall.FcntlFlock(f.Fd(), setLock, &syscall.Flock_t{Type: syscall.F_WRLCK})
}

// holds is the kind of lock that another keeps on a file.
func holds(f *os.File) int16 {
	const getLock = 36 // F_OFD_GETLK
	asked := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(f.Fd(), getLock, &asked); err != nil {
		return syscall.F_UNLCK
	}
	return asked.Type
}

// isAt reports whether the name still leads to this file.
func isAt(f *os.File, name string) bool {
	mine, err1 := f.Stat()
	there, err2 := os.Stat(name)
	return err1 == nil && err2 == nil && os.SameFile(mine, there)
}

// pidIn is the process that a file names; 0: none.
func pidIn(f *os.File) int {
	text, err := io.ReadAll(io.LimitReader(io.NewSectionReader(f, 0, maxPID), maxPID))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// unclaimed reports a keepalived before 2.3.2, which writes its pid and locks nothing.
func (h *Held) unclaimed() error {
	pid := pidIn(h.pidfile)
	if pid <= 1 || pid == os.Getpid() {
		return nil
	}
	// A checker that was killed while its parent is frozen stays as a zombie: it is dead, though kill(pid, 0) finds it.
	if p := look(pid); p.IsKeepalived() && p.State != 'Z' {
		return fmt.Errorf("%w: keepalived's checker process %d lives", ErrHeld, pid)
	}
	return nil
}

func write(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("write our process ID: %w", err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write our process ID: %w", err)
	}
	return nil
}

// Check reports whether both are still ours: a keepalived before 2.3.2 that was already starting, or an operator's rm, can take the
// pidfile away.
func (h *Held) Check() error {
	if h.o.Frozen && h.pidfile != nil {
		_ = lock(h.pidfile) // ours as soon as the frozen parent is gone
	}
	for _, x := range []struct {
		f    *os.File
		name string
	}{{h.lock, h.o.Lock}, {h.pidfile, h.o.PIDFile}} {
		if x.f == nil {
			continue
		}
		if err := ours(x.f, x.name); err != nil {
			return err
		}
	}
	return nil
}

// ours says why a file that we hold is not ours any more.
func ours(f *os.File, name string) error {
	if !isAt(f, name) {
		return fmt.Errorf("%w: %s is another file now", ErrHeld, name)
	}
	if pid := pidIn(f); pid != os.Getpid() {
		return fmt.Errorf("%w: %s names process %d now", ErrHeld, name, pid)
	}
	return nil
}

// Release lets go of both, so that keepalived starts; one of them that is another's by now stays. The pidfile is removed, as keepalived
// does it. A parent that was frozen for this goes on.
func (h *Held) Release() {
	if h.pidfile != nil && ours(h.pidfile, h.o.PIDFile) == nil {
		_ = os.Remove(h.o.PIDFile)
	}
	if ours(h.lock, h.o.Lock) == nil {
		_ = h.lock.Truncate(0)
	}
	h.close()
	if h.frozen.parent != 0 {
		_ = thaw(h.frozen.parent)
	}
}

func (h *Held) close() {
	for _, f := range []*os.File{h.pidfile, h.lock} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// Abandoned reports whether who held both was killed, and nobody has had them since: [Held.Release] and every keepalived that
// starts and ends leave something else.
func Abandoned(o Options) bool {
	if o.PIDFile == "" {
		return false
	}
	if pid, err := Holder(o.Lock); err != nil || pid != 0 {
		return false
	}
	lock, err1 := ownfile.Read(o.Lock, maxPID)
	pidfile, err2 := ownfile.Read(o.PIDFile, maxPID)
	return errors.Join(err1, err2) == nil && len(lock) > 0 && string(lock) == string(pidfile)
}

// Holder is the process that has the lock; 0: nobody has it. It takes nothing. Only root, and the user who takes the lock, can tell.
func Holder(lock string) (int, error) {
	f, err := os.OpenFile(lock, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look who programs the table: %w", ownfile.Refused(lock, err))
	}
	defer f.Close()
	if err := ownfile.Believe(f); err != nil {
		return 0, fmt.Errorf("look who programs the table: %w", err)
	}
	if holds(f) != syscall.F_WRLCK {
		return 0, nil
	}
	return pidIn(f), nil
}
