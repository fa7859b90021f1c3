package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lvsdns/lvsdns/internal/ownfile"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/sys"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// The places of an installation.
const (
	StateDir = "/var/lib/lvsdns"
	RunDir   = "/run/lvsdns"
)

// File is the journal's name below the state directory.
const File = "notify.journal"

// Journal is the host's one record of what became of its instances: a file that is replaced as a whole. The
// zero values of Now and Wait are right for a program.
type Journal struct {
	StateDir string // of the journal
	RunDir   string // of the lock, and of events that wait for it
	Boot     string // the kernel's boot ID
	Now      func() time.Time
	Wait     time.Duration // for the lock; 0: 2 s
	// Any has Read take a journal whosever it is. It is for those who only show it.
	Any bool

	locks atomic.Pointer[locksIn]

	// step is called between the steps of a write. A test ends the process there.
	step func(string)
}

// Path is where the journal is.
func (j *Journal) Path() string { return filepath.Join(j.StateDir, File) }

// Error is a journal that can't be read or written. Failover does not depend on it.
type Error struct{ err error }

// Trouble is such an error.
func Trouble(err error) error { return &Error{err} }

func (e *Error) Error() string { return "journal: " + e.err.Error() }

func (e *Error) Unwrap() error { return e.err }

// Read reads the journal without its lock: a writer replaces it in one step. A journal that is not there yet is empty.
func (j *Journal) Read() (*notify.Document, error) {
	d, err := j.load()
	if err != nil {
		return nil, &Error{err}
	}
	return d, nil
}

func (j *Journal) load() (*notify.Document, error) {
	read := ownfile.Read
	if j.Any {
		read = ownfile.Peek
	}
	text, err := read(j.Path(), maxJournal)
	if errors.Is(err, fs.ErrNotExist) {
		return &notify.Document{Version: version}, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := decode(text)
	if err != nil {
		return nil, &badJournal{j.Path(), err}
	}
	return d, nil
}

// maxJournal is more than a host with as many instances and servers as there may be has to say.
const maxJournal = 64 << 20

// badJournal is a file that is there, can be read, and is no journal.
type badJournal struct {
	path string
	err  error
}

func (e *badJournal) Error() string { return e.path + " is no journal: " + e.err.Error() }

// Append notes an event. When another process is writing, the event is left for it in the run directory, and Append waits
// until it is in the journal: so a storm of hooks costs few writes. The document is what the journal holds
// now; nil when somebody else has noted the event.
//
// With an [Error] there is a document nevertheless: it has the event, and was not written.
func (j *Journal) Append(e notify.Event, settle func(*notify.Document)) (*notify.Document, error) {
	lock, err := j.tryLock()
	if err != nil {
		return j.unwritten(e, settle, err)
	}
	left := ""
	if lock == nil {
		if left, err = j.leave(e); err != nil {
			left = "" // No place to leave it: wait with it.
		}
		if lock, err = j.waitLock(); err != nil {
			if left != "" && errors.Is(err, errBusy) { // by others who are at work
				return nil, nil // Whoever writes next takes it.
			}
			return j.unwritten(e, settle, err)
		}
		if left != "" {
			if _, err := os.Lstat(left); errors.Is(err, fs.ErrNotExist) {
				lock.Release()
				return nil, nil
			}
		}
	}
	defer lock.Release()
	return j.change(func(d *notify.Document) {
		if left == "" {
			d.Add(e)
		}
		settle(d)
	})
}

// unwritten is a document for those who go on without a journal.
func (j *Journal) unwritten(e notify.Event, settle func(*notify.Document), err error) (*notify.Document, error) {
	d, readErr := j.load()
	if readErr != nil {
		d = &notify.Document{}
	}
	d.Reboot(j.Boot)
	d.Add(e)
	settle(d)
	return d, &Error{err}
}

// Update changes the journal under its lock, after taking in the events that were left. The document is what it holds
// now, or with an [Error] would hold.
func (j *Journal) Update(change func(*notify.Document)) (*notify.Document, error) {
	lock, err := j.waitLock()
	if err != nil {
		d, readErr := j.load()
		if readErr != nil {
			d = &notify.Document{}
		}
		d.Reboot(j.Boot)
		change(d)
		return d, &Error{err}
	}
	defer lock.Release()
	return j.change(change)
}

// change reads, changes and replaces the journal. The caller has the lock.
func (j *Journal) change(change func(*notify.Document)) (*notify.Document, error) {
	d, err := j.load()
	var bad *badJournal
	var trouble error
	switch {
	case errors.As(err, &bad):
		// Moved away, to be looked at: what is in it can't be mended here, and must not stop a failover.
		trouble = words.Around("", err, "; it is now "+bad.path+".bad, and a new one begins")
		if moveErr := os.Rename(bad.path, bad.path+".bad"); moveErr != nil {
			trouble = words.Around("", err, "; a new one begins")
		}
		d = &notify.Document{Discarded: bad.err.Error(), Discards: 1}
	case err != nil:
		trouble, d = err, &notify.Document{}
	}
	d.Reboot(j.Boot)
	taken, spoolErr := j.collect(d)
	trouble = errors.Join(trouble, spoolErr)
	change(d)
	d.Written = j.Time()
	if err := j.replace(d); err != nil {
		return d, &Error{errors.Join(trouble, err)}
	}
	for _, path := range taken {
		_ = os.Remove(path) // If it stays, its event is known already.
	}
	if trouble != nil {
		return d, &Error{trouble}
	}
	return d, nil
}

// replace writes a new file and lets it take the name of the old one. Whenever the process or the host ends, the
// journal is the old one or the new one. The directory is not synced: which of the two a host that has lost its power finds
// makes no difference to it, because what was said before a boot does not count after it.
func (j *Journal) replace(d *notify.Document) error {
	ownfile.Sweep(j.Path(), 0) // The lock is ours: what there is was left by writers that were ended.
	n, err := ownfile.Create(j.Path(), 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		if err = ownfile.MakeDir(j.StateDir, 0o755); err == nil {
			n, err = ownfile.Create(j.Path(), 0o644)
		}
	}
	if err != nil {
		return err
	}
	j.at("created")
	err = n.Write(encode(d))
	j.at("written")
	if err == nil {
		err = n.Sync()
	}
	j.at("synced")
	if err != nil {
		n.Abort()
		return err
	}
	if err := n.Commit(); err != nil {
		return err
	}
	j.at("renamed")
	return nil
}

// Time is the time by the journal's clock.
func (j *Journal) Time() time.Time {
	if j.Now == nil {
		return time.Now()
	}
	return j.Now()
}

func (j *Journal) at(step string) {
	if j.step != nil {
		j.step(step)
	}
}

// BootID is the kernel's, or empty if it does not say.
func BootID() string {
	text, err := sys.ReadProc("/proc/sys/kernel/random/boot_id", 64)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
