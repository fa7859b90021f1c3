package ownfile

import (
	"os"
	"path/filepath"
)

// Exposed reports whether users other than the owner and the group have the right to read a file.
func Exposed(path string) bool { return others(path, 0o004) }

func others(path string, may os.FileMode) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&may != 0
}

// Warning says of a file with secrets that everybody can read it, and how to mend that. Empty: it has other rights, or a directory on the
// way to it lets not everybody pass.
func Warning(path string) string {
	at, err := filepath.EvalSymlinks(path)
	if err == nil {
		at, err = filepath.Abs(at)
	}
	if err != nil || path == "" || !Exposed(at) {
		return ""
	}
	for at != "/" {
		if at = filepath.Dir(at); !others(at, 0o001) {
			return ""
		}
	}
	return path + " has secrets, and every user of this host can read it: chmod o-r " + path
}
