package kernelact

import (
	"context"
	"net/netip"

	"github.com/lvsdns/lvsdns/conntrack"
)

// Conntrack is what is asked; *conntrack.Client is one.
type Conntrack interface {
	Flows(context.Context, *conntrack.Services, func(conntrack.Flow) error) error
	Delete(context.Context, []conntrack.Flow) (deleted, gone int, err error)
}

// Flows deletes UDP flows, each by its own tuple.
type Flows struct{ Kernel Conntrack }

// Delete implements act.Flows. A flow that has ended by itself meanwhile is none.
func (f Flows) Delete(ctx context.Context, to netip.AddrPort) (int, error) {
	var all []conntrack.Flow
	err := f.Kernel.Flows(ctx, conntrack.NewServices([]conntrack.Service{{At: to}}), func(x conntrack.Flow) error {
		all = append(all, x)
		return nil
	})
	if err != nil || len(all) == 0 {
		return 0, err
	}
	deleted, _, err := f.Kernel.Delete(ctx, all)
	return deleted, err
}
