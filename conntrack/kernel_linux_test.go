package conntrack

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/flowtest"
)

// ownTable moves the test to a network namespace of its own, whose table is empty: its goroutine, with all sockets that it opens.
func ownTable(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a network namespace")
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the test's goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace here: %v", err)
	}
	if _, err := New(Config{}).Size(); errors.Is(err, ErrAbsent) {
		t.Skip("this kernel has no connection tracking")
	} else if err != nil {
		t.Fatal(err)
	}
}

func openTable(t testing.TB) *flowtest.Table {
	t.Helper()
	table, err := flowtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return table
}

func fill(t testing.TB, n int, flow func(i int) flowtest.Flow) {
	t.Helper()
	if added, err := openTable(t).Create(n, flow); err != nil || added != n {
		t.Fatalf("%d of %d entries made: %v", added, n, err)
	}
}
