package kernelact

import (
	"context"
	"errors"
	"net/netip"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify/act"
)

// IPVS is what is asked; *ipvs.Client is one.
type IPVS interface {
	Snapshot(context.Context) (ipvs.Table, error)
	Daemons(context.Context) ([]ipvs.Daemon, error)
	NewDaemon(context.Context, ipvs.Daemon) error
	DeleteDaemon(context.Context, ipvs.DaemonRole) (bool, error)
}

// Table is IPVS's table.
type Table struct{ Kernel IPVS }

// Services implements act.Table. What is known by a firewall mark has no address to be found by.
func (t Table) Services(ctx context.Context) ([]act.Service, error) {
	all, err := t.Kernel.Snapshot(ctx)
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
