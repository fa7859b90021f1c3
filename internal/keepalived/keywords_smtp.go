package keepalived

import "time"

func smtpKeywords() []keyword {
	return []keyword{
		text("helo_name", checkerField(func(c *Checker) *Value[string] { return &c.SMTP.Helo })),
		{name: "host", handle: startHost, sub: append(connectKeywords(), commonKeywords()...), end: endHost},
	}
}

// startHost begins another connection of an SMTP_CHECK. Since 2.2.8 what stands in its block is set for the checker itself
// (co_*_handler in check_api.c), and the host is the real server.
func startHost(p *parser, _ []string) {
	if p.checker == nil {
		return
	}
	// Nothing but connect_timeout fills in this time.
	host := Connect{Timeout: at[time.Duration](p, 0)}
	host.Addr.V, host.Port.V = p.rs.Addr, p.rs.Port
	p.hosts = append(p.hosts, host)
	if p.release < v228 {
		p.host = &p.hosts[len(p.hosts)-1]
	}
}

func endHost(p *parser) {
	p.host = nil
	if p.checker == nil {
		return
	}
	host := p.hosts[len(p.hosts)-1]
	switch {
	case host.lacksInterface():
		p.note(Ignored, "the link-local address %s needs bind_if: keepalived leaves the host out", host.Addr.V)
		p.hosts = p.hosts[:len(p.hosts)-1]
	case p.release >= v228:
		p.note(
			Trap,
			"this keepalived takes what stands in a host block for the SMTP_CHECK around it, and for the host asks the real server without giving it time to answer, so the check fails: write one SMTP_CHECK for each",
		)
	case host.Timeout.V == 0:
		p.note(Trap, "a host without connect_timeout is given no time to answer, so the check fails")
	}
}

// endSMTP makes one checker of each host block, and of the connection that the
// checker itself describes, if it describes one or there are no hosts.
func endSMTP(p *parser) {
	own, hosts := p.checker.Connect, p.hosts
	described := own.Addr.IsSet() || own.Port.IsSet() || own.BindAddr.IsSet() || own.BindPort.IsSet() ||
		own.Interface.IsSet() || own.FWMark.IsSet() || own.Timeout.IsSet()
	if !described && len(hosts) > 0 {
		*own, hosts = hosts[0], hosts[1:]
	}
	if !own.Addr.V.IsValid() { // after a connect_ip that was none
		own.Addr.V = p.rs.Addr
	}
	checker := *p.checker
	endConnect(p)
	if p.checker == nil {
		return
	}
	p.doubled = len(hosts) > 0 && p.release >= v230 && p.release < v234
	for _, h := range hosts {
		c := checker
		c.Connect = &h
		p.rs.Checkers = append(p.rs.Checkers, c)
	}
}

// endDoubled is for the last checker of a real server. From 2.3.0 to 2.3.3 keepalived queues that of a host block twice
// (smtp_check_end_handler in check_smtp.c), and its queue is sound again only when another checker follows.
func (p *parser) endDoubled() {
	if p.doubled {
		p.note(Fatal, "the last SMTP_CHECK has more than one connection: write one SMTP_CHECK for each")
	}
	p.doubled = false
}
