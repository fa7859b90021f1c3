package survey

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

// Director is whose table it is, and by which configuration.
type Director struct {
	site.Keepalived
	SkipUnknown bool // see plan.Options
}

// Load reads the configuration and what of it is not supported.
func (d Director) Load() (*keepalived.Config, []plan.Block, error) {
	r, err := d.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w; --keepalived-config says where it is", err)
	}
	if err != nil {
		return nil, nil, err
	}
	blocks, err := plan.Blocks(r.Config, plan.Options{SkipUnknown: d.SkipUnknown})
	return r.Config, blocks, err
}

// Health says which real servers are taken for healthy.
type Health string

// Of whom it is asked.
const (
	Configured Health = "configured" // all real servers
	Serving    Health = "kernel"     // those that serve now
	Believed   Health = "keepalived" // those that keepalived believes to be
)

// Plan compares. The state dump counts with [Believed] alone.
func (d Director) Plan(ctx context.Context, h Health, dump *keepalived.Belief) (plan.Plan, error) {
	c, blocks, err := d.Load()
	if err != nil {
		return plan.Plan{}, err
	}
	kernel, err := d.Kernel(c)
	if err != nil {
		return plan.Plan{}, err
	}
	defer kernel.Close()
	return compare(ctx, kernel, plan.Input{Config: c, Blocked: blocks}, h, dump)
}

// Kernel is what is looked at; *ipvs.Client is one.
type Kernel interface {
	Snapshot(context.Context) (ipvs.Table, error)
	Timeouts(context.Context) (ipvs.Timeouts, error)
	Daemons(context.Context) ([]ipvs.Daemon, error)
}

// compare looks at the kernel; one without IPVS is an empty table.
func compare(ctx context.Context, k Kernel, in plan.Input, h Health, dump *keepalived.Belief) (p plan.Plan, err error) {
	g := in.Config.Global
	in.Kernel, err = k.Snapshot(ctx)
	if err == nil && g.Timeouts.IsSet() {
		in.Timeouts, err = k.Timeouts(ctx)
	}
	if err == nil && g.SyncDaemon.IsSet() {
		in.Daemons, err = k.Daemons(ctx)
	}
	if err != nil && !errors.Is(err, ipvs.ErrAbsent) {
		return p, err
	}
	in.Names = plan.NamesOf(in.Config)
	switch h {
	case Serving:
		in.State = plan.FromKernel(in.Config, in.Names, in.Kernel)
	case Believed:
		if len(dump.VirtualServers) == 0 && len(in.Config.VirtualServers) > 0 {
			return p, errors.New("keepalived's state dump names no virtual server, and the configuration does")
		}
		in.State = plan.FromBelief(in.Config, dump)
	case Configured:
	}
	return plan.Make(in), nil
}
