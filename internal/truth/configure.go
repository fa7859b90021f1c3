package truth

import (
	"fmt"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/internal/site"
	"github.com/lvsdns/lvsdns/internal/vrrp"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// Source is where the truth is read.
type Source struct {
	site.Keepalived
	Settings string // the file that says how keepalived.conf is read
}

// Configure reads who holds which addresses. The stamps are taken before the files are read, so that a change in between
// makes them old. Without keepalived.conf nothing is known, which is good until there is one.
func (s Source) Configure(file string) (*notify.Configured, error) {
	s.File = file
	c := &notify.Configured{}
	var r site.Reading
	var err error
	for range 3 {
		before := s.stamps(r.Looked)
		if r, err = s.Read(); err != nil || slices.Equal(before, s.stamps(r.Looked)) {
			break
		}
		// The first round finds out which files there are.
	}
	if err == nil {
		c = vrrp.Configured(r.Config)
	} else {
		err = fmt.Errorf("states are as keepalived says, nobody looks at addresses: %w", err)
	}
	c.File = file
	// A file that changes within the tick of its stamp can't be told from what was read: then it is read again next time.
	if c.Stamps = s.stamps(r.Looked); !c.Settled(time.Now()) {
		c.Stamps[0].Time = 0
	}
	return c, err
}

// stamps are those of keepalived.conf and what it includes, and of what says how to read it: another version may run when one of these
// has changed.
func (s Source) stamps(looked []string) []notify.Stamp {
	main := s.Below(s.File)
	all := []notify.Stamp{journal.StampOf(main)}
	for _, name := range looked {
		if name != main {
			all = append(all, journal.StampOf(name))
		}
	}
	return append(all, journal.StampOf(s.Settings))
}
