package drift

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Compare finds all differences, sorted: what matters most first, then by
// virtual server, real server and kind.
func Compare(in Input) []Difference {
	c := &comparison{Input: in, beliefs: pair(in.Config, in.Belief), reports: reportsOf(in.Checks), told: toldOf(in.Told)}
	wanted := expand(in.Config)
	for i := range wanted {
		v := &wanted[i]
		v.believed = c.virtual[v.vs]
		for j := range v.servers {
			v.servers[j].believed = c.real[v.servers[j].rs]
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
	beliefs
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

// ScriptsOf lists the scripts of all checks, each once, for whoever looks at
// them on the host.
func ScriptsOf(c *keepalived.Config) []host.ScriptID {
	seen := map[host.ScriptID]bool{}
	var list []host.ScriptID
	for i := range c.VirtualServers {
		for j := range c.VirtualServers[i].RealServers {
			for _, k := range c.VirtualServers[i].RealServers[j].Checkers {
				if id, ok := scriptOf(k); ok && !seen[id] {
					seen[id] = true
					list = append(list, id)
				}
			}
		}
	}
	return list
}

func scriptOf(k keepalived.Checker) (host.ScriptID, bool) {
	if k.Misc == nil || len(k.Misc.Path.Argv) == 0 {
		return host.ScriptID{}, false
	}
	p := k.Misc.Path
	return host.ScriptID{Path: p.Argv[0], User: p.User, Group: p.Group}, true
}
