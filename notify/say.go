package notify

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// saidFile remembers the trouble that was reported last.
const saidFile = "notify.said"

// SayOnce reports whether this trouble is news: not what the last run had to say as well. A hook runs for each
// instance and group at once, and a full disk is one trouble.
func SayOnce(runDir, text string) bool {
	path := filepath.Join(runDir, saidFile)
	if before, err := os.ReadFile(path); err == nil && string(before) == text {
		return false
	}
	_ = os.WriteFile(path, []byte(text), 0o644) // If it can't be remembered, it is said again.
	return true
}

// AllWell forgets the trouble, so that it is news when it comes again.
func AllWell(runDir string) { _ = syscall.Unlink(filepath.Join(runDir, saidFile)) }

// OneLine makes an error one line.
func OneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; ")
}
