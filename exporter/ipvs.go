package exporter

import (
	"context"
	"errors"
	"fmt"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Kernel is IPVS over netlink, which needs CAP_NET_ADMIN. *ipvs.Client is one.
type Kernel interface {
	Snapshot(context.Context) (ipvs.Table, error)
	Daemons(context.Context) ([]ipvs.Daemon, error)
	Timeouts(context.Context) (ipvs.Timeouts, error)
	Info(context.Context) (ipvs.Info, error)
}

// Proc is the part of IPVS that everybody may read. ipvs.Proc is one.
type Proc interface {
	Table() (ipvs.Table, ipvs.Info, error)
	Stats() (ipvs.Stats, error)
	CPUStats() ([]ipvs.CPUStats, error)
}

// view is the IPVS table as one reading saw it.
type view struct {
	table    ipvs.Table
	info     ipvs.Info
	timeouts *ipvs.Timeouts // nil: not known
	daemons  []ipvs.Daemon
	limited  bool // read from /proc/net/ip_vs: no traffic, thresholds, persistence, timeouts, sync daemons

	left             int    // virtual servers that were deleted while this was read
	duplicates, gone uint64 // of this reading and all before it

	// What is there and to be shown.
	virtuals []virtual
	reals    []real
}

// ipvsReader reads views. Its sums are touched by one read at a time: see shared.
type ipvsReader struct {
	kernel Kernel
	proc   Proc
	keep   func(ipvs.ServiceKey) bool // which virtual servers are shown; nil: none

	duplicates, gone uint64
}

// read reads the table by netlink, or without the right to it in /proc.
func (r *ipvsReader) read(ctx context.Context) (*view, error) {
	v, err := r.netlink(ctx)
	if errors.Is(err, ipvs.ErrPermission) {
		v, err = r.fallback(err)
	}
	if v == nil {
		return nil, err
	}
	r.duplicates += uint64(v.table.Duplicates)
	for i := range v.table.Entries {
		if v.table.Entries[i].Gone {
			v.left++
		}
	}
	r.gone += uint64(v.left)
	v.duplicates, v.gone = r.duplicates, r.gone
	if r.keep != nil {
		v.virtuals, v.reals = v.subjects(r.keep)
	}
	return v, err
}

// netlink reads all. The table is what matters: when only the rest fails, the table is still shown.
func (r *ipvsReader) netlink(ctx context.Context) (*view, error) {
	table, err := r.kernel.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{table: table}
	var errs [3]error
	v.info, errs[0] = r.kernel.Info(ctx)
	v.daemons, errs[1] = r.kernel.Daemons(ctx)
	var timeouts ipvs.Timeouts
	if timeouts, errs[2] = r.kernel.Timeouts(ctx); errs[2] == nil {
		v.timeouts = &timeouts
	}
	return v, errors.Join(errs[:]...)
}

// fallback reads what everybody may read, and keeps the error that says why it had to.
func (r *ipvsReader) fallback(why error) (*view, error) {
	table, info, err := r.proc.Table()
	if err != nil {
		return nil, errors.Join(why, err)
	}
	return &view{table: table, info: info, limited: true},
		fmt.Errorf("%w; from /proc/net/ip_vs instead, without traffic of single servers, thresholds, persistence, timeouts and sync daemons", why)
}

// virtual and real are the subjects of the two big tables.
type virtual struct {
	*ipvs.Service
	real    []ipvs.Destination
	limited bool
}

type real struct {
	*ipvs.Destination
	service []string // its label values
	limited bool
}

// subjects are those that are there and wanted.
func (v *view) subjects(keep func(ipvs.ServiceKey) bool) ([]virtual, []real) {
	virtuals := make([]virtual, 0, len(v.table.Entries))
	var reals []real
	for i := range v.table.Entries {
		e := &v.table.Entries[i]
		if e.Gone || !keep(e.Service.ServiceKey) {
			continue
		}
		virtuals = append(virtuals, virtual{&e.Service, e.Destinations, v.limited})
		service := e.Service.ServiceKey.Labels()
		for j := range e.Destinations {
			reals = append(reals, real{&e.Destinations[j], service, v.limited})
		}
	}
	return virtuals, reals
}

// overloaded reports whether the real server is at its upper threshold. The kernel has a mark of its own that stays until the number is
// below the lower threshold, and does not show it (ip_vs_dest_update_overload in ip_vs_ctl.c).
func overloaded(d *ipvs.Destination) bool {
	return d.UpperThreshold > 0 && uint64(d.Active)+uint64(d.Inactive) >= uint64(d.UpperThreshold)
}
