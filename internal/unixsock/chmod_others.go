//go:build !linux

package unixsock

import (
	"io/fs"
	"os"
)

func chmod(path string, mode fs.FileMode) error { return os.Chmod(path, mode) }
