package ownfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Dir makes a directory if it is missing, and says whether names in it can be relied on: it is root's or ours, and nobody else can put
// anything there. One of ours that others can write to is mended; what they have put there meanwhile stays, and is found out by
// whoever opens it.
func Dir(path string, mode fs.FileMode) error {
	err := dir(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = MakeDir(path, mode); err == nil {
			err = dir(path)
		}
	}
	return err
}

// MakeDir makes a directory, and those above it that are missing, with rights that no umask takes away: programs of other users read what
// is in it, and whoever starts us has an umask of his own, as keepalived has by its -u.
func MakeDir(path string, mode fs.FileMode) error {
	err := os.Mkdir(path, mode)
	if errors.Is(err, fs.ErrNotExist) && path != filepath.Dir(path) {
		if err = MakeDir(filepath.Dir(path), mode); err == nil {
			err = os.Mkdir(path, mode)
		}
	}
	switch {
	case err == nil:
		err = os.Chmod(path, mode)
	case errors.Is(err, fs.ErrExist):
		err = nil // by somebody else just now; whose it is, the next step sees
	}
	return Refused(path, err)
}

// TrustedDir says whether names in a directory can be relied on. It changes nothing.
func TrustedDir(path string) error {
	_, err := lookAtDir(path)
	return err
}

func dir(path string) error {
	info, err := lookAtDir(path)
	if errors.Is(err, errWritable) && int(info.Uid) == os.Geteuid() {
		// Through a descriptor: the name may be another's by now.
		fd, info, openErr := open(path, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
		if openErr != nil {
			return openErr
		}
		defer syscall.Close(fd)
		if int(info.Uid) == os.Geteuid() && syscall.Fchmod(fd, uint32(info.Mode)&0o7755) == nil {
			return nil
		}
	}
	return err
}

var (
	errWritable = errors.New("others can write to it; chmod go-w it")
	errNoDir    = errors.New("it is no directory; remove it")
)

// lookAtDir looks at the directory itself: a link to one is what its owner makes of it.
func lookAtDir(path string) (info syscall.Stat_t, err error) {
	if err = retry(func() error { return syscall.Lstat(path, &info) }); err == nil {
		switch {
		case uint32(info.Mode)&syscall.S_IFMT == syscall.S_IFLNK:
			return linkToDir(path)
		case uint32(info.Mode)&syscall.S_IFMT != syscall.S_IFDIR:
			err = errNoDir
		case info.Uid != 0 && int(info.Uid) != os.Geteuid():
			err = errors.New("it belongs to user " + strconv.Itoa(int(info.Uid)) + ", who is not believed; give it to root")
		case info.Mode&0o022 != 0:
			err = errWritable
		}
	}
	if err != nil {
		err = &os.PathError{Op: "use directory", Path: path, Err: err}
	}
	return info, err
}

// linkToDir is a link where a directory should be, such as /var/run: it is as good as who owns it, and where it leads.
func linkToDir(path string) (info syscall.Stat_t, err error) {
	if err = retry(func() error { return syscall.Lstat(path, &info) }); err == nil {
		err = believed(&info)
	}
	if err != nil {
		return info, &os.PathError{Op: "use directory", Path: path, Err: err}
	}
	to, err := filepath.EvalSymlinks(path)
	if err != nil {
		return info, err
	}
	return lookAtDir(to)
}
