package conntrack

import (
	"context"
	"errors"
	"net/netip"
	"syscall"

	"github.com/ti-mo/conntrack"
)

// Delete deletes these flows from the table, and nothing else: each by its own tuple. One that is not there any more, or has another server
// by now, is none of them, and is counted as gone. At an error it stops.
func (c *Client) Delete(ctx context.Context, flows []Flow) (deleted, gone int, err error) {
	fail := func(err error) (int, int, error) {
		return deleted, gone, explain(ctx, "delete flows", c.config.Timeout, err)
	}
	if err := c.present(); err != nil {
		return fail(err)
	}
	conn, err := conntrack.Dial(nil)
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	bounded, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	// This connection has no deadline; closing it ends an exchange that waits.
	defer context.AfterFunc(bounded, func() { _ = conn.Close() })()
	for _, f := range flows {
		switch err := conn.Delete(f.exactly()); {
		case err == nil:
			deleted++
		case bounded.Err() != nil:
			return fail(bounded.Err())
		case errors.Is(err, syscall.ENOENT):
			gone++
		default:
			return fail(err)
		}
	}
	return deleted, gone, nil
}

// exactly names a flow by the tuple of its replies. The tuple of the client would fit another flow too, that the same client has begun
// since with a server that is there; the identifier of an entry, which would tell them apart, the library does not send (v0.6.0).
func (f Flow) exactly() conntrack.Flow {
	x := conntrack.Flow{TupleReply: tupleOf(f.Server, f.back), Zone: f.zone}
	// The library takes the family from both tuples, and sends only those that have a protocol.
	x.TupleOrig.IP = x.TupleReply.IP
	return x
}

func tupleOf(from, to netip.AddrPort) conntrack.Tuple {
	return conntrack.Tuple{
		IP:    conntrack.IPTuple{SourceAddress: from.Addr(), DestinationAddress: to.Addr()},
		Proto: conntrack.ProtoTuple{Protocol: syscall.IPPROTO_UDP, SourcePort: from.Port(), DestinationPort: to.Port()},
	}
}
