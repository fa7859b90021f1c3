package journal

import (
	"path/filepath"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// The notes of what was said last: trouble, which is forgotten when all is well again, and warnings.
const (
	saidFile   = "notify.said"
	warnedFile = "notify.warned"
)

// stale is how long ago nobody is at it any more.
const stale = time.Minute

// SayOnce reports whether this trouble is news: not what the last run had to say as well. A hook runs for each
// instance and group at once, and a full disk is one trouble.
func (j *Journal) SayOnce(text string) bool { return j.once(saidFile, text) }

// WarnOnce is for what is no trouble. It is news again after a boot.
func (j *Journal) WarnOnce(text string) bool { return j.once(warnedFile, text) }

func (j *Journal) once(name, text string) bool {
	dir, _ := j.Locks()
	path := filepath.Join(dir, name)
	if before, err := ownfile.Read(path, 64<<10); err == nil && string(before) == text {
		return false
	}
	ownfile.Sweep(path, stale)
	_ = ownfile.Replace(path, []byte(text), 0o600) // If it can't be remembered, it is said again.
	return true
}

// AllWell forgets the trouble, so that it is news when it comes again.
func (j *Journal) AllWell() {
	dir, _ := j.Locks()
	_ = syscall.Unlink(filepath.Join(dir, saidFile))
}
