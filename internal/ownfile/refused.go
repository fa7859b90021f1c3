package ownfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// refused is an error of the kernel, with what its reader can do about it.
type refused struct {
	err  error
	hint string
}

func (r *refused) Error() string { return r.err.Error() + ": " + r.hint }

func (r *refused) Unwrap() error { return r.err }

// Refused adds to a refusal of the kernel whose file that is, or whose directory. Another error stays as it is.
func Refused(path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	for at := path; ; at = filepath.Dir(at) {
		info, statErr := os.Stat(at)
		if statErr == nil {
			if hint := whose(at, info); hint != "" {
				return &refused{err, hint}
			}
			return err
		}
		if at == filepath.Dir(at) {
			return err
		}
	}
}

func whose(path string, info os.FileInfo) string {
	sys, ok := info.Sys().(*syscall.Stat_t)
	switch self := os.Geteuid(); {
	case !ok || int(sys.Uid) == self:
		return ""
	case sys.Uid == 0:
		return path + " belongs to root: run this as root"
	case self == 0:
		return path + " belongs to user " + strconv.Itoa(int(sys.Uid)) + ", and root needs CAP_DAC_OVERRIDE for it"
	default:
		return path + " belongs to user " + strconv.Itoa(int(sys.Uid)) + ": run this as that user, or as root"
	}
}
