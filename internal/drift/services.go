package drift

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// tables compares what the configuration orders with what the kernel has.
func (c *comparison) tables(wanted []virtual) {
	kernel := map[ipvs.ServiceKey]*ipvs.TableEntry{}
	for i := range c.Kernel.Entries {
		e := &c.Kernel.Entries[i]
		kernel[e.Service.ServiceKey] = e
	}
	ordered := map[ipvs.ServiceKey]bool{}
	for i := range wanted {
		v := &wanted[i]
		k := v.ServiceKey
		e := kernel[k]
		if e == nil && k.FWMark != 0 {
			// /proc/net/ip_vs does not tell the family of a mark without real servers.
			k.Family = 0
			e = kernel[k]
		}
		ordered[k] = true
		switch {
		case e == nil:
			c.missing(v)
		case !e.Gone: // a service that went away while the table was read is for the next look
			c.settings(v, e.Service)
			c.servers(v, e.Destinations)
		}
	}
	for i := range c.Kernel.Entries {
		if e := &c.Kernel.Entries[i]; !e.Gone && !ordered[e.Service.ServiceKey] {
			c.extra(e)
		}
	}
}

func (c *comparison) missing(v *virtual) {
	if c.Known() && v.believed == nil {
		return // keepalived does not know it yet: see reloaded
	}
	c.add(Difference{
		Kind: ServiceMissing, Service: v.ServiceKey, Pos: v.vs.Pos,
		Text: fmt.Sprintf("virtual server %s%s is not in the kernel: its clients get no answer, and keepalived, which never looks, does not add it again", v.ServiceKey, at(v.vs.Pos)),
		Mend: cmp.Or(c.because(v), addService(v)),
	})
}

// because is what to change where the configuration itself keeps keepalived from adding a service; empty: nothing in it does.
func (c *comparison) because(v *virtual) string {
	for _, n := range c.Config.Notes {
		if n.Lost != "" && n.Pos == v.vs.Pos || n.Kind == keepalived.Unresolved && n.Mend != "" && c.within(n.Pos, v.vs) {
			return mendLine(n)
		}
	}
	return ""
}

// within reports whether a line stands behind the one that begins a virtual server, and before the next one.
func (c *comparison) within(at keepalived.Pos, v *keepalived.VirtualServer) bool {
	for i := range c.Config.VirtualServers {
		other := c.Config.VirtualServers[i].Pos
		if other.File == at.File && other.Line <= at.Line && other.Line > v.Pos.Line {
			return false
		}
	}
	return v.Pos.File == at.File && v.Pos.Line <= at.Line
}

func (c *comparison) extra(e *ipvs.TableEntry) {
	k := e.Service.ServiceKey
	for _, b := range c.Stray() {
		if keyOfBelieved(b) == k {
			return // keepalived still runs with it: see reloaded
		}
	}
	c.add(Difference{
		Kind: ServiceExtra, Service: k,
		Text: fmt.Sprintf("virtual server %s is in the kernel with %d real servers and not in the configuration: somebody else made it, or keepalived died before it could remove it, and nothing checks its real servers", k, len(e.Destinations)),
		Mend: c.ifLost("if nobody needs it: ipvsadm -D " + lvs.ServiceArgument(k)),
	})
}

// settings compares what stands behind ipvsadm -A.
func (c *comparison) settings(v *virtual, has ipvs.Service) {
	want := v.Service
	report := func(kind Kind, what, has, want string) {
		c.add(Difference{
			Kind: kind, Service: v.ServiceKey, Pos: v.vs.Pos,
			Text: fmt.Sprintf("virtual server %s%s has %s %s in the kernel and %s in the configuration: keepalived takes an existing service for its own and does not correct it", v.ServiceKey, at(v.vs.Pos), what, orNone(has), orNone(want)),
			Mend: editService(v),
		})
	}
	// What the kernel has as keepalived has it, and the configuration otherwise, was edited and not loaded: see unreloaded.
	b := v.believed
	if has.Scheduler != want.Scheduler && (b == nil || b.Scheduler != has.Scheduler) {
		report(Scheduler, "scheduler", has.Scheduler, want.Scheduler)
	}
	const persistent = ipvs.Persistent
	hasFlags, wantFlags := has.Flags.Settings()&^persistent, want.Flags.Settings()&^persistent
	if c.Limited && want.Family == ipvs.IPv6 {
		// /proc/net/ip_vs does not show one-packet scheduling of IPv6 services.
		hasFlags, wantFlags = hasFlags&^ipvs.OnePacket, wantFlags&^ipvs.OnePacket
	}
	if hasFlags != wantFlags {
		report(Flags, "flags", hasFlags.Names(has.Scheduler), wantFlags.Names(want.Scheduler))
	}
	edited := b != nil && b.Timeout != persistenceSeconds(want) && b.Timeout == persistenceSeconds(has)
	if hasP, wantP := c.persistence(has), c.persistence(want); hasP != wantP && !edited {
		report(Persistence, "persistence", hasP, wantP)
	}
}

// persistence says in words what is comparable of it.
func (c *comparison) persistence(s ipvs.Service) string {
	if s.Flags&ipvs.Persistent == 0 {
		return ""
	}
	words := []string{"on"}
	if !c.Limited {
		words = []string{fmt.Sprintf("of %d s", int(s.Timeout.Seconds()))}
	}
	if mask := s.Netmask.String(); mask != "" {
		words = append(words, "netmask "+mask)
	}
	if s.PEName != "" && !c.Limited {
		words = append(words, "engine "+s.PEName)
	}
	return strings.Join(words, " ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
