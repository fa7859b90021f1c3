package act

import (
	"context"
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/notify"
)

// Action is one thing to do.
type Action interface {
	// Do returns a line for the operator: what was done, or that nothing had to be.
	Do(ctx context.Context, c Call) (string, error)
}

// Call says for whom an action runs.
type Call struct {
	notify.Subject
	State     notify.State
	Priority  int
	Addresses []notify.Address
	// Found notes the value that a kernel setting had before it was set.
	Found func(key, value string)
	// Tell takes what an operator has to know and not everybody may: what a program has printed. The log gets it, the journal does not.
	Tell func(text string)
}

// hosts are the addresses without where they may be.
func (c Call) hosts() []netip.Addr {
	var all []netip.Addr
	for _, a := range c.Addresses {
		if !slices.Contains(all, a.Addr) {
			all = append(all, a.Addr)
		}
	}
	return all
}
