package dnscount

import "net/netip"

// Told is a message of which a name server tells, by dnstap: no packets were seen.
type Told struct {
	Client, Server netip.AddrPort
	Time           int64 // nanoseconds, of the clock of Tick
	Transport      Transport
	Direction      Direction
	Data           []byte // the message, without the length that TCP puts before it
}

// Tell counts a message of which a name server tells, and reports whether it is of a service. What this host says to
// itself is not: a name server tells of that too, while a capture on network cards never sees it.
func (c *Counter) Tell(t *Told) bool {
	slot, ok := c.plan.services.find(endpoint{addressOf(t.Server.Addr()), t.Server.Port()})
	if !ok || c.plan.isOwn(t.Client.Addr()) {
		c.totals.Unwanted++
		return false
	}
	e := exchange{
		client: addressOf(t.Client.Addr()), port: t.Client.Port(), at: t.Time, service: uint8(slot),
		transport: t.Transport, direction: t.Direction,
	}
	if t.Server.Addr().Is6() {
		e.family = 1
	}
	if t.Direction == Query {
		c.slots[slot].counts.Seen[t.Transport]++
	}
	c.message.Parse(t.Data, len(t.Data))
	c.count(&e, &c.message, t.Data)
	return true
}

// isOwn reports whether an address is one of this host, those of virtual servers included.
func (p *plan) isOwn(a netip.Addr) bool {
	at := addressOf(a)
	_, vip := p.vips.find(endpoint{at, 0})
	return vip || a.IsLoopback() || p.isLocal(at)
}
