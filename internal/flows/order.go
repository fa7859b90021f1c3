package flows

import (
	"cmp"
	"slices"

	"github.com/lvsdns/lvsdns/conntrack"
)

func sortHeld(held []Held) {
	slices.SortFunc(held, func(a, b Held) int {
		return cmp.Or(
			a.At.Compare(b.At), cmp.Compare(a.Mark, b.Mark), cmp.Compare(a.Target, b.Target),
			a.Server.Compare(b.Server), a.Client.Compare(b.Client),
		)
	})
}

// Deletable are those of flows that conntrack holds: all that can be deleted one by one.
func Deletable(held []Held) []conntrack.Flow {
	var all []conntrack.Flow
	for _, h := range held {
		if h.Conntrack != nil {
			all = append(all, *h.Conntrack)
		}
	}
	return all
}
