package tracking

import (
	"context"
	"errors"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/flows"
)

// Kernel is the kernel's table of flows. *conntrack.Client is one.
type Kernel interface {
	Size() (conntrack.Size, error)
	Timeouts() (conntrack.Timeouts, error)
	Counters(context.Context) ([]conntrack.CPU, error)
	Expectations(context.Context) (int, error)
	Pass(ctx context.Context, services []conntrack.Service, most int) (conntrack.Pass, error)
}

// Flows says how flows are counted.
type Flows struct {
	Interval   time.Duration // between passes over the table; 0: none are made
	MaxEntries int           // a larger table is not read
	Wanted     conntrack.Timeouts
}

// view is what is known of connection tracking.
type view struct {
	loaded       bool // false: the kernel has no connection tracking, and what follows is empty
	size         conntrack.Size
	timeouts     conntrack.Timeouts
	wanted       conntrack.Timeouts // 0: none
	expectations *int               // nil: not known
	totals       conntrack.Totals
	passes       passesView
}

// tracked is one virtual server.
type tracked struct {
	flows.Tracking
	count *conntrack.Count // nil: no pass has counted it
}

// reader reads views. Its sums are touched by one read at a time: see [source.Shared].
type reader struct {
	kernel Kernel
	wanted conntrack.Timeouts
	passes *passes

	totals conntrack.Totals
}

func (r *reader) read(ctx context.Context) (*view, error) {
	v := &view{wanted: r.wanted}
	var err error
	if v.size, err = r.kernel.Size(); errors.Is(err, conntrack.ErrAbsent) {
		v.size = conntrack.Size{}
		return v, nil // a director may well do without
	} else if err != nil {
		return nil, err
	}
	v.loaded = true
	var errs [4]error
	v.timeouts, errs[0] = r.kernel.Timeouts()
	var cpus []conntrack.CPU
	if cpus, errs[1] = r.kernel.Counters(ctx); errs[1] == nil {
		r.totals.Add(cpus)
	}
	v.totals = r.totals
	var n int
	if n, errs[2] = r.kernel.Expectations(ctx); errs[2] == nil {
		v.expectations = &n
	}
	v.passes, errs[3] = r.passes.view()
	return v, errors.Join(errs[:]...)
}
