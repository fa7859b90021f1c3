package drift

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Compare finds all differences, sorted: what matters most first, then by
// virtual server, real server and kind.
func Compare(in Input) []Difference {
	c := &comparison{Input: in, Pairs: keepalived.PairUp(in.Config, in.Belief), reports: reportsOf(in.Checks), told: toldOf(in.Told)}
	wanted := expand(in.Config)
	for i := range wanted {
		v := &wanted[i]
		v.believed = c.Virtual(v.vs)
		for j := range v.servers {
			v.servers[j].believed = c.Server(v.servers[j].rs)
		}
	}
	c.tables(wanted)
	c.blocks(wanted)
	c.flows(wanted)
	c.reloaded()
	c.configuration()
	c.estimator()
	c.dump()
	c.reloadsHurt()
	slices.SortStableFunc(c.found, order)
	return c.found
}

// comparison collects what it finds.
type comparison struct {
	Input
	keepalived.Pairs
	reports
	told  map[subject]string
	found []Difference
}

func (c *comparison) add(d Difference) { c.found = append(c.found, d) }

// order puts what matters most first.
func order(a, b Difference) int {
	return cmp.Or(
		cmp.Compare(b.Severity().rank(), a.Severity().rank()),
		orderServices(a.Service, b.Service),
		a.Server.Addr.Compare(b.Server.Addr),
		cmp.Compare(a.Server.Port, b.Server.Port),
		cmp.Compare(a.Kind.index(), b.Kind.index()),
		cmp.Compare(a.Pos.File, b.Pos.File),
		cmp.Compare(a.Pos.Line, b.Pos.Line),
	)
}

func orderServices(a, b ipvs.ServiceKey) int {
	return cmp.Or(
		cmp.Compare(a.FWMark, b.FWMark),
		cmp.Compare(a.Family, b.Family),
		a.Addr.Compare(b.Addr),
		cmp.Compare(a.Port, b.Port),
		cmp.Compare(b.Protocol, a.Protocol), // UDP before TCP
	)
}

// at is a place in the configuration, as a parenthesis after what it is about.
func at(p keepalived.Pos) string {
	if p.IsZero() {
		return ""
	}
	return fmt.Sprintf(" (%s)", p)
}
