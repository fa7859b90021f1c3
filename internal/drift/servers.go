package drift

import (
	"fmt"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// servers compares the real servers of one service.
func (c *comparison) servers(v *virtual, has []ipvs.Destination) {
	kernel := map[ipvs.DestinationKey]*ipvs.Destination{}
	for i := range has {
		kernel[has[i].DestinationKey] = &has[i]
	}
	for i := range v.servers {
		s := &v.servers[i]
		d := kernel[s.DestinationKey]
		switch {
		case s.sorry:
			c.sorry(v, s, d)
		case d == nil:
			c.absent(v, s)
		default:
			c.present(v, s, d)
		}
	}
	for i := range has {
		if v.find(has[i].DestinationKey) == nil {
			c.orphan(v, &has[i])
		}
	}
}

// about starts a difference of a real server.
func about(kind Kind, v *virtual, s *server, text string, args ...any) Difference {
	name := fmt.Sprintf("%s: real server %s%s ", v.ServiceKey, s.DestinationKey, at(s.rs.Pos))
	return Difference{Kind: kind, Service: v.ServiceKey, Server: s.DestinationKey, Pos: s.rs.Pos, Text: name + fmt.Sprintf(text, args...)}
}

func (c *comparison) absent(v *virtual, s *server) {
	if c.Known() && s.believed == nil {
		return // keepalived does not know it yet: see reloaded
	}
	e := v.expect(s)
	if e.in == unknown && v.vs.Sorry == nil {
		switch {
		case c.failed(s):
			e.in, e.why = no, "its check fails"
		case c.Overdue[subject{v.ServiceKey, s.DestinationKey}]:
			e.in = yes
		}
	}
	if why := c.told[subject{v.ServiceKey, s.DestinationKey}]; e.in == unknown && why != "" {
		e.in, e.why = no, why
	}
	if e.in == yes {
		d := about(ServerMissing, v, s, "is not in the kernel: it gets no clients, and keepalived, which takes it for present, does not add it again")
		d.Mend = addServer(v, s, e.weight)
		c.add(d)
		return
	}
	if s.believed != nil && len(c.Checkers(v.vs, s.rs)) < len(s.rs.Checkers) {
		e.why = dropped
	}
	d := about(ServerDown, v, s, "is not in the kernel: %s", e.why)
	d.Mend = mendDown(e.why)
	c.add(d)
}

// toldOf is why keepalived has taken real servers out, as it has said.
func toldOf(all []Told) map[subject]string {
	reasons := map[subject]string{}
	for _, t := range all {
		reasons[subject{t.Service, t.Server}] = "its check fails, as keepalived said at " + t.At.UTC().Format(time.RFC3339)
	}
	return reasons
}

// mendDown sends to the machine that is to blame.
func mendDown(why string) string {
	switch why {
	case dropped:
		return "mend the check, then " + reloadKeepalived
	case standIn:
		return "mend the other real servers; keepalived takes it in again when the quorum is reached"
	default:
		return "mend the real server; keepalived takes it in again when its check passes"
	}
}

func (c *comparison) present(v *virtual, s *server, d *ipvs.Destination) {
	e := v.expect(s)
	c.forwarding(v, s, d, e)
	if c.Known() && s.believed == nil {
		return // keepalived does not know it yet: see reloaded
	}
	switch {
	case d.Weight > 0 && (e.in == no || e.down):
		f := about(ServerServing, v, s, "gets clients with weight %d although keepalived has taken it out: %s", d.Weight, e.why)
		f.Mend = takeOut(v, s)
		c.add(f)
	case e.in != no:
		c.weight(v, s, d.Weight, e)
	}
}

func (c *comparison) weight(v *virtual, s *server, has uint32, e expectation) {
	overdue := c.Overdue[subject{v.ServiceKey, s.DestinationKey}]
	switch {
	case has == 0 && (e.weight == 0 && e.why != "" || e.weight > 0 && e.mayBeZero && !overdue):
		why := e.why
		if told := c.told[subject{v.ServiceKey, s.DestinationKey}]; told != "" && s.believed == nil {
			why = told
		}
		if c.failed(s) {
			why = "its check fails"
		}
		f := about(ServerDown, v, s, "has weight 0: %s", orNone(why))
		f.Mend = mendDown(why)
		c.add(f)
	case has == e.weight:
	case has == 0 && !dynamicOnly(s, e):
		f := about(WeightStuck, v, s, "has weight 0 in the kernel and should have %d: it gets no new clients, and keepalived, which takes the weight for set, never raises it (a checker process that died while the check failed leaves this, or a hand)", e.weight)
		f.Mend = editServer(v, s, e.weight)
		c.add(f)
	case has > e.atMost && s.believed == nil && dynamic(s.rs):
		f := about(WeightLeaked, v, s, "has weight %d, more than its checks can ask for (%d): keepalived adds the weight of a check again when it had to kill it", has, e.atMost)
		f.Mend = reloadKeepalived + " (it adds up anew), and give the check a deadline of its own below misc_timeout"
		c.add(f)
	case s.believed == nil && dynamic(s.rs):
	default:
		f := about(Weight, v, s, "has weight %d in the kernel and should have %d: keepalived sets a weight only when it changes", has, e.weight)
		f.Mend = editServer(v, s, e.weight)
		c.add(f)
	}
}

// dynamicOnly: weight 0 is what a dynamic check may have asked for, and nobody knows.
func dynamicOnly(s *server, e expectation) bool {
	return s.believed == nil && dynamic(s.rs) && e.mayBeZero
}

func (c *comparison) forwarding(v *virtual, s *server, d *ipvs.Destination, e expectation) {
	// The kernel reaches an address of its own locally, whatever was asked for. What was edited and not loaded is unreloadedServer's.
	edited := editedMethod(s) && d.Forward == lvs.Forward(s.believed.Method)
	if d.Forward != ipvs.Local && !edited && (d.Forward != s.Forward || d.Tunnel != s.Tunnel && !c.Limited) {
		f := about(Forwarding, v, s, "is reached by %s in the kernel and %s in the configuration: its answers may never reach the clients", way(d), way(&s.Destination))
		f.Mend = editServer(v, s, e.weight)
		c.add(f)
	}
	if !c.Limited && (d.UpperThreshold != s.UpperThreshold || d.LowerThreshold != s.LowerThreshold) {
		f := about(Thresholds, v, s, "has thresholds %d and %d (upper and lower) in the kernel and %d and %d in the configuration: keepalived does not apply changed thresholds on a reload",
			d.UpperThreshold, d.LowerThreshold, s.UpperThreshold, s.LowerThreshold)
		f.Mend = editServer(v, s, d.Weight)
		c.add(f)
	}
}

func way(d *ipvs.Destination) string {
	if d.Forward != ipvs.Tun {
		return d.Forward.String()
	}
	words := d.Forward.String() + " " + d.Tunnel.Type.String()
	if d.Tunnel.Port != 0 {
		words += fmt.Sprintf(" port %d", d.Tunnel.Port)
	}
	if flags := d.Tunnel.Flags.String(); flags != "" {
		words += " " + flags
	}
	return words
}

func (c *comparison) orphan(v *virtual, d *ipvs.Destination) {
	if b := v.believed; b != nil {
		for _, r := range b.RealServers {
			if r.Name.Addr == d.Addr && r.Set {
				return // keepalived still runs with it: see reloaded
			}
		}
	}
	c.add(Difference{
		Kind: ServerExtra, Service: v.ServiceKey, Server: d.DestinationKey, Pos: v.vs.Pos,
		Text: fmt.Sprintf("%s%s: real server %s (weight %d) is in the kernel and not in the configuration: nothing checks it, and keepalived never removes what it did not add", v.ServiceKey, at(v.vs.Pos), d.DestinationKey, d.Weight),
		Mend: c.ifLost(fmt.Sprintf("ipvsadm -d %s -r %s", lvs.ServiceArgument(v.ServiceKey), lvs.ServerArgument(d.DestinationKey))),
	})
}

// sorry compares the sorry server, which belongs into the kernel while the
// quorum is lost. Without the belief nobody knows whether it is.
func (c *comparison) sorry(v *virtual, s *server, d *ipvs.Destination) {
	b := v.believed
	switch {
	case b == nil:
	case d != nil && d.Weight > 0 && b.QuorumUp:
		f := about(ServerServing, v, s, "is the sorry server and gets clients with weight %d although enough real servers are up", d.Weight)
		f.Mend = takeOut(v, s)
		c.add(f)
	case d == nil && !b.QuorumUp:
		f := about(ServerMissing, v, s, "is the sorry server and is not in the kernel although too few real servers are up: clients get no answer")
		f.Mend = addServer(v, s, s.Weight)
		c.add(f)
	}
}
