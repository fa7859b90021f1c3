package journal

import (
	"os"
	"syscall"

	"github.com/lvsdns/lvsdns/notify"
)

// StampOf looks at a file.
func StampOf(path string) notify.Stamp {
	info, err := os.Stat(path)
	if err != nil {
		return notify.Stamp{Path: path, Time: -1}
	}
	s := notify.Stamp{Path: path, Time: info.ModTime().UnixNano(), Size: info.Size()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Ino = sys.Ino
	}
	return s
}

// Fresh reports whether the files are still those that c was read from: keepalived.conf, which is file, and the others. A file that was changed just before it was
// read could be changed again within the same tick of the clock.
func Fresh(c *notify.Configured, file string) bool {
	if c == nil || c.File != file || len(c.Stamps) == 0 {
		return false
	}
	for _, s := range c.Stamps {
		if StampOf(s.Path) != s {
			return false
		}
	}
	return true
}
