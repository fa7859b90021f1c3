package notify

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// The places of an installation.
const (
	StateDir = "/var/lib/lvsdns"
	RunDir   = "/run/lvsdns"
)

// JournalFile is the journal's name below the state directory.
const JournalFile = "notify.journal"

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
func (j *Journal) Path() string { return filepath.Join(j.StateDir, JournalFile) }

// JournalError is a journal that can't be read or written. Failover does not depend on it.
type JournalError struct{ err error }

func (e *JournalError) Error() string { return "journal: " + e.err.Error() }

func (e *JournalError) Unwrap() error { return e.err }

// Read reads the journal without its lock: a writer replaces it in one step. A journal that is not there yet is empty.
func (j *Journal) Read() (*Document, error) {
	d, err := j.load()
	if err != nil {
		return nil, &JournalError{err}
	}
	return d, nil
}

func (j *Journal) load() (*Document, error) {
	read := ownfile.Read
	if j.Any {
		read = ownfile.Peek
	}
	text, err := read(j.Path(), maxJournal)
	if errors.Is(err, fs.ErrNotExist) {
		return &Document{Version: documentVersion}, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := decodeDocument(text)
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
// With a JournalError there is a document nevertheless: it has the event, and was not written.
func (j *Journal) Append(e Event, settle func(*Document)) (*Document, error) {
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
	return j.change(func(d *Document) {
		if left == "" {
			d.Add(e)
		}
		settle(d)
	})
}

// unwritten is a document for those who go on without a journal.
func (j *Journal) unwritten(e Event, settle func(*Document), err error) (*Document, error) {
	d, readErr := j.load()
	if readErr != nil {
		d = &Document{}
	}
	d.rebooted(j.Boot)
	d.Add(e)
	settle(d)
	return d, &JournalError{err}
}

// Update changes the journal under its lock, after taking in the events that were left. The document is what it holds
// now, or with a JournalError would hold.
func (j *Journal) Update(change func(*Document)) (*Document, error) {
	lock, err := j.waitLock()
	if err != nil {
		d, readErr := j.load()
		if readErr != nil {
			d = &Document{}
		}
		d.rebooted(j.Boot)
		change(d)
		return d, &JournalError{err}
	}
	defer lock.Release()
	return j.change(change)
}

// change reads, changes and replaces the journal. The caller has the lock.
func (j *Journal) change(change func(*Document)) (*Document, error) {
	d, err := j.load()
	var bad *badJournal
	var trouble error
	switch {
	case errors.As(err, &bad):
		// Moved away, to be looked at: what is in it can't be mended here, and must not stop a failover.
		trouble = &within{"", err, "; it is now " + bad.path + ".bad, and a new one begins"}
		if moveErr := os.Rename(bad.path, bad.path+".bad"); moveErr != nil {
			trouble = &within{"", err, "; a new one begins"}
		}
		d = &Document{Discarded: bad.err.Error(), Discards: 1}
	case err != nil:
		trouble, d = err, &Document{}
	}
	d.rebooted(j.Boot)
	taken, spoolErr := j.collect(d)
	trouble = errors.Join(trouble, spoolErr)
	change(d)
	d.Written = j.now()
	if err := j.replace(d); err != nil {
		return d, &JournalError{errors.Join(trouble, err)}
	}
	for _, path := range taken {
		_ = os.Remove(path) // If it stays, its event is known already.
	}
	if trouble != nil {
		return d, &JournalError{trouble}
	}
	return d, nil
}

// replace writes a new file and lets it take the name of the old one. Whenever the process or the host ends, the
// journal is the old one or the new one. The directory is not synced: which of the two a host that has lost its power finds
// makes no difference to it, because what was said before a boot does not count after it.
func (j *Journal) replace(d *Document) error {
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
	err = n.Write(d.encode())
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

func (j *Journal) now() time.Time {
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
	text, err := readProc("/proc/sys/kernel/random/boot_id", 64)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
