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

func readFile(path string) ([]byte, error) {
	fd, err := openFile(path, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	text := make([]byte, 0, 16<<10)
	for {
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		var n int
		err := retry(func() (err error) {
			n, err = syscall.Read(fd, text[len(text):cap(text)])
			return err
		})
		if err != nil {
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
		if n <= 0 {
			return text, nil
		}
		text = text[:len(text)+n]
	}
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
