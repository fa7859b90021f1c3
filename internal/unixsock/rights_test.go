package unixsock

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// rights are as many files, to be sent along.
func rights(t *testing.T, n int) []byte {
	t.Helper()
	files := make([]int, n)
	for i := range files {
		files[i] = int(os.Stderr.Fd())
	}
	return unix.UnixRights(files...)
}

func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
