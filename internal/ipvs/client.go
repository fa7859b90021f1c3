package ipvs

import (
	"context"
	"time"
)

// Config says which kernel to talk to, and how long. The zero value is right for a program on
// the director itself.
type Config struct {
	// Proc is where the proc file system is mounted, "/proc" if empty. Its net/ip_vs says whether
	// IPVS is there: to ask netlink for an absent IPVS would load its module.
	Proc string

	// NetNS is an open file descriptor of a network namespace; 0 for that of the thread that makes
	// the first call.
	NetNS int

	// Timeout bounds each call, besides the context; 5 s if zero. The kernel answers at once or, when
	// something is very wrong, never.
	Timeout time.Duration
}

// Client reads and writes one kernel's IPVS table. It keeps one socket, which it opens when it is first
// needed and again after a fault. Its methods may be called at the same time; they take turns.
type Client struct {
	config Config
	dial   func() (socket, error)

	turn chan struct{} // holds one token while nobody talks to the kernel
	// What follows belongs to whoever has the token.
	socket   socket
	sequence uint32
	in, out  []byte

	datagrams int // with entries, in the last answer
	last      int // destinations in the last snapshot, the size to expect of the next
}

// New makes a client. It opens nothing: each method reports what it meets.
func New(config Config) *Client {
	if config.Proc == "" {
		config.Proc = "/proc"
	}
	if config.Timeout == 0 {
		config.Timeout = 5 * time.Second
	}
	c := &Client{config: config, turn: make(chan struct{}, 1)}
	c.dial = func() (socket, error) { return dialNetlink(config.NetNS) }
	c.turn <- struct{}{}
	return c
}

// Close closes the socket, if one is open. The client stays usable.
func (c *Client) Close() error {
	<-c.turn
	defer func() { c.turn <- struct{}{} }()
	return c.hangUp()
}

func (c *Client) hangUp() error {
	if c.socket == nil {
		return nil
	}
	old := c.socket
	c.socket = nil
	return old.Close()
}

// Daemons reads the synchronisation daemons that run: none, one or two.
func (c *Client) Daemons(ctx context.Context) ([]Daemon, error) {
	var all []Daemon
	err := c.ask(ctx, request{command: cmdGetDaemon, flags: flagDump, what: "read sync daemons"}, func(attrs []byte) error {
		b, err := within(attrs, attrDaemon)
		if err != nil {
			return err
		}
		all = append(all, Daemon{})
		return decodeDaemon(b, &all[len(all)-1])
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Timeouts reads the timeouts of connections.
func (c *Client) Timeouts(ctx context.Context) (Timeouts, error) {
	var t Timeouts
	err := c.ask(ctx, request{command: cmdGetConfig, what: "read timeouts"}, func(attrs []byte) error {
		return decodeTimeouts(attrs, &t)
	})
	return t, err
}

// Info reads version and table size.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var i Info
	err := c.ask(ctx, request{command: cmdGetInfo, what: "read version"}, func(attrs []byte) error {
		return decodeInfo(attrs, &i)
	})
	return i, err
}

// ask is a session with a single exchange.
func (c *Client) ask(ctx context.Context, r request, each func(attrs []byte) error) error {
	return c.session(ctx, r.what, func(s *session) error { return s.execute(r, each) })
}
