package exporter

import (
	"context"
	"errors"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/flows"
)

// Conntrack is the kernel's table of flows. *conntrack.Client is one.
type Conntrack interface {
	Size() (conntrack.Size, error)
	Timeouts() (conntrack.Timeouts, error)
	Counters(context.Context) ([]conntrack.CPU, error)
	Expectations(context.Context) (int, error)
	Pass(ctx context.Context, services []conntrack.Service, most int) (conntrack.Pass, error)
}

// FlowsConfig says how flows are counted.
type FlowsConfig struct {
	Interval   time.Duration // between passes over the table; 0: none are made
	MaxEntries int           // a larger table is not read
	Wanted     conntrack.Timeouts
}

// conntrackView is what is known of connection tracking.
type conntrackView struct {
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

// conntrackReader reads views. Its sums are touched by one read at a time: see shared.
type conntrackReader struct {
	kernel Conntrack
	wanted conntrack.Timeouts
	passes *passes

	totals conntrack.Totals
}

func (r *conntrackReader) read(ctx context.Context) (*conntrackView, error) {
	v := &conntrackView{wanted: r.wanted}
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
