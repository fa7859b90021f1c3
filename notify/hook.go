package notify

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// Hook is one run of the program that keepalived starts.
type Hook struct {
	Journal  *Journal
	Settings string // the file that says which actions there are; without one there are none
	Conf     string // keepalived.conf
	Held     func() ([]Held, error)
}

// Next is what is left to do after the event is in the journal.
type Next int

// The ways to go on.
const (
	Done   Next = iota // nothing is left, or somebody else does it
	Settle             // there are actions, or keepalived.conf has to be read
)

// ReaderLock is what the reader of the FIFOs keeps while it lives. It acts on what hooks put into the journal.
const ReaderLock = "notify-fifo.lock"

// Run notes the event and settles the state of all instances as far as this is possible without reading keepalived.conf. Whatever
// goes wrong, the answer says how to go on.
func (h *Hook) Run(e Event) (Next, error) {
	stale := false
	var lookErr error
	_, err := h.Journal.Append(e, func(d *Document) {
		if stale = !d.Configured.Fresh(h.Conf); !stale {
			lookErr = d.Look(h.Held, h.Journal.now())
		}
	})
	noted := err == nil
	if _, dirErr := h.Journal.Locks(); dirErr != nil {
		err = &JournalError{errors.Join(dirErr, err)}
	}
	if !exists(h.Settings) && !stale {
		return Done, errors.Join(err, lookErr)
	}
	reader, readerErr := h.reader()
	if reader && noted {
		return Done, errors.Join(err, lookErr)
	}
	return Settle, errors.Join(err, readerErr, lookErr)
}

// reader says whether the reader of the FIFOs is there and at work.
func (h *Hook) reader() (bool, error) {
	dir, _ := h.Journal.Locks()
	lock, err := TryLock(dir, ReaderLock)
	switch {
	case err != nil:
		return false, nil // The journal has said so.
	case lock != nil:
		lock.Release()
		return false, nil
	case !Believe(dir, ReaderLock):
		return false, &JournalError{&os.PathError{Op: "leave it to the reader of the FIFOs", Path: filepath.Join(dir, ReaderLock), Err: ErrUnbelieved}}
	}
	return true, nil
}

// Look settles the state of every subject by the addresses of this host.
func (d *Document) Look(held func() ([]Held, error), now time.Time) error {
	all, err := held()
	if err != nil {
		return err // What was said is all there is.
	}
	d.Settle(all, now)
	return nil
}
