package drift

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

const reloadKeepalived = "reload keepalived: systemctl reload keepalived"

// unreloaded finds a virtual server that keepalived does not run with as it is written.
func (c *comparison) unreloaded(v *virtual) {
	if !c.Known() {
		return
	}
	report := func(text string, args ...any) {
		c.add(Difference{
			Kind: NotReloaded, Service: v.ServiceKey, Pos: v.vs.Pos, Mend: reloadKeepalived,
			Text: fmt.Sprintf("virtual server %s%s ", v.ServiceKey, at(v.vs.Pos)) + fmt.Sprintf(text, args...),
		})
	}
	b := v.believed
	if b == nil {
		report("is configured, and keepalived does not know it yet")
		return
	}
	if b.Scheduler != "" && b.Scheduler != v.Scheduler {
		report("has scheduler %s in the configuration, and keepalived still has %s", v.Scheduler, b.Scheduler)
	}
	if want := persistenceSeconds(v.Service); b.Timeout != want {
		report("has a persistence of %d s in the configuration, and keepalived still has %d s", want, b.Timeout)
	}
	configured := map[keepalived.RSName]bool{}
	for i := range v.vs.RealServers {
		configured[keepalived.RSName{Addr: v.vs.RealServers[i].Addr, Port: v.vs.RealServers[i].Port}] = true
	}
	for _, r := range b.RealServers {
		if !configured[r.Name] {
			report("has no real server %s any more in the configuration, and keepalived still has it", netip.AddrPortFrom(r.Name.Addr, r.Name.Port))
		}
	}
}

func (c *comparison) unreloadedServer(v *virtual, s *server) {
	if v.believed == nil {
		return
	}
	var d Difference
	switch b := s.believed; {
	case b == nil:
		d = about(NotReloaded, v, s, "is configured, and keepalived does not know it yet")
	case b.InitialWeight != s.rs.Weight.V:
		d = about(NotReloaded, v, s, "has weight %d in the configuration, and keepalived still has %d", s.rs.Weight.V, b.InitialWeight)
	case editedMethod(s):
		d = about(NotReloaded, v, s, "is reached by %s in the configuration, and keepalived still has %s", s.rs.Forward.V.Method, b.Method)
	default:
		c.leaked(v, s)
		return
	}
	d.Mend = reloadKeepalived
	c.add(d)
}

// editedMethod reports whether the configuration has another forwarding method than keepalived, as far as that is known.
func editedMethod(s *server) bool {
	return s.believed != nil && s.believed.Method != "" && s.believed.Method != s.rs.Forward.V.Method
}

func persistenceSeconds(s ipvs.Service) uint32 { return uint32(s.Timeout / time.Second) }

// leaked compares keepalived's sum of the weights with its parts.
func (c *comparison) leaked(v *virtual, s *server) {
	if !dynamic(s.rs) || len(c.Checkers(v.vs, s.rs)) != len(s.rs.Checkers) {
		return
	}
	sum := int64(s.believed.InitialWeight)
	for _, k := range c.Checkers(v.vs, s.rs) {
		sum += int64(k.Weight)
	}
	if s.believed.EffectiveWeight == sum {
		return
	}
	d := about(WeightLeaked, v, s, "has weight %d by keepalived's count although its checks ask for %d: keepalived forgets the weight of a check that it had to kill, and adds the next on top", s.believed.EffectiveWeight, sum)
	d.Mend = reloadKeepalived + " (it adds up anew), and give the check a deadline of its own below misc_timeout"
	c.add(d)
}

// reloaded finds what keepalived still runs with and the configuration has no more.
func (c *comparison) reloaded() {
	for _, b := range c.Stray() {
		c.add(Difference{
			Kind: NotReloaded, Service: keyOfBelieved(b), Mend: reloadKeepalived,
			Text: fmt.Sprintf("virtual server %s is not in the configuration, and keepalived still has it", nameInWords(b)),
		})
	}
}

func nameInWords(b *keepalived.BelievedVS) string {
	if b.Name.Group != "" {
		return "group " + b.Name.Group
	}
	return keyOfBelieved(b).String()
}

// keyOfBelieved is zero for a group, whose services the dump does not name.
func keyOfBelieved(b *keepalived.BelievedVS) ipvs.ServiceKey {
	if b.Name.Group != "" {
		return ipvs.ServiceKey{}
	}
	return lvs.Service(keepalived.Service{
		Addr: b.Name.Addr, Port: b.Name.Port, Protocol: b.Name.Protocol, FWMark: b.Name.FWMark, Family: b.Family,
	}).ServiceKey
}
