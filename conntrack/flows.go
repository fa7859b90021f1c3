package conntrack

import (
	"context"
	"net/netip"
	"time"
)

// Flow is one UDP entry that belongs to a service.
type Flow struct {
	Service int // its number, in the order of the question
	Client  netip.AddrPort
	At      netip.AddrPort // whom the client asks
	Server  netip.AddrPort // from whom the kernel waits for replies
	Target  Target
	State   State
	Expires time.Duration // until it is forgotten, if no packet comes

	back netip.AddrPort // to whom the server replies: not the client, where a rule translates sources
	zone uint16
}

// Flows reads the whole table once and hands each flow of services to each, until that returns an error.
func (c *Client) Flows(ctx context.Context, services *Services, each func(Flow) error) error {
	var e entry
	var original, reply tuple
	return c.list(ctx, listEntries, "read the table", func(m message) error {
		if err := e.decode(m.attrs); err != nil {
			return err
		}
		if err := original.decode(e.original); err != nil {
			return err
		}
		n, found := services.Find(original.destination)
		if !found || protocolOf(original.protocol) != UDP {
			return nil
		}
		if err := reply.decode(e.reply); err != nil {
			return err
		}
		return each(Flow{
			Service: n, Client: original.source, At: original.destination, Server: reply.source,
			Target: services.Target(n, original.destination, reply.source), State: e.state(),
			Expires: time.Duration(e.timeout) * time.Second, back: reply.destination, zone: e.zone,
		})
	})
}

// Expectations counts the expectations: flows that a helper (FTP, SIP) has announced.
func (c *Client) Expectations(ctx context.Context) (n int, err error) {
	err = c.list(ctx, listExpectations, "count expectations", func(message) error {
		n++
		return nil
	})
	return n, err
}
