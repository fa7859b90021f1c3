package conntrack

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// State is how far a UDP flow has come.
type State uint8

// The states. Replied becomes Assured when packets have gone both ways for two seconds (nf_conntrack_proto_udp.c): a client that asks once
// from each port stays Replied.
const (
	Unreplied State = iota // the kernel has seen packets from the client only
	Replied                // and from the server
	Assured                // and is sure enough to keep it when the table is full
	states
)

// String is "unreplied", "replied" or "assured".
func (s State) String() string { return [...]string{"unreplied", "replied", "assured"}[s] }

// Protocol is a kind of flow that is counted apart from others.
type Protocol uint8

// The protocols.
const (
	UDP Protocol = iota
	TCP
	ICMP // of both families
	Other
	protocols
)

// String is "udp", "tcp", "icmp" or "other".
func (p Protocol) String() string { return [...]string{"udp", "tcp", "icmp", "other"}[p] }

// protocolOf sorts IP protocol numbers.
func protocolOf(n uint8) Protocol {
	switch n {
	case 17:
		return UDP
	case 6:
		return TCP
	case 1, 58:
		return ICMP
	default:
		return Other
	}
}

// Count is the flows of one service.
type Count struct {
	ByState [states]uint64
	Stale   uint64 // of them: their target is Removed
}

// Pass is what one reading of the table has counted. The kernel goes on meanwhile: an entry that was made or
// forgotten during the pass may be counted or not, and after a change of the table's size a few may be missing or counted twice.
type Pass struct {
	Services []Count           // in the order of the question
	IPv4     [protocols]uint64 // entries of all services and of none
	IPv6     [protocols]uint64 //
	Took     time.Duration     // from the first to the last datagram
	CPU      time.Duration     // of this process and of the kernel for it; 0 where it is not known
}

// Entries is how many entries the pass has met.
func (p *Pass) Entries() (n uint64) {
	for i := range protocols {
		n += p.IPv4[i] + p.IPv6[i]
	}
	return n
}

// Pass reads the whole table once and counts the flows of services. A table with more than most entries gives ErrTooBig
// and is not read, or not to its end.
//
// It should run on a goroutine of its own: it takes a thread, which goes on with lower priority and ends with the pass.
func (c *Client) Pass(ctx context.Context, services []Service, most int) (Pass, error) {
	size, err := c.Size()
	if err != nil {
		return Pass{}, err
	}
	if size.Entries > most {
		return Pass{}, tooBig(size.Entries, most)
	}
	t := tally{index: NewServices(services), left: most, pass: Pass{Services: make([]Count, len(services))}}
	began := time.Now()
	err = c.listBy(ctx, listEntries, "read the table", t.add, func(read func() error) error {
		return aside(read, &t.pass.CPU)
	})
	t.pass.Took = time.Since(began)
	if errors.Is(err, errFull) {
		err = tooBig(most+1, most)
	}
	return t.pass, err
}

func tooBig(has, most int) error {
	return fmt.Errorf("conntrack: read the table: %w: %d, and %d may be read", ErrTooBig, has, most)
}

var errFull = errors.New("more entries than may be read")

// tally counts entries.
type tally struct {
	index *Services
	left  int // entries that may still come
	pass  Pass
	entry entry
	tuple tuple
}

func (t *tally) add(m message) error {
	if t.left == 0 {
		return errFull
	}
	t.left--
	e, u := &t.entry, &t.tuple
	if err := e.glance(m.attrs); err != nil {
		return err
	}
	if err := u.decode(e.original); err != nil {
		return err
	}
	protocol := protocolOf(u.protocol)
	if u.destination.Addr().Is4() {
		t.pass.IPv4[protocol]++
	} else {
		t.pass.IPv6[protocol]++
	}
	if protocol != UDP {
		return nil
	}
	at := u.destination
	n, found := t.index.Find(at)
	if !found {
		return nil
	}
	if err := u.decode(e.reply); err != nil {
		return err
	}
	t.pass.Services[n].ByState[e.state()]++
	if t.index.Target(n, at, u.source) == Removed {
		t.pass.Services[n].Stale++
	}
	return nil
}
