package ownfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// OpenLock opens a file to be locked, which is made if it is missing. Nobody but root and this user can open it, and nobody else has it
// open: what others could have opened, or put there, gives its name to a new file, whoever may keep the old one locked.
func OpenLock(path string) (fd int, err error) {
	for range 10 {
		if err = Dir(filepath.Dir(path), 0o755); err != nil {
			return -1, err
		}
		var info syscall.Stat_t
		if fd, info, err = open(path, syscall.O_RDWR|syscall.O_CREAT, 0o600); err == nil {
			if err = private(&info); err == nil {
				return fd, nil
			}
			_ = syscall.Close(fd)
			err = &os.PathError{Op: "lock", Path: path, Err: err}
		} else if !errors.Is(err, errLink) && !errors.Is(err, syscall.ENXIO) { // ENXIO: a socket
			return -1, err
		}
		if err := renew(path, &info); err != nil {
			return -1, err
		}
	}
	return -1, err // Somebody is quicker, ten times over.
}

var errOpen = errors.New("others can open it")

// private says whether a file is a lock that only root and this user can open.
func private(info *syscall.Stat_t) error {
	err := regular(info)
	if err == nil {
		err = believed(info)
	}
	if err == nil && info.Mode&0o077 != 0 {
		err = errOpen
	}
	return err
}

// Renew puts a new file in the place of a lock that others keep.
func Renew(path string) error {
	n, err := Create(path, 0o600)
	if err != nil {
		return err
	}
	return n.Commit()
}

// renew renews a lock, unless somebody else has done so since it was looked at.
func renew(path string, was *syscall.Stat_t) error {
	var is syscall.Stat_t
	err := retry(func() error { return syscall.Lstat(path, &is) })
	if errors.Is(err, fs.ErrNotExist) || err == nil && was.Ino != 0 && is.Ino != was.Ino {
		return nil
	}
	return Renew(path)
}
