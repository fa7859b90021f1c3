package drift

import (
	"fmt"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// FlowSettings finds in a configuration alone what the kernel's settings will do to clients, for whoever is about to carry it out.
func FlowSettings(cfg *keepalived.Config, s host.FlowSysctls) []Difference {
	c := &comparison{Input: Input{Config: cfg, Flows: s}}
	c.flows(expand(cfg))
	return c.found
}

// flows finds settings of the kernel that keep clients with a real server that serves no more.
func (c *comparison) flows(wanted []virtual) {
	if c.Flows.KeepsRemoved {
		c.outlive(wanted)
	}
	if !c.Flows.KeepsQuiescent {
		return
	}
	idle := map[ipvs.ServiceKey]ipvs.DestinationKey{}
	for i := range c.Kernel.Entries {
		e := &c.Kernel.Entries[i]
		for j := range e.Destinations {
			if d := &e.Destinations[j]; d.Weight == 0 {
				idle[e.Service.ServiceKey] = d.DestinationKey
				break
			}
		}
	}
	for i := range wanted {
		v := &wanted[i]
		if v.Flags&ipvs.Persistent == 0 {
			continue
		}
		if d, now := idle[v.ServiceKey]; now {
			c.quiescent(v, fmt.Sprintf("real server %s has weight 0 now", d))
		} else if when := v.mayIdle(); when != "" {
			c.quiescent(v, when)
		}
	}
}

// outlive is about the whole kernel, so it is said once. One-packet scheduling leaves no flows, and a TCP client begins anew by itself.
func (c *comparison) outlive(wanted []virtual) {
	n := 0
	for i := range wanted {
		if v := &wanted[i]; v.udp() && v.Flags&ipvs.OnePacket == 0 {
			n++
		}
	}
	if n == 0 {
		return
	}
	c.add(Difference{
		Kind: FlowsOutlive,
		Text: fmt.Sprintf("sysctl net.ipv4.vs.expire_nodest_conn is 0, and %s UDP: when a real server is removed, as by a failed check, clients that keep their source port are sent to nobody until IPVS forgets their flows (300 s)", served(n)),
		Mend: "sysctl -w net.ipv4.vs.expire_nodest_conn=1 # and the same in /etc/sysctl.d",
	})
}

func served(n int) string {
	if n == 1 {
		return "a virtual server takes"
	}
	return fmt.Sprintf("%d virtual servers take", n)
}

// quiescent is about a persistent virtual server (ip_vs_check_template in the kernel's ip_vs_conn.c).
func (c *comparison) quiescent(v *virtual, when string) {
	c.add(Difference{
		Kind: PersistentToZero, Service: v.ServiceKey, Pos: v.vs.Pos,
		Text: fmt.Sprintf("virtual server %s%s is persistent, and sysctl net.ipv4.vs.expire_quiescent_template is 0: %s: the clients that persistence has given to it stay with it, dead or alive, from whatever port they ask", v.ServiceKey, at(v.vs.Pos), when),
		Mend: "sysctl -w net.ipv4.vs.expire_quiescent_template=1 # and the same in /etc/sysctl.d",
	})
}

// mayIdle says which real server may get weight 0, and by what; "" if none.
func (v *virtual) mayIdle() string {
	for i := range v.servers {
		s := &v.servers[i]
		switch {
		case !s.quiescent():
		case s.rs.Inhibit.V:
			return fmt.Sprintf("real server %s gets weight 0 when its check fails (inhibit_on_failure)", s.DestinationKey)
		default:
			return fmt.Sprintf("real server %s may get weight 0 by its check", s.DestinationKey)
		}
	}
	return ""
}
