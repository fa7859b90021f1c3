package main

import (
	"context"
	"net/netip"

	"github.com/lvsdns/lvsdns/conntrack"
)

// flows deletes UDP flows, each by its own tuple.
type flows struct{ c *conntrack.Client }

// Delete implements act.Flows. A flow that has ended by itself meanwhile is none.
func (f flows) Delete(ctx context.Context, to netip.AddrPort) (int, error) {
	var all []conntrack.Flow
	err := f.c.Flows(ctx, conntrack.NewServices([]conntrack.Service{{At: to}}), func(x conntrack.Flow) error {
		all = append(all, x)
		return nil
	})
	if err != nil || len(all) == 0 {
		return 0, err
	}
	deleted, _, err := f.c.Delete(ctx, all)
	return deleted, err
}
