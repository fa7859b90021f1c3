package notify

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// A hook opens a handful of files and ends. Package os would make an epoll instance for them, to wait for what never lets
// it wait; these go straight to the kernel.

func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func openFile(path string, flags int) (int, error) {
	fd := -1
	err := retry(func() (err error) {
		fd, err = syscall.Open(path, flags|syscall.O_CLOEXEC, 0o644)
		return err
	})
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// readFile reads a file as a whole: one of a disk, or a short one of /proc, which gives what there is at the first time. most is more
// than its usual size.
func readFile(path string, most int) ([]byte, error) {
	fd, err := openFile(path, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	text := make([]byte, 0, most)
	for {
		room := text[len(text):cap(text)]
		n := 0
		err := retry(func() (err error) {
			n, err = syscall.Read(fd, room)
			return err
		})
		if err != nil {
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
		text = text[:len(text)+max(n, 0)]
		if n < len(room) {
			return text, nil
		}
		text = append(text, 0)[:len(text)]
	}
}

// exists says whether there is such a file. One that can't be looked at is there.
func exists(path string) bool {
	var info syscall.Stat_t
	return !errors.Is(retry(func() error { return syscall.Stat(path, &info) }), syscall.ENOENT)
}

func writeAll(fd int, path string, text []byte) error {
	for len(text) > 0 {
		var n int
		err := retry(func() (err error) {
			n, err = syscall.Write(fd, text)
			return err
		})
		if err == nil && n <= 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return &os.PathError{Op: "write", Path: path, Err: err}
		}
		text = text[n:]
	}
	return nil
}

func syncFile(fd int, path string) error {
	if err := retry(func() error { return syscall.Fsync(fd) }); err != nil {
		return &os.PathError{Op: "sync", Path: path, Err: err}
	}
	return nil
}
