package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lvsdns/lvsdns/internal/ownfile"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// spoolDir has a file for each event that waits for the journal.
const spoolDir = "notify.d"

// maxEvent is more than the line of any event.
const maxEvent = 8 << 10

// leave puts an event where the next writer of the journal finds it.
func (j *Journal) leave(e notify.Event) (path string, err error) {
	dir, _ := j.Locks()
	dir = filepath.Join(dir, spoolDir)
	if err := ownfile.Dir(dir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(dir, words.Padded(int64(e.Born), 20)+"."+words.Padded(int64(e.PID), 10))
	return path, ownfile.Replace(path, notify.EncodeEvent(e), 0o600)
}

// collect adds the events that were left, in the order in which keepalived made them, and returns their files. A directory or a file that
// others can have put there is no event, and trouble.
func (j *Journal) collect(d *notify.Document) (taken []string, trouble error) {
	dir, _ := j.Locks()
	dir = filepath.Join(dir, spoolDir)
	if err := ownfile.TrustedDir(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil // Nobody has ever left one.
	}
	if err := ownfile.Dir(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries { // sorted by name, which begins with the time
		path := filepath.Join(dir, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") { // half an event, whose writer may be at it, or was ended
			if info, err := entry.Info(); err == nil && j.Time().Sub(info.ModTime()) > stale {
				_ = os.Remove(path)
			}
			continue
		}
		text, err := ownfile.Read(path, maxEvent)
		if err == nil {
			var e notify.Event
			if e, err = notify.DecodeEvent(string(text)); err == nil {
				d.Add(e)
			}
		}
		if trouble == nil {
			trouble = err
		}
		taken = append(taken, path)
	}
	return slices.Clip(taken), trouble
}
