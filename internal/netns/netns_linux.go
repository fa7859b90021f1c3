// Package netns runs functions in a network namespace, and makes namespaces
// that have no name and need no clean-up.
package netns

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// own is where a thread finds its namespace (namespaces(7)).
const own = "/proc/thread-self/ns/net"

// New makes a namespace. It goes when the file is closed and the last process in
// it has ended.
func New() (*os.File, error) {
	type made struct {
		ns  *os.File
		err error
	}
	done := make(chan made)
	go func() {
		// Never unlocked: the thread is in the new namespace for good, and ends with this goroutine.
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- made{nil, fmt.Errorf("make a network namespace: %w", err)}
			return
		}
		ns, err := os.Open(own)
		done <- made{ns, err}
	}()
	m := <-done
	return m.ns, m.err
}

// Do runs f on a thread that is in the namespace ns. Sockets opened by f and
// processes started by f belong to ns for good; goroutines started by f do not.
// It costs three system calls, where ip-netns(8) costs a program start.
func Do(ns *os.File, f func() error) error {
	runtime.LockOSThread()
	home, err := os.Open(own)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace %s: %w", ns.Name(), err)
	}
	// A thread that cannot go home stays locked, and dies with its goroutine.
	defer func() {
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	}()
	return f()
}
