// Package servers answers one question: what is in the table of IPVS now, what has it carried, and how is IPVS set?
package servers

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

// View is the IPVS table as one reading saw it.
type View struct {
	Table    ipvs.Table
	info     ipvs.Info
	timeouts *ipvs.Timeouts // nil: not known
	daemons  []ipvs.Daemon
	Limited  bool // read from /proc/net/ip_vs: no traffic, thresholds, persistence, timeouts, sync daemons

	left             int    // virtual servers that were deleted while this was read
	duplicates, gone uint64 // of this reading and all before it

	// What is there and to be shown.
	Virtuals []Virtual
	reals    []real
}

// Reader reads views. Its sums are touched by one read at a time: see [source.Shared].
type Reader struct {
	Kernel Kernel
	Proc   Proc
	Keep   func(ipvs.ServiceKey) bool // which virtual servers are shown; nil: none

	duplicates, gone uint64
}

// View reads the table by netlink, or without the right to it in /proc.
func (r *Reader) View(ctx context.Context) (*View, error) {
	v, err := r.netlink(ctx)
	if errors.Is(err, ipvs.ErrPermission) {
		v, err = r.fallback(err)
	}
	if v == nil {
		return nil, err
	}
	r.duplicates += uint64(v.Table.Duplicates)
	for i := range v.Table.Entries {
		if v.Table.Entries[i].Gone {
			v.left++
		}
	}
	r.gone += uint64(v.left)
	v.duplicates, v.gone = r.duplicates, r.gone
	if r.Keep != nil {
		v.Virtuals, v.reals = v.subjects(r.Keep)
	}
	return v, err
}

// netlink reads all. The table is what matters: when only the rest fails, the table is still shown.
func (r *Reader) netlink(ctx context.Context) (*View, error) {
	table, err := r.Kernel.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	v := &View{Table: table}
	var errs [3]error
	v.info, errs[0] = r.Kernel.Info(ctx)
	v.daemons, errs[1] = r.Kernel.Daemons(ctx)
	var timeouts ipvs.Timeouts
	if timeouts, errs[2] = r.Kernel.Timeouts(ctx); errs[2] == nil {
		v.timeouts = &timeouts
	}
	return v, errors.Join(errs[:]...)
}

// fallback reads what everybody may read, and keeps the error that says why it had to.
func (r *Reader) fallback(why error) (*View, error) {
	table, info, err := r.Proc.Table()
	if err != nil {
		return nil, errors.Join(why, err)
	}
	return &View{Table: table, info: info, Limited: true},
		fmt.Errorf("%w; from /proc/net/ip_vs instead, without traffic of single servers, thresholds, persistence, timeouts and sync daemons", why)
}

// Virtual and real are the subjects of the two big tables.
type Virtual struct {
	*ipvs.Service
	Real    []ipvs.Destination
	limited bool
}

type real struct {
	*ipvs.Destination
	service []string // its label values
	limited bool
}

// subjects are those that are there and wanted.
func (v *View) subjects(keep func(ipvs.ServiceKey) bool) ([]Virtual, []real) {
	virtuals := make([]Virtual, 0, len(v.Table.Entries))
	var reals []real
	for i := range v.Table.Entries {
		e := &v.Table.Entries[i]
		if e.Gone || !keep(e.Service.ServiceKey) {
			continue
		}
		virtuals = append(virtuals, Virtual{&e.Service, e.Destinations, v.Limited})
		service := e.Service.ServiceKey.Labels()
		for j := range e.Destinations {
			reals = append(reals, real{&e.Destinations[j], service, v.Limited})
		}
	}
	return virtuals, reals
}

// overloaded reports whether the real server is at its upper threshold. The kernel has a mark of its own that stays until the number is
// below the lower threshold, and does not show it (ip_vs_dest_update_overload in ip_vs_ctl.c).
func overloaded(d *ipvs.Destination) bool {
	return d.UpperThreshold > 0 && uint64(d.Active)+uint64(d.Inactive) >= uint64(d.UpperThreshold)
}
