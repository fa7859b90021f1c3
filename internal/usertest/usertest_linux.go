// Package usertest does things as a user without rights, so that a test can show what such a user cannot do.
package usertest

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// Stranger is a user who owns nothing: nobody.
const Stranger = 65534

// Do runs f as a user, and its group alone. The kernel keeps credentials for each thread (credentials(7)): f has one of its own, which ends with it.
// Goroutines that f starts are not of the user.
func Do(user int, f func() error) error {
	done := make(chan error)
	go onThread(func() {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
			done <- fmt.Errorf("leave all groups: %w", errno)
			return
		}
		id := uintptr(user)
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESGID, id, id, id); errno != 0 {
			done <- fmt.Errorf("become group %d: %w", user, errno)
			return
		}
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, id, id, id); errno != 0 {
			done <- fmt.Errorf("become user %d: %w", user, errno)
			return
		}
		done <- f()
	})
	return <-done
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

// Dir makes a folder in which everybody may look up names, as in /run/lvsdns. It skips the test where there is nobody else to be.
func Dir(t testing.TB) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	dir, err := os.MkdirTemp("", "u")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // that is the point
		t.Fatal(err)
	}
	return dir
}
