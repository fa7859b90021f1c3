package flows

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Query says which flows are looked for, and what is done with them.
type Query struct {
	Names  []string // of virtual servers: ADDRESS or ADDRESS:PORT; none: all
	Wants  func(conntrack.Target) bool
	Most   int  // are listed, and deleted
	Delete bool // from conntrack's table
}

// Tables are where flows are.
type Tables struct {
	Table       func(context.Context) (ipvs.Table, error)
	Conntrack   Conntrack
	Connections func(each func(ipvs.Connection) error) error // IPVS's own table
	Settings    Settings
}

// Conntrack is conntrack's table; *conntrack.Client is one.
type Conntrack interface {
	Flows(context.Context, *conntrack.Services, func(conntrack.Flow) error) error
	Delete(context.Context, []conntrack.Flow) (deleted, gone int, err error)
}

// Report is what was found and done.
type Report struct {
	Held          []Held
	Tally         Tally
	Settings      Settings
	Asked         bool // to delete
	Deleted, Gone int
}

// StillBound is how many entries still bind a client to what was looked for.
func (r Report) StillBound() int {
	left := r.Tally.Conntrack + r.Tally.IPVS
	if r.Asked {
		left -= r.Deleted + r.Gone
	}
	return left
}

// Find looks into both tables and, if it is told to, deletes what it has found.
func Find(ctx context.Context, q Query, k Tables) (Report, error) {
	r := Report{Settings: k.Settings}
	table, err := k.Table(ctx)
	// conntrack may remember flows of virtual servers from before the module was unloaded.
	if err != nil && (len(q.Names) == 0 || !errors.Is(err, ipvs.ErrAbsent)) {
		return r, err
	}
	services, err := pick(Services(table), q.Names)
	if err != nil {
		return r, err
	}
	index := conntrack.NewServices(services)
	look := NewLook(index, q.Wants, q.Most)
	if r.Settings.ExpireQuiescent <= 0 {
		look.Persistence(ipvs.NewTemplates(table), len(q.Names) == 0)
	}
	// A kernel without conntrack has no such flows; IPVS's may be there all the same.
	if err := k.Conntrack.Flows(ctx, index, look.Conntrack); err != nil && !errors.Is(err, conntrack.ErrAbsent) {
		return r, err
	}
	// IPVS's own table goes when the module is unloaded.
	if err := k.Connections(look.Connection); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("read IPVS's connections: %w", err)
	}
	r.Held, r.Tally = look.Held()
	if q.Delete {
		r.Asked = true
		if r.Deleted, r.Gone, err = k.Conntrack.Delete(ctx, Deletable(r.Held)); err != nil {
			return r, fmt.Errorf("%w (%d are deleted)", err, r.Deleted)
		}
		r.Settings.DeletedConntrack = r.Tally.Left == 0
	}
	return r, nil
}
