// Package sys asks the kernel for files without package os, which would make an
// epoll instance for them, to wait for what never lets it wait. A hook opens a
// handful of files and ends. Package ownfile does the same for files that others
// could have touched.
package sys

import (
	"errors"
	"os"
	"syscall"
)

// Retry calls again what a signal has interrupted.
func Retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// ReadProc reads a short file of /proc, which gives what there is at the first time. most is more than its usual size.
func ReadProc(path string, most int) ([]byte, error) {
	fd := -1
	err := Retry(func() (err error) {
		fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	text, n := make([]byte, most), 0
	err = Retry(func() (err error) {
		n, err = syscall.Read(fd, text)
		return err
	})
	if err != nil {
		return nil, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return text[:max(n, 0)], nil
}

// Exists says whether there is such a file. One that can't be looked at is there.
func Exists(path string) bool {
	var info syscall.Stat_t
	return !errors.Is(Retry(func() error { return syscall.Stat(path, &info) }), syscall.ENOENT)
}
