// Package apply carries out a plan: step after step, and nothing else. It decides nothing.
package apply

import (
	"context"
	"fmt"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Table is the part of the kernel that steps write to; *ipvs.Client is one.
type Table interface {
	NewService(context.Context, ipvs.Service) error
	SetService(context.Context, ipvs.Service) error
	DeleteService(context.Context, ipvs.ServiceKey) (bool, error)
	NewDestination(context.Context, ipvs.ServiceKey, ipvs.Destination) error
	SetDestination(context.Context, ipvs.ServiceKey, ipvs.Destination) error
	DeleteDestination(context.Context, ipvs.ServiceKey, ipvs.DestinationKey) (bool, error)
	SetTimeouts(context.Context, ipvs.Timeouts) error
	NewDaemon(context.Context, ipvs.Daemon) error
}

// batcher is a table that makes many writes cheaper in one go; *ipvs.Client is one.
type batcher interface {
	Batch(context.Context, func(context.Context) error) error
}

// Steps carries out steps in their order, up to the first that fails: what the kernel has then is for the next
// look at it. It returns how many were carried out; the error names the step.
func Steps(ctx context.Context, to Table, steps []plan.Step) (done int, err error) {
	all := func(ctx context.Context) error {
		for i, s := range steps {
			if err := one(ctx, to, s); err != nil {
				return fmt.Errorf("step %d of %d, %s: %w", i+1, len(steps), s, err)
			}
			done++
		}
		return nil
	}
	if b, ok := to.(batcher); ok && len(steps) > 1 {
		err = b.Batch(ctx, all)
	} else {
		err = all(ctx)
	}
	return done, err
}

func one(ctx context.Context, to Table, s plan.Step) error {
	k := s.Service.ServiceKey
	switch s.Action {
	case plan.SetTimeouts:
		return to.SetTimeouts(ctx, *s.Timeouts)
	case plan.StartDaemon:
		return to.NewDaemon(ctx, *s.Daemon)
	case plan.AddService:
		return to.NewService(ctx, *s.Service)
	case plan.SetService:
		return to.SetService(ctx, *s.Service)
	case plan.AddServer:
		return to.NewDestination(ctx, k, s.Server)
	case plan.SetServer:
		return to.SetDestination(ctx, k, s.Server)
	case plan.RemoveServer:
		_, err := to.DeleteDestination(ctx, k, s.Server.DestinationKey) // gone already: as it should be
		return err
	case plan.RemoveService:
		_, err := to.DeleteService(ctx, k)
		return err
	}
	return fmt.Errorf("there is no action %q", s.Action)
}
