package truth

import (
	"context"
	"net/netip"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
	"github.com/lvsdns/lvsdns/notify"
)

// Alive says of each server whether the kernel has it.
func (s Source) Alive(ctx context.Context) (func(notify.Server) (up, known bool), error) {
	r, err := s.Read()
	if err != nil {
		return nil, err
	}
	kernel, err := s.Kernel(r.Config)
	if err != nil {
		return nil, err
	}
	defer kernel.Close()
	table, err := kernel.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return alive(table, r.Config), nil
}

// alive says of each server whether it is up by the kernel's table. A sorry server in the place of real servers is no sign of life; it may
// be a real server of another virtual server, where it is one. keepalived's lines tell of a mark no family: where virtual servers
// of both have the mark, both must be up.
func alive(table ipvs.Table, cfg *keepalived.Config) func(notify.Server) (up, known bool) {
	sorry := places(cfg, true)
	for p := range places(cfg, false) {
		delete(sorry, p)
	}
	virtual, real := map[string]bool{}, map[place]bool{}
	for _, e := range table.Entries {
		name, up := nameOf(e.Service.ServiceKey), false
		for _, d := range e.Destinations {
			at := place{name, netip.AddrPortFrom(d.Addr, d.Port)}
			if d.Weight > 0 && !sorry[at] {
				real[at], up = true, true
			}
		}
		before, twice := virtual[name]
		virtual[name] = up && (before || !twice)
	}
	return func(s notify.Server) (up, known bool) {
		if name := s.Virtual.String(); s.Real.IsValid() {
			up = real[place{name, s.Real}]
		} else {
			up = virtual[name]
		}
		return up, s.Virtual.Group == ""
	}
}

// place is a destination in the kernel's table.
type place struct {
	virtual string
	server  netip.AddrPort
}

// places are those where keepalived has its real servers, or its sorry servers.
func places(cfg *keepalived.Config, sorry bool) map[place]bool {
	all := map[place]bool{}
	for _, s := range cfg.Table(keepalived.State{
		Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
			return keepalived.Standing{Up: !sorry, Weight: r.Weight.V}
		},
		Sorry: func(*keepalived.VirtualServer) bool { return sorry },
	}) {
		name := nameOf(lvs.Service(s).ServiceKey)
		for _, d := range s.Destinations {
			if (d.Of == d.In.Sorry) == sorry {
				all[place{name, netip.AddrPortFrom(d.Addr, d.Port)}] = true
			}
		}
	}
	return all
}

func nameOf(k ipvs.ServiceKey) string {
	return notify.Virtual{Addr: netip.AddrPortFrom(k.Addr, k.Port), Proto: k.Proto(), Mark: k.FWMark}.String()
}
