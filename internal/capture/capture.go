package capture

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/dnscount/top"
)

// Config says where to listen.
type Config struct {
	Interfaces []string // names; none: see Choose
	Blocks     int      // of each ring; 0: 64
	BlockSize  int      // octets, a power of two that holds the largest packet; 0: 256 KiB
	// MaxSample bounds how small the sample may get, one in 1 << MaxSample; 0: dnscount.MaxSample.
	MaxSample uint8
	Seed      uint64     // of hashes: a number that clients cannot know
	Top       *top.Table // for what is asked most; nil: nobody wants to know
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now; the kernel's clock, which packets are stamped by
	Links     func() ([]Link, error)
}

// Capture counts the DNS packets of a host. Make one with New.
type Capture struct {
	config Config

	mu      sync.Mutex // held for a block of packets at a time
	counter *dnscount.Counter
	view    dnscount.View
	cards   []*card
	failure error // why it does not listen, or not everywhere
	valve   valve
	fresh   ringStats // since the valve was asked last
	change  change
}

// change is the last one of the sample: what the kernel had let through before it counts by the old size.
type change struct {
	at   int64
	from uint8
}

// LinkReport is what happened on one card.
type LinkReport struct {
	Name      string
	Listening bool
	Packets   uint64 // that the filter let through, those included that were dropped
	Drops     uint64 // that found no room in the ring
	Freezes   uint64 // times that the ring was full
	Truncated uint64 // packets of which not all was captured, though all was wanted
	XDP       XDP
}

// Report is a copy of all that was counted.
type Report struct {
	dnscount.Report
	Role  dnscount.Role
	Links []LinkReport
	// Sample is how many transactions one that was counted stands for.
	Sample uint64
	Blind  []Reason
	Err    error // why it does not listen, or not everywhere
}

// New makes a Capture that listens nowhere yet.
func New(c Config) *Capture {
	c.Blocks, c.BlockSize = cmp.Or(c.Blocks, 64), cmp.Or(c.BlockSize, 1<<18)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Links == nil {
		c.Links = Links
	}
	return &Capture{config: c, counter: dnscount.New(dnscount.Options{Seed: c.Seed, Top: c.Top}), valve: valve{limit: c.MaxSample}}
}

// Update makes it count for another view from now on.
func (c *Capture) Update(v dnscount.View) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.view = v
	c.counter.Use(v)
	return c.attach()
}

// attach gives every ring the filter of the view and of the sample.
func (c *Capture) attach() error {
	for _, d := range c.cards {
		if d.ring == nil {
			continue
		}
		code, err := Filter(c.view, d.ring.link, c.counter.Shift())
		if err != nil {
			return err
		}
		if err := d.ring.attach(code); err != nil {
			return err
		}
	}
	return nil
}

// Read copies the numbers.
func (c *Capture) Read() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counter.Tick(c.config.Now().UnixNano() - lag)
	c.collect()
	r := Report{Report: c.counter.Report(), Role: c.view.Role, Sample: 1 << c.counter.Shift(), Blind: c.blind(), Err: c.failure}
	for _, d := range c.cards {
		sums := d.sums
		sums.Name, sums.Listening, sums.XDP = d.Name, d.ring != nil, d.XDP
		r.Links = append(r.Links, sums)
	}
	return r
}

// Top is what was asked most lately, of each kind the rows at most; nil if Config had no table for it.
func (c *Capture) Top(rows int) *top.Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counter.Top(c.config.Now().UnixNano(), rows)
}

// lag is how old a packet may be when it is counted, in nanoseconds: until then nothing has waited in vain.
const lag = int64(time.Second)

const (
	tick   = time.Second
	rescan = 10 * time.Second
)

