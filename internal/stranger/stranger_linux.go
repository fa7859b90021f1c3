// Package stranger is another user of this host, for tests: it does what uid 65534, who owns nothing, may do, and no more.
package stranger

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// ID is the user and group of nobody.
const ID = 65534

// Do calls f as another user, and its group alone. The kernel keeps credentials for each thread (credentials(7)): f has one of its own,
// which ends with it. Goroutines that f starts are not of the user. It takes root.
func Do(t testing.TB, f func() error) error {
	t.Helper()
	needRoot(t)
	done := make(chan error)
	go onThread(func() {
		if err := become(); err != nil {
			done <- err
			return
		}
		done <- f()
	})
	return <-done
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
}

// become gives this thread away. Package syscall would give away all of them.
func become() error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
		return fmt.Errorf("leave all groups: %w", errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESGID, ID, ID, ID); errno != 0 {
		return fmt.Errorf("become group %d: %w", ID, errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, ID, ID, ID); errno != 0 {
		return fmt.Errorf("become user %d: %w", ID, errno)
	}
	return nil
}

// onThread runs f on a thread that is never used again, and is not the first of the process: that one the kernel takes for all of it.
func onThread(f func()) {
	runtime.LockOSThread()
	if syscall.Gettid() != syscall.Getpid() {
		f()
		return
	}
	waited := make(chan struct{})
	go func() { defer close(waited); onThread(f) }()
	<-waited
	runtime.UnlockOSThread()
}

// Dir makes a folder in which everybody may look up names, as in /run/lvsdns. It takes root, for whom there is somebody else.
func Dir(t testing.TB) string {
	t.Helper()
	needRoot(t)
	dir, err := os.MkdirTemp("", "u") // short, for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // that is the point
		t.Fatal(err)
	}
	return dir
}

// Lock keeps a file locked, as far as another user can open it, until the end of the test: with flock(2), or a read lock of fcntl(2).
func Lock(t testing.TB, path string, fcntl bool) error {
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
