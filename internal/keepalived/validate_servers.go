package keepalived

import (
	"net/netip"
	"slices"
	"time"
)

// realServers takes doubles out and fills in what real servers inherit.
func (c *validator) realServers() {
	v := c.vs
	kept := v.RealServers[:0]
	seen := map[netip.AddrPort]Pos{}
	for i := range v.RealServers {
		r := v.RealServers[i]
		c.rs = &r
		key := netip.AddrPortFrom(r.Addr, r.Port)
		if first, ok := seen[key]; ok {
			c.note(Ignored, "the same real server is at %s: keepalived leaves the second out", first)
			continue
		}
		seen[key] = r.Pos
		c.method(&r)
		inherit(&r.Alpha, v.Alpha)
		inherit(&r.Inhibit, v.Inhibit)
		inherit(&r.Retry, v.Retry)
		inherit(&r.ConnectTimeout, v.ConnectTimeout)
		inherit(&r.DelayLoop, v.DelayLoop)
		inherit(&r.Warmup, v.Warmup)
		inherit(&r.DelayBeforeRetry, v.DelayBeforeRetry)
		inherit(&r.Weight, v.Weight)
		c.smtp(&r.SMTPAlert, true)
		if s := v.Sorry; s != nil && s.Addr == r.Addr && s.Port == r.Port && s.Inhibit.V != r.Inhibit.V {
			c.note(Adjusted, "it is the sorry server too, with another inhibit_on_failure: keepalived takes that of the real server for both")
			s.Inhibit = r.Inhibit
		}
		kept = append(kept, r)
	}
	c.rs = nil
	clear(v.RealServers[len(kept):])
	if v.RealServers = kept; v.Sorry != nil {
		c.method(v.Sorry)
	}
}

// method settles how packets reach a real server.
func (c *validator) method(r *RealServer) {
	if r.Forward.V.Method != "" {
		return
	}
	if v := c.vs; v.Forward.V.Method == "" {
		rs := c.rs
		c.rs = nil
		c.note(Adjusted, "no lvs_method: keepalived takes NAT")
		c.rs = rs
		v.Forward.V.Method = NAT
	}
	r.Forward = c.vs.Forward
}

// ports gives real servers the port of their virtual server: without NAT there
// is no other, and with NAT it is the default. A mark has none.
func (c *validator) ports() {
	v := c.vs
	for i := range v.RealServers {
		c.rs = &v.RealServers[i]
		if c.rs.Forward.V.Method == NAT && v.FWMark == 0 && c.rs.Port == 0 {
			c.rs.Port = v.Port
		}
		c.port("the real server")
	}
	c.rs = nil
	if v.Sorry != nil {
		c.rs = v.Sorry
		c.port("the sorry server")
		c.rs = nil
	}
}

func (c *validator) port(who string) {
	v, r := c.vs, c.rs
	if r.Forward.V.Method == NAT {
		return
	}
	switch {
	case v.FWMark != 0 && r.Port != 0:
		c.note(Adjusted, "%s of a mark has no port without NAT: keepalived ignores it", who)
	case v.FWMark == 0 && r.Port != 0 && r.Port != v.Port:
		c.note(Adjusted, "without NAT %s has the port of the virtual server: keepalived takes %d", who, v.Port)
	}
	if r.Port = v.Port; v.FWMark != 0 {
		r.Port = 0
	}
}

// groupPorts only warns: the port that counts is that of each member.
func (c *validator) groupPorts() {
	v, g := c.vs, c.cfg.group(c.vs)
	servers := v.RealServers
	if v.Sorry != nil {
		servers = append(slices.Clip(servers), *v.Sorry)
	}
	for i := range servers {
		r := &servers[i]
		if r.Forward.V.Method == NAT || r.Port == 0 {
			continue
		}
		for _, e := range g.Entries {
			if e.IsFWMark() || e.Port != r.Port {
				c.rs = r
				c.note(Adjusted, "without NAT the real server has the port of the member of the group: keepalived ignores it where they differ")
				break
			}
		}
	}
	c.rs = nil
}

// checker fills in what a checker inherits. Checks that something else
// triggers have no times of their own.
func (c *validator) checker(k *Checker) {
	r := c.rs
	if k.LogAllFailures.V = k.LogAllFailures.V || c.cfg.Global.LogAllFailures.V; !k.LogAllFailures.IsSet() {
		k.LogAllFailures.Pos = c.cfg.Global.LogAllFailures.Pos
	}
	if k.Kind == FileCheck { // The state of a file is known at once.
		return
	}
	inherit(&k.Alpha, r.Alpha)
	if k.Kind == BFDCheck {
		return
	}
	inherit(&k.DelayLoop, r.DelayLoop)
	inherit(&k.Warmup, r.Warmup)
	inherit(&k.Retry, r.Retry)
	inherit(&k.DelayBeforeRetry, r.DelayBeforeRetry)
	if !k.DelayLoop.IsSet() {
		k.DelayLoop.V = time.Minute
	}
	if !k.Warmup.IsSet() {
		k.Warmup = Value[time.Duration]{V: k.DelayLoop.V}
	}
	retry, delay := defaultRetry(k)
	if !k.Retry.IsSet() {
		k.Retry.V = retry
	}
	if !k.DelayBeforeRetry.IsSet() {
		k.DelayBeforeRetry.V = delay
	}
	if k.Connect != nil {
		inherit(&k.Connect.Timeout, r.ConnectTimeout)
	}
	if k.Misc != nil && k.Misc.Timeout.V == 0 {
		k.Misc.Timeout = c.vs.DelayLoop
	}
}

// defaultRetry is how often a checker tries again, and how soon, when neither
// it nor its servers say so.
func defaultRetry(k *Checker) (uint32, time.Duration) {
	switch k.Kind {
	case MiscCheck:
		return 0, time.Second
	case DNSCheck:
		return 3, k.DelayLoop.V
	case HTTPGet, SSLGet:
		return 1, 3 * time.Second
	default:
		return 1, time.Second
	}
}
