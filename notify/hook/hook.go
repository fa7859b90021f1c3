package hook

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/sys"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// Hook is one run of the program that keepalived starts.
type Hook struct {
	Journal  *journal.Journal
	Settings string // the file that says which actions there are; without one there are none
	Conf     string // keepalived.conf
	Held     func() ([]notify.Held, error)

	// Unknown is what [notify.Configured.Unknown] says of the event, after Run, if that has ended in Done.
	Unknown string
}

// Next is what is left to do after the event is in the journal.
type Next int

// The ways to go on.
const (
	Done   Next = iota // nothing is left, or somebody else does it
	Settle             // there are actions, or keepalived.conf has to be read
)

// Run notes the event and settles the state of all instances as far as this is possible without reading keepalived.conf. Whatever
// goes wrong, the answer says how to go on.
func (h *Hook) Run(e notify.Event) (Next, error) {
	stale := false
	var lookErr error
	_, err := h.Journal.Append(e, func(d *notify.Document) {
		if stale = !journal.Fresh(d.Configured, h.Conf); !stale {
			lookErr = d.Look(h.Held, h.Journal.Time())
			h.Unknown = d.Configured.Unknown(e)
		}
	})
	noted := err == nil
	if _, dirErr := h.Journal.Locks(); dirErr != nil {
		err = journal.Trouble(errors.Join(dirErr, err))
	}
	if !sys.Exists(h.Settings) && !stale {
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
	kept, err := journal.Kept(dir, journal.ReaderLock)
	switch {
	case err != nil: // The journal has said so.
		return false, nil
	case !kept:
		return false, nil
	case !journal.Believe(dir, journal.ReaderLock):
		return false, journal.Trouble(&os.PathError{Op: "leave it to the reader of the FIFOs", Path: filepath.Join(dir, journal.ReaderLock), Err: journal.ErrUnbelieved})
	}
	return true, nil
}
