package ownfile

import (
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"
)

// retry is for system calls that a signal may end: the runtime of Go sends itself some.
func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// open opens a file, and says what it is. It follows no link and waits for nobody.
func open(path string, flags int, mode uint32) (fd int, info syscall.Stat_t, err error) {
	const always = syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	err = retry(func() (err error) {
		fd, err = syscall.Open(path, flags|always, mode)
		return err
	})
	if errors.Is(err, syscall.ELOOP) {
		err = errLink
	}
	if err == nil {
		if err = syscall.Fstat(fd, &info); err != nil {
			_ = syscall.Close(fd)
		}
	}
	if err != nil {
		return -1, info, &os.PathError{Op: "open", Path: path, Err: Refused(path, err)}
	}
	return fd, info, nil
}

var (
	errLink       = errors.New("it is a symbolic link, which is not followed; remove it")
	errNotRegular = errors.New("it is no regular file; remove it")
	errLinked     = errors.New("it has another name too (a hard link); remove it")
)

// regular says whether a file is one of a disk, with one name.
func regular(info *syscall.Stat_t) error {
	switch {
	case uint32(info.Mode)&syscall.S_IFMT != syscall.S_IFREG:
		return errNotRegular
	case info.Nlink > 1: // 0: it was replaced since
		return errLinked
	}
	return nil
}

// believed says whether a file is root's or ours.
func believed(info *syscall.Stat_t) error {
	if info.Uid == 0 || int(info.Uid) == os.Geteuid() {
		return nil
	}
	return errors.New("it belongs to user " + strconv.Itoa(int(info.Uid)) + ", who is not believed; remove it, or give it to root")
}

func writeAll(fd int, text []byte) error {
	for len(text) > 0 {
		n := 0
		err := retry(func() (err error) {
			n, err = syscall.Write(fd, text)
			return err
		})
		if err == nil && n <= 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// Believe says whether what was opened is a regular file of root's or of our own user.
func Believe(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var info syscall.Stat_t
	if ctlErr := raw.Control(func(fd uintptr) {
		if err = syscall.Fstat(int(fd), &info); err == nil {
			if err = regular(&info); err == nil {
				err = believed(&info)
			}
		}
	}); ctlErr != nil {
		return ctlErr
	}
	if err != nil {
		return &os.PathError{Op: "use", Path: f.Name(), Err: err}
	}
	return nil
}

// Others reports whether a file is neither root's nor ours.
func Others(info os.FileInfo) bool {
	sys, ok := info.Sys().(*syscall.Stat_t)
	return !ok || believed(sys) != nil
}
