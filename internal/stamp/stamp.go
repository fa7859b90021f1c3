// Package stamp tells whether a file is still the one that was read. It is linked into the program that keepalived starts at each change
// of state, and needs neither package fmt nor reflect.
package stamp

import (
	"os"
	"syscall"
)

// Stamp tells a version of a file from another one. Two that are equal are of the same version, but for changes within one tick of the
// file system's clock.
type Stamp struct {
	Path string `json:"path"`
	Time int64  `json:"time"` // of the last change, ns; -1: there is no such file
	Size int64  `json:"size"`
	Ino  uint64 `json:"ino"` // another file may be as large, and as old: cp -p and rsync -t see to that
}

// Of looks at a file, or at what a link leads to.
func Of(path string) Stamp {
	info, err := os.Stat(path)
	if err != nil {
		return Stamp{Path: path, Time: -1}
	}
	s := Stamp{Path: path, Time: info.ModTime().UnixNano(), Size: info.Size()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Ino = sys.Ino
	}
	return s
}

// All looks at files.
func All(paths []string) []Stamp {
	all := make([]Stamp, 0, len(paths))
	for _, path := range paths {
		all = append(all, Of(path))
	}
	return all
}
