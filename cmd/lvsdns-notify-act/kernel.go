package main

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/hook"
)

// kernel is the clients of the kernel, as actions want them.
type kernel struct {
	table   table
	daemons daemons
	flows   act.Flows
	conf    conf
}

func clients(paths hook.Paths, settings *config.Notify) *kernel {
	c := ipvs.New(ipvs.Config{Timeout: 2 * time.Second})
	return &kernel{
		table: table{c}, daemons: daemons{c}, flows: flows{conntrack.New(conntrack.Config{Timeout: 4 * time.Second})},
		conf: conf{file: paths.Conf, as: settings.Keepalived, setting: paths.Settings},
	}
}

type table struct{ c *ipvs.Client }

// Services implements act.Table.
func (t table) Services(ctx context.Context) ([]act.Service, error) {
	all, err := t.c.Snapshot(ctx)
	if errors.Is(err, ipvs.ErrAbsent) {
		return nil, nil // No IPVS, no virtual servers.
	}
	if err != nil {
		return nil, err
	}
	var out []act.Service
	for _, e := range all.Entries {
		k := e.Service.ServiceKey
		if e.Gone || k.FWMark != 0 {
			continue
		}
		s := act.Service{Addr: netip.AddrPortFrom(k.Addr, k.Port), Proto: k.Proto()}
		for _, d := range e.Destinations {
			if d.Weight > 0 {
				s.Usable++
			}
		}
		out = append(out, s)
	}
	return out, nil
}

type daemons struct{ c *ipvs.Client }

// List implements act.SyncDaemons.
func (d daemons) List(ctx context.Context) ([]act.SyncDaemon, error) {
	all, err := d.c.Daemons(ctx)
	var out []act.SyncDaemon
	for _, x := range all {
		out = append(out, act.SyncDaemon{Role: roleOf(x.Role), Interface: x.Interface, ID: x.SyncID})
	}
	return out, err
}

func roleOf(r ipvs.DaemonRole) act.SyncRole {
	if r == ipvs.Master {
		return act.Sends
	}
	return act.Receives
}

func (d daemons) role(r act.SyncRole) ipvs.DaemonRole {
	if r == act.Sends {
		return ipvs.Master
	}
	return ipvs.Backup
}

// Start implements act.SyncDaemons.
func (d daemons) Start(ctx context.Context, s act.SyncDaemon) error {
	return d.c.NewDaemon(ctx, ipvs.Daemon{Role: d.role(s.Role), Interface: s.Interface, SyncID: s.ID})
}

// Stop implements act.SyncDaemons. A daemon that has not run yet is stopped without an answer: the list tells.
func (d daemons) Stop(ctx context.Context, r act.SyncRole) error {
	soon, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err := d.c.DeleteDaemon(soon, d.role(r))
	if err == nil || ctx.Err() != nil {
		return err
	}
	all, listErr := d.List(ctx)
	for _, x := range all {
		if x.Role == r {
			return err
		}
	}
	return listErr
}
