package ipvs

import (
	"context"
	"errors"
	"fmt"
)

// There is no Flush: it drops every connection of every service, and nothing of ours has a
// reason to.

// errNoModule is what ENOENT means when a service is written (ip_vs_add_service, ip_vs_edit_service).
var errNoModule = errors.New("this kernel has no such scheduler or persistence engine")

// NewService adds a service; ErrExists if it is there already. Stats are ignored, here and in
// SetService.
func (c *Client) NewService(ctx context.Context, s Service) error {
	return c.writeService(ctx, cmdNewService, "add service", s)
}

// SetService changes scheduler, flags, timeout, netmask and persistence engine of a service to those given.
// Its connections stay.
func (c *Client) SetService(ctx context.Context, s Service) error {
	return c.writeService(ctx, cmdSetService, "change service", s)
}

// DeleteService removes a service with its destinations, and says whether it was there.
func (c *Client) DeleteService(ctx context.Context, k ServiceKey) (bool, error) {
	r := request{command: cmdDelService, what: "delete service", subject: k}
	return existed(c.write(ctx, r, func(b *builder) error { return b.key(k) }))
}

// NewDestination adds a destination to a service; ErrExists if it is there already, ErrMissing without
// the service. Connections that the kernel still remembers from an earlier time of this destination in
// this service go on. Stats and counts of connections are ignored, here and in SetDestination.
func (c *Client) NewDestination(ctx context.Context, k ServiceKey, d Destination) error {
	return c.writeDestination(ctx, cmdNewDest, "add destination", k, d)
}

// SetDestination changes forwarding method, weight, thresholds and tunnel of a destination to
// those given. Its connections stay.
func (c *Client) SetDestination(ctx context.Context, k ServiceKey, d Destination) error {
	return c.writeDestination(ctx, cmdSetDest, "change destination", k, d)
}

// DeleteDestination removes a destination, and says whether it was there. Its connections stay, and their
// packets are dropped, until they time out or it is added again; with sysctl
// net.ipv4.vs.expire_nodest_conn they are spread anew.
func (c *Client) DeleteDestination(ctx context.Context, k ServiceKey, d DestinationKey) (bool, error) {
	r := request{command: cmdDelDest, what: "delete destination", subject: pair{d, k}, noEntry: ErrMissing}
	return existed(c.write(ctx, r, func(b *builder) error { return errors.Join(b.key(k), b.destinationKey(d)) }))
}

// NewDaemon starts a synchronisation daemon; ErrExists if one runs in this role.
func (c *Client) NewDaemon(ctx context.Context, d Daemon) error {
	r := request{command: cmdNewDaemon, what: "start sync daemon", subject: d.Role}
	return c.write(ctx, r, func(b *builder) error { b.daemon(d); return nil })
}

// DeleteDaemon stops the daemon with this role, and says whether there was one. The kernel stops a daemon that was
// started so lately that it has not run yet, but does not answer, which ends as a deadline exceeded: kthread_stop
// says EINTR, and to that netlink_rcv_skb sends no acknowledgement.
func (c *Client) DeleteDaemon(ctx context.Context, r DaemonRole) (bool, error) {
	stop := request{command: cmdDelDaemon, what: "stop sync daemon", subject: r}
	return existed(c.write(ctx, stop, func(b *builder) error { b.daemon(Daemon{Role: r}); return nil }))
}

// SetTimeouts changes the timeouts that are not zero.
func (c *Client) SetTimeouts(ctx context.Context, t Timeouts) error {
	r := request{command: cmdSetConfig, what: "set timeouts"}
	return c.write(ctx, r, func(b *builder) error { return b.timeouts(t) })
}

// Zero sets the counters of a service and its destinations to zero.
func (c *Client) Zero(ctx context.Context, k ServiceKey) error {
	r := request{command: cmdZero, what: "zero service", subject: k}
	return c.write(ctx, r, func(b *builder) error { return b.key(k) })
}

func (c *Client) writeService(ctx context.Context, command uint8, what string, s Service) error {
	r := request{command: command, what: what, subject: s.ServiceKey, noEntry: errNoModule}
	return c.write(ctx, r, func(b *builder) error { return b.service(s) })
}

func (c *Client) writeDestination(ctx context.Context, command uint8, what string, k ServiceKey, d Destination) error {
	r := request{command: command, what: what, subject: pair{d.DestinationKey, k}, noEntry: ErrMissing}
	return c.write(ctx, r, func(b *builder) error { return errors.Join(b.key(k), b.destination(d)) })
}

// write sends a request that the kernel answers with an acknowledgement.
func (c *Client) write(ctx context.Context, r request, encode func(*builder) error) error {
	var b builder
	if err := encode(&b); err != nil {
		return r.fail(err)
	}
	r.attrs = b.b
	r.flags = flagAck
	return c.ask(ctx, r, func([]byte) error { return nil })
}

// existed turns the result of a deletion into whether there was something to delete.
func existed(err error) (bool, error) {
	if errors.Is(err, ErrMissing) {
		return false, nil
	}
	return err == nil, err
}

// pair names a destination with its service.
type pair struct {
	d DestinationKey
	k ServiceKey
}

func (p pair) String() string { return fmt.Sprintf("%s of %s", p.d, p.k) }