// Run listens until ctx ends. Cards may come and go meanwhile.
func (c *Capture) Run(ctx context.Context) error {
	defer c.shut()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var ticked, scanned, drained time.Time
	var busy time.Duration
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		now := c.config.Now()
		if now.Sub(scanned) >= rescan || now.Before(scanned) {
			c.scan()
			scanned = now
		}
		if passed := now.Sub(ticked); passed >= tick || passed < 0 {
			c.tick(now, min(max(passed, tick), rescan), busy)
			ticked, busy = now, 0
		}
		began := c.config.Now()
		fullest := c.drain()
		now = c.config.Now()
		busy += now.Sub(began)
		timer.Reset(c.config.pause(fullest, now.Sub(drained)))
		drained = now
	}
}

// retire is how long the kernel waits for a block to fill. A block that is handed over is full, however little is in it: with
// little traffic it is their number times this that a reader may be late, not their size.
const retire = 60 * time.Millisecond

const (
	longestPause  = 200 * time.Millisecond
	shortestPause = time.Millisecond
	// burst is how much may come in a second from one card, in octets of a ring, without loss when nothing came before. A
	// packet of DNS takes some 200: this is 400,000 of them.
	burst = 80e6
)

// pause is how long packets may gather in the rings until they are counted, when so many octets had gathered in the fullest of
// them in the time before. To wake up costs as much as to count hundreds of packets, more for each thread of the runtime
// that wakes with it, so nobody waits for packets: poll(2) would return for every block, and start the
// runtime's monitor, which looks every 20 µs whether a system call blocks (sysmon in runtime/proc.go).
func (c *Config) pause(octets int, passed time.Duration) time.Duration {
	size := float64(c.Blocks * c.BlockSize)
	// Nor longer than half of the blocks last if each is handed over by time, however little is in it.
	longest := min(longestPause, retire*time.Duration(c.Blocks)/2, time.Duration(size/burst*float64(time.Second)))
	if octets > 0 { // else it may be the first time
		longest = min(longest, time.Duration(size/8/float64(octets)*float64(min(max(0, passed), time.Second))))
	}
	return max(shortestPause, longest)
}

// drain counts the blocks that are there: of each ring in turn one, so that a busy card does not make another wait. It returns
// how many octets were in the ring that had most.
func (c *Capture) drain() (fullest int) {
	for i := range c.cards { // only this goroutine changes the list
		c.cards[i].drained = 0
	}
	for more := true; more; {
		more = false
		for i := range c.cards {
			c.mu.Lock()
			if d := c.cards[i]; d.ring != nil {
				octets := d.ring.read(func(f *dnscount.Frame) { c.frame(d, f) })
				d.drained += octets
				fullest = max(fullest, d.drained)
				more = more || octets > 0
			}
			c.mu.Unlock()
		}
	}
	return fullest
}

func (c *Capture) frame(d *card, f *dnscount.Frame) {
	if len(f.Data) < f.Wire && len(f.Data) != headersOnly {
		d.sums.Truncated++
	}
	if f.Time < c.change.at {
		shift := c.counter.Shift()
		c.counter.Sample(c.change.from)
		c.counter.Frame(f)
		c.counter.Sample(shift)
		return
	}
	c.counter.Frame(f)
}

// tick ends what has waited, and looks whether the sample has the right size.
func (c *Capture) tick(now time.Time, passed, busy time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counter.Tick(now.UnixNano() - lag)
	l := load{time: passed, busy: busy.Seconds() / passed.Seconds()}
	c.collect()
	l.packets, l.lost = c.fresh.packets, c.fresh.drops
	c.fresh = ringStats{}
	before := c.counter.Shift()
	shift := c.valve.step(l)
	if shift == before {
		return
	}
	c.counter.Sample(shift)
	if err := c.attach(); err != nil {
		c.config.Log.Error("the sample of DNS packets keeps its size in the kernel", "error", err)
	}
	c.change = change{at: c.config.Now().UnixNano(), from: before}
	c.config.Log.Warn("the sample of DNS packets changes", "one_in", 1<<shift, "was_one_in", 1<<before, "lost", l.lost, "packets", l.packets, "busy", l.busy)
}
