package act

import (
	"context"
	"errors"
	"fmt"
)

// SyncRole is what an IPVS synchronisation daemon does.
type SyncRole string

// The roles.
const (
	Sends    SyncRole = "master"
	Receives SyncRole = "backup"
)

// SyncDaemon is one that runs, or is to run.
type SyncDaemon struct {
	Role      SyncRole
	Interface string
	ID        uint32
}

// SyncDaemons are those of this host.
type SyncDaemons interface {
	List(context.Context) ([]SyncDaemon, error)
	Start(context.Context, SyncDaemon) error
	Stop(context.Context, SyncRole) error
}

// Sync makes the synchronisation daemons run in these roles, and in no other. keepalived does so by itself if it has
// lvs_sync_daemon: use one of both.
type Sync struct {
	Daemons   SyncDaemons
	Roles     []SyncRole
	Interface string
	ID        uint32
}

// Do implements Action.
func (a Sync) Do(ctx context.Context, _ Call) (string, error) {
	running, err := a.Daemons.List(ctx)
	if err != nil {
		return "", err
	}
	wanted := map[SyncRole]SyncDaemon{}
	for _, role := range a.Roles {
		wanted[role] = SyncDaemon{role, a.Interface, a.ID}
	}
	started, stopped := 0, 0
	var errs []error
	for _, d := range running {
		if want, ok := wanted[d.Role]; ok && want == d {
			delete(wanted, d.Role)
			continue
		}
		if err := a.Daemons.Stop(ctx, d.Role); err != nil {
			errs = append(errs, err)
			continue
		}
		stopped++
	}
	for _, role := range []SyncRole{Sends, Receives} {
		if d, ok := wanted[role]; ok {
			if err := a.Daemons.Start(ctx, d); err != nil {
				errs = append(errs, err)
				continue
			}
			started++
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d started, %d stopped", started, stopped), nil
}
