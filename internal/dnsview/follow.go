package dnsview

import (
	"context"
	"log/slog"
	"reflect"
	"time"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Follower keeps the view of a counter up to date.
type Follower struct {
	Options
	Table  func(context.Context) (ipvs.Table, error)
	Update func(dnscount.View) error // of the counter
	Log    *slog.Logger

	around func() (Surroundings, error) // nil: this host's
	last   dnscount.View
}

// every is how soon a new virtual server is counted.
const every = 2 * time.Second

// Run looks every so often, until ctx ends.
func (f *Follower) Run(ctx context.Context) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		f.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look tells the counter of a view that is another one than before. What cannot be read leaves the view as it was: without a table a
// director's virtual servers stay, and on a real server there is none.
func (f *Follower) look(ctx context.Context) {
	table, err := f.Table(ctx)
	around := f.around
	if around == nil {
		around = host
	}
	surroundings, hostErr := around()
	switch {
	case hostErr != nil:
		f.Log.Error("the view of DNS traffic stays as it was", "error", hostErr)
		return
	case err != nil && f.last.Role == dnscount.Director && len(f.last.Services) > 0:
		return
	}
	v := New(table, surroundings, f.Options)
	if reflect.DeepEqual(v, f.last) {
		return
	}
	if err := f.Update(v); err != nil {
		f.Log.Error("the view of DNS traffic stays as it was", "error", err)
		return
	}
	f.Log.Info("counting DNS traffic", "role", v.Role, "virtual_servers", len(v.Services))
	f.last = v
}

func host() (Surroundings, error) {
	links, neighbours, holdings, err := capture.Host()
	return Surroundings{Links: links, Neighbours: neighbours, Holdings: holdings}, err
}
