package notify

import (
	"errors"
	"os"
	"syscall"
)

// A hook opens a handful of files and ends. Package os would make an epoll instance for them, to wait for what never lets
// it wait; these go straight to the kernel, as package ownfile does for files that others could have touched.

func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// readProc reads a short file of /proc, which gives what there is at the first time. most is more than its usual size.
func readProc(path string, most int) ([]byte, error) {
	fd := -1
	err := retry(func() (err error) {
		fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	text, n := make([]byte, most), 0
	err = retry(func() (err error) {
		n, err = syscall.Read(fd, text)
		return err
	})
	if err != nil {
		return nil, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return text[:max(n, 0)], nil
}

// exists says whether there is such a file. One that can't be looked at is there.
func exists(path string) bool {
	var info syscall.Stat_t
	return !errors.Is(retry(func() error { return syscall.Stat(path, &info) }), syscall.ENOENT)
}
