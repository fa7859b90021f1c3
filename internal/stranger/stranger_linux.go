// Package stranger is another user of this host, for tests: it does what uid 65534 may do, and no more.
package stranger

import (
	"os"
	"runtime"
	"syscall"
	"testing"
)

// ID is the user and group of nobody.
const ID = 65534

// Do calls f as another user. It is one thread that has another user for files (setfsuid(2)): what it may open, make and remove is what that
// user may, and what it makes is that user's. It takes root.
func Do(t *testing.T, f func() error) error {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("to be another user takes root")
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0)
		for _, call := range []uintptr{syscall.SYS_SETFSGID, syscall.SYS_SETFSUID} {
			_, _, _ = syscall.RawSyscall(call, ID, 0, 0)
		}
		done <- f()
	}()
	return <-done
}

// Lock keeps a file locked, as far as another user can open it, until the end of the test: with flock(2), or a read lock of fcntl(2).
func Lock(t *testing.T, path string, fcntl bool) error {
	t.Helper()
	return Do(t, func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		t.Cleanup(func() { f.Close() })
		if fcntl {
			const setLock = 37 // F_OFD_SETLK
			return syscall.FcntlFlock(f.Fd(), setLock, &syscall.Flock_t{Type: syscall.F_RDLCK})
		}
		return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	})
}
