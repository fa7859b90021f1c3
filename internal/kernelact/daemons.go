package kernelact

import (
	"context"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify/act"
)

// Daemons are the kernel's threads that send and receive connections.
type Daemons struct{ Kernel IPVS }

// List implements act.SyncDaemons.
func (d Daemons) List(ctx context.Context) ([]act.SyncDaemon, error) {
	all, err := d.Kernel.Daemons(ctx)
	var out []act.SyncDaemon
	for _, x := range all {
		role := act.Receives
		if x.Role == ipvs.Master {
			role = act.Sends
		}
		out = append(out, act.SyncDaemon{Role: role, Interface: x.Interface, ID: x.SyncID})
	}
	return out, err
}

func roleOf(r act.SyncRole) ipvs.DaemonRole {
	if r == act.Sends {
		return ipvs.Master
	}
	return ipvs.Backup
}

// Start implements act.SyncDaemons.
func (d Daemons) Start(ctx context.Context, s act.SyncDaemon) error {
	return d.Kernel.NewDaemon(ctx, ipvs.Daemon{Role: roleOf(s.Role), Interface: s.Interface, SyncID: s.ID})
}

// answering is how long the kernel may take to stop a daemon.
const answering = 300 * time.Millisecond

// Stop implements act.SyncDaemons. A daemon that has not run yet is stopped without an answer: the list tells.
func (d Daemons) Stop(ctx context.Context, r act.SyncRole) error {
	soon, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	_, err := d.Kernel.DeleteDaemon(soon, roleOf(r))
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
