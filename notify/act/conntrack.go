package act

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// Flows deletes what connection tracking remembers.
type Flows interface {
	// Delete removes the UDP flows that were sent to an address and says how many there were. Port 0 is any.
	Delete(ctx context.Context, to netip.AddrPort) (int, error)
}

// Conntrack deletes the UDP flows of the addresses of the instance. Address translation is decided by the first packet of a flow:
// a client that keeps its port, and whose flow began when the address was elsewhere, goes the old way until that
// entry is gone.
type Conntrack struct {
	Flows Flows
	Port  uint16
}

// Do implements Action.
func (a Conntrack) Do(ctx context.Context, c Call) (string, error) {
	hosts := c.hosts()
	if len(hosts) == 0 {
		return "", fmt.Errorf("keepalived.conf has no addresses for %s: no flows to delete", c.Subject)
	}
	deleted := 0
	var errs []error
	for _, addr := range hosts {
		n, err := a.Flows.Delete(ctx, netip.AddrPortFrom(addr, a.Port))
		deleted += n
		if err != nil {
			errs = append(errs, fmt.Errorf("delete the flows of %s: %w", addr, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "", fmt.Errorf("%d deleted; %w", deleted, err)
	}
	return fmt.Sprintf("%d flows deleted", deleted), nil
}
