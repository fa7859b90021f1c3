package exporter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// ConnectionTable is IPVS's table of connections, which everybody may read. ipvs.Proc is one.
type ConnectionTable interface {
	ScanConnections(context.Context, ipvs.Budget) (ipvs.Scan, error)
	Status() (map[string]uint64, error)
}

// ConnectionsConfig says how often the connection table is read, and how much of it.
type ConnectionsConfig struct {
	Table  ConnectionTable
	Kernel Kernel // the virtual servers that entries are held against
	Proc   Proc   // the same, where netlink is not allowed
	// Configuration tells the families of firewall marks there; nil: nobody does.
	Configuration func() (*keepalived.Config, error)
	Interval      time.Duration
	Budget        ipvs.Budget
	Timeout       time.Duration // of reading the virtual servers; 0: 5 s
	Now           func() time.Time
}

// Connections reads the connection table in passes of its own, never when somebody asks for a page: the table may have millions of
// entries. Make one with NewConnections.
type Connections struct {
	config  ConnectionsConfig
	servers *ipvsReader
	known   map[ipvs.ServiceKey]bool // virtual servers of the pass before, and those that are gone and still have entries

	mu    sync.Mutex
	last  reading[pass]
	ended map[passEnd]uint64
}

// pass is what one reading of the connection table found.
type pass struct {
	ipvs.Scan
	held     []ipvs.Held
	coverage float64           // part of the table that was read
	status   map[string]uint64 // nil if this kernel does not tell
}

// passEnd is how a pass ended.
type passEnd string

const (
	passComplete passEnd = "complete"
	passPart     passEnd = "part" // the budget was used up
	passFailed   passEnd = "failed"
)

var passEnds = [...]passEnd{passComplete, passPart, passFailed}

// NewConnections makes a reader that has read nothing yet.
func NewConnections(config ConnectionsConfig) *Connections {
	config.Interval = cmp.Or(config.Interval, time.Minute)
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	if config.Now == nil {
		config.Now = time.Now
	}
	config.Budget.Rest = 4
	proc := config.Proc
	if config.Configuration != nil {
		proc = &markedProc{Proc: proc, configuration: config.Configuration, now: config.Now}
	}
	return &Connections{config: config, servers: &ipvsReader{kernel: config.Kernel, proc: proc}, ended: map[passEnd]uint64{}}
}

// Run makes a pass now and then, until ctx ends. A pass that fails is shown as such, and is no reason to end. Passes read for at
// most a fifth of the time, whatever the interval.
func (c *Connections) Run(ctx context.Context) error {
	for {
		took := c.pass(ctx)
		next := time.NewTimer(max(c.config.Interval-took, 0))
		select {
		case <-ctx.Done():
			next.Stop()
			return nil
		case <-next.C:
		}
	}
}

// pass returns how long it took.
func (c *Connections) pass(ctx context.Context) time.Duration {
	began := c.config.Now()
	value, err := guarded(ctx, c.read)
	now := c.config.Now()
	if ctx.Err() != nil {
		return 0
	}
	end := passFailed
	switch {
	case err == nil && value.Complete:
		end = passComplete
	case err == nil:
		end = passPart
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = reading[pass]{value: value, err: err, at: now, took: now.Sub(began)}
	c.ended[end]++
	return c.last.took
}

func (c *Connections) read(ctx context.Context) (*pass, error) {
	var p *pass
	var err error
	host.AtLeisure(func() { p, err = guarded(ctx, c.scan) })
	if err != nil {
		return nil, err
	}
	// The virtual servers are read after the entries: a real server that came meanwhile is not missing.
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	v, err := c.servers.read(ctx)
	if v == nil {
		return nil, err
	}
	p.held = p.Attribute(v.table, c.known)
	p.coverage = p.estimate(v.table)
	c.remember(v.table, p.held)
	return p, nil
}

// scan reads the connection table, and what the kernel says of it. The table is everybody's; what the kernel says is root's since it
// says it (0440 in ip_vs_ctl.c), and is no reason to leave the table unread.
func (c *Connections) scan(ctx context.Context) (*pass, error) {
	status, err := c.config.Table.Status()
	if err != nil && (errors.Is(err, ipvs.ErrAbsent) || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission)) {
		return nil, err
	}
	scan, err := c.config.Table.ScanConnections(ctx, c.config.Budget)
	return &pass{Scan: scan, status: status}, err
}

// remember keeps the names of virtual servers for entries that outlive them. Only such a name is shown: the virtual address of
// an entry may be the client's choice, where a firewall mark takes whole networks.
func (c *Connections) remember(table ipvs.Table, held []ipvs.Held) {
	before := c.known
	c.known = map[ipvs.ServiceKey]bool{}
	for i := range table.Entries {
		if e := &table.Entries[i]; e.Service.FWMark == 0 {
			c.known[e.Service.ServiceKey] = true
		}
	}
	for _, h := range held {
		if before[h.Service] {
			c.known[h.Service] = true
		}
	}
}

// estimate is the part of the table that was read: the entries of real servers that are in the table, which the kernel
// has counted as well.
func (p *pass) estimate(table ipvs.Table) float64 {
	if p.Complete {
		return 1
	}
	var read, all float64
	for _, h := range p.held {
		read += float64(h.Live + h.Drained)
	}
	for i := range table.Entries {
		for _, d := range table.Entries[i].Destinations {
			all += float64(d.Active) + float64(d.Inactive)
		}
	}
	return min(1, read/max(all, 1))
}

// connectionsView is a copy of what there is to show.
type connectionsView struct {
	reading[pass]
	ended  map[passEnd]uint64
	budget ipvs.Budget
}

// view is what there is to show; it never waits.
func (c *Connections) view(context.Context) reading[connectionsView] {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := &connectionsView{reading: c.latest(), ended: maps.Clone(c.ended), budget: c.config.Budget}
	return reading[connectionsView]{value: v, err: v.err, at: v.at, took: v.took}
}

// latest is the last pass, unless it ended long ago: then its numbers are worth nothing. The lock is held.
func (c *Connections) latest() reading[pass] {
	last := c.last
	late := 3 * max(c.config.Interval, last.took)
	switch age := c.config.Now().Sub(last.at); {
	case last.at.IsZero():
		last.err = fmt.Errorf("the first pass has not ended yet: %w", context.DeadlineExceeded)
	case age > late:
		last.value, last.err = nil, fmt.Errorf("the last pass ended %s ago: %w", age.Round(time.Second), context.DeadlineExceeded)
	}
	return last
}

// lastPass is nil if there is none whose numbers are worth anything. Nil Connections have made none.
func (c *Connections) lastPass() *pass {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest().value
}

// source is the source of the passes themselves; nil: they are not read.
func (c *Connections) source() source {
	if c == nil {
		return sourceOf("connections", nil, whole(connectionsTable()))
	}
	return sourceOf("connections", c.view, whole(connectionsTable()))
}

// missing is how many entries of each virtual server lead to a real server that is not there, as far as the last pass has seen.
func (c *Connections) missing() map[ipvs.ServiceKey]int {
	all := map[ipvs.ServiceKey]int{}
	if p := c.lastPass(); p != nil {
		for _, h := range p.held {
			all[h.Service] = h.Missing
		}
	}
	return all
}
