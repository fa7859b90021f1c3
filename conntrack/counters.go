package conntrack

import "context"

// Event is something that the kernel counts.
type Event uint8

// The events (ctnetlink_ct_stat_cpu_fill_info in nf_conntrack_netlink.c).
const (
	InsertFailed  Event = iota // a flow could not be put into the table: most often another packet of it was quicker
	Drop                       // packets dropped because a flow could not be tracked, the table being full among the reasons
	EarlyDrop                  // flows forgotten early to make room
	Invalid                    // packets that belong to no flow and begin none
	Error                      // packets with a broken header, ICMP as a rule
	SearchRestart              // searches begun again because the table changed its size meanwhile
	ClashResolve               // races of two packets of a new flow that the kernel has mended: a resolver's A and AAAA
	ChainTooLong               // flows refused because their hash chain is too long
	events
)

// String is such as "insert_failed".
func (e Event) String() string {
	return [...]string{"insert_failed", "drop", "early_drop", "invalid", "error", "search_restart", "clash_resolve", "chain_toolong"}[e]
}

// Events lists all of them.
func Events() []Event {
	all := make([]Event, events)
	for i := range all {
		all[i] = Event(i)
	}
	return all
}

// attrEvents are the attributes of enum ctattr_stats_cpu.
var attrEvents = [...]uint16{
	InsertFailed: 9, Drop: 10, EarlyDrop: 11, Invalid: 4, Error: 12, SearchRestart: 13, ClashResolve: 14, ChainTooLong: 15,
}

// CPU is the counters of one processor, 32 bits wide as the kernel has them: they wrap.
type CPU struct {
	Number uint16
	Counts [events]uint32
	Known  [events]bool // which of them this kernel has
}

// Counters reads the counters of each processor.
func (c *Client) Counters(ctx context.Context) ([]CPU, error) {
	var all []CPU
	err := c.list(ctx, listCounters, "read counters", func(m message) error {
		cpu := CPU{Number: m.resource}
		w := walker{b: m.attrs}
		for w.next() {
			for e, kind := range attrEvents {
				if w.kind == kind {
					cpu.Counts[e], cpu.Known[e] = w.uint32(), true
				}
			}
		}
		all = append(all, cpu)
		return w.err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
