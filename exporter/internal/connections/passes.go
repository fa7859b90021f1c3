// Package connections answers one question: where do the entries of the connection table of IPVS lead? The table is read in passes of their
// own, for it may have millions.
package connections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Table is IPVS's table of connections, which everybody may read. ipvs.Proc is one.
type Table interface {
	ScanConnections(context.Context, ipvs.Budget) (ipvs.Scan, error)
	Status() (map[string]uint64, error)
}

// Config says how often the connection table is read, and how much of it.
type Config struct {
	Table  Table
	Kernel servers.Kernel // the virtual servers that entries are held against
	Proc   servers.Proc   // the same, where netlink is not allowed
	// Configuration tells the families of firewall marks there; nil: nobody does.
	Configuration func() (*keepalived.Config, error)
	Interval      time.Duration
	Budget        ipvs.Budget
	Timeout       time.Duration // of reading the virtual servers; 0: 5 s
	Now           func() time.Time
}

// Reader reads the connection table in passes of its own, never when somebody asks for a page: the table may have millions of
// entries. Make one with NewConnections.
type Reader struct {
	config  Config
	servers *servers.Reader
	known   map[ipvs.ServiceKey]bool // virtual servers of the pass before, and those that are gone and still have entries

	mu    sync.Mutex
	last  source.Reading[pass]
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

// New makes a reader that has read nothing yet.
func New(config Config) *Reader {
	config.Interval = cmp.Or(config.Interval, time.Minute)
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	if config.Now == nil {
		config.Now = time.Now
	}
	config.Budget.Rest = 4
	proc := config.Proc
	if config.Configuration != nil {
		proc = &servers.MarkedProc{Proc: proc, Configuration: config.Configuration, Now: config.Now}
	}
	return &Reader{config: config, servers: &servers.Reader{Kernel: config.Kernel, Proc: proc}, ended: map[passEnd]uint64{}}
}

// Run makes a pass now and then, until ctx ends. A pass that fails is shown as such, and is no reason to end. Passes read for at
// most a fifth of the time, whatever the interval.
func (c *Reader) Run(ctx context.Context) error {
	for {
		took := c.Pass(ctx)
		next := time.NewTimer(max(c.config.Interval-took, 0))
		select {
		case <-ctx.Done():
			next.Stop()
			return nil
		case <-next.C:
		}
	}
}

// Pass returns how long it took.
func (c *Reader) Pass(ctx context.Context) time.Duration {
	began := c.config.Now()
	value, err := source.Guarded(ctx, c.read)
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
	c.last = source.Reading[pass]{Value: value, Err: err, At: now, Took: now.Sub(began)}
	c.ended[end]++
	return c.last.Took
}

func (c *Reader) read(ctx context.Context) (*pass, error) {
	var p *pass
	var err error
	host.AtLeisure(func() { p, err = source.Guarded(ctx, c.scan) })
	if err != nil {
		return nil, err
	}
	// The virtual servers are read after the entries: a real server that came meanwhile is not missing.
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	v, err := c.servers.View(ctx)
	if v == nil {
		return nil, err
	}
	p.held = p.Attribute(v.Table, c.known)
	p.coverage = p.estimate(v.Table)
	c.remember(v.Table, p.held)
	return p, nil
}

// scan reads the connection table, and what the kernel says of it. The table is everybody's; what the kernel says is root's since it
// says it (0440 in ip_vs_ctl.c), and is no reason to leave the table unread.
func (c *Reader) scan(ctx context.Context) (*pass, error) {
	status, err := c.config.Table.Status()
	if err != nil && (errors.Is(err, ipvs.ErrAbsent) || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission)) {
		return nil, err
	}
	scan, err := c.config.Table.ScanConnections(ctx, c.config.Budget)
	return &pass{Scan: scan, status: status}, err
}

// remember keeps the names of virtual servers for entries that outlive them. Only such a name is shown: the virtual address of
// an entry may be the client's choice, where a firewall mark takes whole networks.
func (c *Reader) remember(table ipvs.Table, held []ipvs.Held) {
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

// view is a copy of what there is to show.
type view struct {
	source.Reading[pass]
	ended  map[passEnd]uint64
	budget ipvs.Budget
}

// view is what there is to show; it never waits.
func (c *Reader) view(context.Context) source.Reading[view] {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := &view{Reading: c.latest(), ended: maps.Clone(c.ended), budget: c.config.Budget}
	return source.Reading[view]{Value: v, Err: v.Err, At: v.At, Took: v.Took}
}

// latest is the last pass, unless it ended long ago: then its numbers are worth nothing. The lock is held.
func (c *Reader) latest() source.Reading[pass] {
	last := c.last
	late := 3 * max(c.config.Interval, last.Took)
	switch age := c.config.Now().Sub(last.At); {
	case last.At.IsZero():
		last.Err = fmt.Errorf("the first pass has not ended yet: %w", context.DeadlineExceeded)
	case age > late:
		last.Value, last.Err = nil, fmt.Errorf("the last pass ended %s ago: %w", age.Round(time.Second), context.DeadlineExceeded)
	}
	return last
}

// lastPass is nil if there is none whose numbers are worth anything. Nil Connections have made none.
func (c *Reader) lastPass() *pass {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest().Value
}

// Source is the source of the passes themselves; nil: they are not read.
func (c *Reader) Source() source.Source {
	if c == nil {
		return source.Of("connections", nil, metric.Whole(passTable()))
	}
	return source.Of("connections", c.view, metric.Whole(passTable()))
}

// Missing is how many entries of each virtual server lead to a real server that is not there, as far as the last pass has seen.
func (c *Reader) Missing() map[ipvs.ServiceKey]int {
	all := map[ipvs.ServiceKey]int{}
	if p := c.lastPass(); p != nil {
		for _, h := range p.held {
			all[h.Service] = h.Missing
		}
	}
	return all
}
