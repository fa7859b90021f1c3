package ownfile

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// New is a file that will take the place of another.
type New struct {
	fd              int
	path, temporary string
}

const unfinished = ".new."

// Create makes a file beside path, with rights that no umask takes away. Whoever reads path meets the old file until [New.Commit].
func Create(path string, mode uint32) (*New, error) {
	prefix := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+unfinished)
	for {
		n := &New{path: path, temporary: prefix + strconv.FormatUint(rand.Uint64(), 36)}
		var info syscall.Stat_t
		var err error
		n.fd, info, err = open(n.temporary, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil && uint32(info.Mode)&0o777 != mode {
			if err = syscall.Fchmod(n.fd, mode); err != nil {
				n.Abort()
			}
		}
		if err != nil {
			return nil, n.err("write", bare(err)) // by its name: each time it has another one until then
		}
		return n, nil
	}
}

// bare is an error without its file.
func bare(err error) error {
	if at := (*os.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}

// Write writes all of a text.
func (n *New) Write(text []byte) error { return n.err("write", writeAll(n.fd, text)) }

// Sync waits until the file is on the disk.
func (n *New) Sync() error {
	return n.err("sync", retry(func() error { return syscall.Fsync(n.fd) }))
}

func (n *New) err(op string, err error) error {
	if err != nil {
		err = &os.PathError{Op: op, Path: n.path, Err: err}
	}
	return err
}

// Commit gives the file its name. On an error it is gone.
func (n *New) Commit() error {
	err := n.err("close", syscall.Close(n.fd))
	n.fd = -1
	if err == nil {
		err = n.err("rename to", retry(func() error { return syscall.Rename(n.temporary, n.path) }))
	}
	if err != nil {
		n.Abort()
	}
	return err
}

// Abort removes the file: on a full disk it takes space for nothing.
func (n *New) Abort() {
	if n.fd >= 0 {
		_ = syscall.Close(n.fd)
	}
	_ = syscall.Unlink(n.temporary)
}

// Replace puts a text in the place of a file, as [ReplaceIn] does. The directory is made if it is missing.
func Replace(path string, text []byte, mode uint32) error {
	err := ReplaceIn(path, text, mode)
	if errors.Is(err, fs.ErrNotExist) {
		if err = MakeDir(filepath.Dir(path), 0o755); err == nil {
			err = ReplaceIn(path, text, mode)
		}
	}
	return err
}

// ReplaceIn puts a text in the place of a file of a directory that is there, in one step: whoever reads it meets the old text or the new
// one, and never a part. Of a link the name is taken, not what it leads to. Nothing waits for the disk.
func ReplaceIn(path string, text []byte, mode uint32) error {
	n, err := Create(path, mode)
	if err != nil {
		return err
	}
	if err = n.Write(text); err != nil {
		n.Abort()
		return err
	}
	return n.Commit()
}

// Sweep removes what writers of path have left that were ended in the middle of it, so long ago. 0 is for a caller who
// knows that nobody else writes.
func Sweep(path string, age time.Duration) {
	prefix := "." + filepath.Base(path) + unfinished
	for _, name := range names(filepath.Dir(path)) {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		left := filepath.Join(filepath.Dir(path), name)
		if info, err := os.Lstat(left); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) >= age {
			_ = syscall.Unlink(left)
		}
	}
}

// names lists a directory without package os, which would prepare to wait for it.
func names(dir string) (all []string) {
	fd, _, err := open(dir, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	buffer := make([]byte, 4<<10)
	for {
		n := 0
		err := retry(func() (err error) {
			n, err = syscall.ReadDirent(fd, buffer)
			return err
		})
		if err != nil || n <= 0 {
			return all
		}
		_, _, all = syscall.ParseDirent(buffer[:n], -1, all)
	}
}
