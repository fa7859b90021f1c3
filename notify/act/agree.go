package act

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// Service is a virtual server of the kernel's table.
type Service struct {
	Addr   netip.AddrPort
	Proto  string // udp, tcp or sctp
	Usable int    // real servers with a weight above 0
}

// Table reads the virtual servers at addresses.
type Table interface {
	Services(context.Context) ([]Service, error)
}

// Agreement says which parts are to be active where the addresses of a subject are.
type Agreement struct {
	Subject            notify.Subject
	Socket             string // of HAProxy; empty: it is no part
	Frontends, Servers []string
	Table              Table       // nil: it is no part
	Daemons            SyncDaemons // nil: they are no part
}

// Look asks each part whether it is active, and compares with who holds the addresses. A part that can't be asked is not active.
func (a Agreement) Look(ctx context.Context, d *notify.Document, now time.Time) notify.Agreement {
	out := notify.Agreement{Subject: a.Subject, At: now}
	if r := d.Record(a.Subject); r != nil {
		out.Owner = r.Effective() == notify.Master
	}
	out.Agrees = true
	add := func(name string, active bool, detail string) {
		out.Parts = append(out.Parts, notify.Part{Name: name, Active: active, Detail: detail})
		out.Agrees = out.Agrees && active == out.Owner
	}
	if a.Subject.Kind == notify.Group {
		a.members(d, add)
	}
	if a.Socket != "" {
		a.haproxy(ctx, out.Owner, add)
	}
	if a.Table != nil {
		a.table(ctx, d, out.Owner, add)
	}
	if a.Daemons != nil {
		all, err := a.Daemons.List(ctx)
		active := slices.ContainsFunc(all, func(s SyncDaemon) bool { return s.Role == Sends })
		detail := ""
		if err != nil {
			active, detail = !out.Owner, err.Error()
		}
		add("ipvs-sync", active, detail)
	}
	return out
}

// members are the instances of a group: one that is elsewhere than the others splits the service.
func (a Agreement) members(d *notify.Document, add func(string, bool, string)) {
	if d.Configured == nil {
		return
	}
	for _, g := range d.Configured.Groups {
		if g.Name != a.Subject.Name {
			continue
		}
		for _, name := range g.Members {
			if r := d.Record(notify.Subject{Kind: notify.Instance, Name: name}); r != nil {
				add("instance "+name, r.State == notify.Master, string(r.State))
			}
		}
	}
}

// haproxy is active if all that is listed takes clients, and passive if none of it does. In between it is as wrong for the owner as
// for the other.
func (a Agreement) haproxy(ctx context.Context, owner bool, add func(string, bool, string)) {
	now, err := readProxies(ctx, a.Socket)
	if err != nil {
		add("haproxy", !owner, err.Error())
		return
	}
	var on, off []string
	note := func(name string, active bool) {
		if active {
			on = append(on, name)
		} else {
			off = append(off, name)
		}
	}
	for _, f := range a.Frontends {
		note(f, serves(now.frontends[f]))
	}
	for _, s := range a.Servers {
		found, ok := now.servers[s]
		if why := found.held(); ok && found.set() == ready && why != "" {
			s += " (" + why + ")"
		}
		note(s, ok && found.takes())
	}
	switch {
	case len(off) == 0:
		add("haproxy", true, "")
	case len(on) == 0:
		add("haproxy", false, "")
	default:
		add("haproxy", !owner, "active: "+strings.Join(on, " ")+"; not active: "+strings.Join(off, " "))
	}
}

// table is a part that has to be there for the owner. A backup director has it as well, ready to take over, which is no disagreement.
func (a Agreement) table(ctx context.Context, d *notify.Document, owner bool, add func(string, bool, string)) {
	services, err := a.Table.Services(ctx)
	if err != nil {
		add("ipvs", !owner, err.Error())
		return
	}
	if !owner {
		add("ipvs", false, "in reserve")
		return
	}
	for _, addr := range addresses(d, a.Subject) {
		var here []Service
		for _, s := range services {
			if s.Addr.Addr() == addr.Addr {
				here = append(here, s)
			}
		}
		for _, s := range here {
			if s.Usable == 0 {
				add("ipvs", false, fmt.Sprintf("no real server of %s/%s is usable", s.Addr, s.Proto))
				return
			}
		}
	}
	add("ipvs", len(services) > 0, "")
}
