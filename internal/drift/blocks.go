package drift

import (
	"fmt"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// blocks looks at each virtual_server and real_server block once, however many
// services it stands for; the first of them gives the labels.
func (c *comparison) blocks(wanted []virtual) {
	seen := map[*keepalived.VirtualServer]bool{}
	for i := range wanted {
		v := &wanted[i]
		if seen[v.vs] {
			continue
		}
		seen[v.vs] = true
		for j := range v.servers {
			if s := &v.servers[j]; !s.sorry {
				c.checkers(v, s)
				c.unreloadedServer(v, s)
			}
		}
		c.notAlpha(v)
		c.spreading(v)
		c.unreloaded(v)
	}
}

// checkers looks at all checks of one real server.
func (c *comparison) checkers(v *virtual, s *server) {
	if len(s.rs.Checkers) == 0 {
		d := about(NoChecker, v, s, "has no check: it stays in service whatever happens to it")
		d.Mend = exampleCheck(v, s)
		c.add(d)
		return
	}
	explained := map[keepalived.CheckerKind]bool{}
	for _, k := range s.rs.Checkers {
		if k.Misc != nil && c.script(v, s, k) {
			explained[k.Kind] = true
		}
	}
	c.dropped(v, s, explained)
	c.unchecked(v, s)
	c.silent(v, s)
}

// exampleCheck is a check for a name server, which asks as the clients of the virtual server do. Of other servers no more is known than that they
// need one.
func exampleCheck(v *virtual, s *server) string {
	if s.Port != 53 {
		return "give it a check that asks what its clients ask"
	}
	transport := ""
	if v.Protocol == ipvs.TCP {
		transport = " --transport tcp"
	}
	return "give it a check, for example: MISC_CHECK { misc_path \"/usr/bin/lvsdns-check --name YOUR.ZONE" + transport + " " + lvs.ServerArgument(s.DestinationKey) + "\" }"
}

// dropped compares the checks that are configured with those in the state dump.
func (c *comparison) dropped(v *virtual, s *server, explained map[keepalived.CheckerKind]bool) {
	if s.believed == nil {
		return
	}
	configured, runs := map[keepalived.CheckerKind]int{}, map[keepalived.CheckerKind]int{}
	for _, k := range c.Checkers(v.vs, s.rs) {
		runs[k.Kind]++
	}
	for _, k := range s.rs.Checkers {
		configured[k.Kind]++
		if n := configured[k.Kind]; n == runs[k.Kind]+1 && !explained[k.Kind] {
			d := about(CheckerDropped, v, s, "is not checked by its %s%s: %s", k.Kind, at(k.Pos), c.consequence(v, s, k, true))
			d.Mend = "nothing on this host explains it any more: look at keepalived's log, then " + reloadKeepalived
			c.add(d)
		}
	}
}

// unchecked finds a real server that serves before anything has looked at it.
func (c *comparison) unchecked(v *virtual, s *server) {
	if s.believed == nil || !s.believed.Set || !s.believed.Alive {
		return
	}
	for _, k := range c.Checkers(v.vs, s.rs) {
		if k.Enabled && !k.HasRun {
			d := about(Unchecked, v, s, "gets clients although its %s has not run since keepalived started: without alpha keepalived takes it for healthy for up to %s", k.Kind, k.Warmup+time.Second)
			d.Mend = "set alpha in the virtual_server, and a short warmup"
			c.add(d)
			return
		}
	}
}

// notAlpha is about the next start, so it is said once for a virtual server.
func (c *comparison) notAlpha(v *virtual) {
	var servers int
	var longest time.Duration
	for i := range v.vs.RealServers {
		r := &v.vs.RealServers[i]
		if len(r.Checkers) == 0 || r.StartsDown() {
			continue
		}
		servers++
		for _, k := range r.Checkers {
			longest = max(longest, k.Warmup.V)
		}
	}
	if servers == 0 {
		return
	}
	c.add(Difference{
		Kind: NotAlpha, Service: v.ServiceKey, Pos: v.vs.Pos,
		Text: fmt.Sprintf("virtual server %s%s: %d of its real servers get clients unchecked after each start of keepalived and each death of its checker process, for up to %s", v.ServiceKey, at(v.vs.Pos), servers, longest+time.Second),
		Mend: "set alpha, and a short warmup",
	})
}

// patience is how long a check that works may be silent.
func patience(r *keepalived.RealServer) time.Duration {
	var longest time.Duration
	for _, k := range r.Checkers {
		if k.Misc != nil {
			longest = max(longest, max(k.DelayLoop.V, k.Warmup.V)+2*k.DelayLoop.V+k.Misc.Timeout.V)
		}
	}
	return longest
}
