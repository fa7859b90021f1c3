// Package checks answers one question: which checks have reported here, how did they end, and which have stopped? It takes reports from users whom
// it trusts, and remembers the last one of each check.
package checks

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lvsdns/lvsdns/internal/drift"
)

// Config bounds what is remembered of checks.
type Config struct {
	Socket string        // where checks send their reports
	Max    int           // checks to remember; 0: 20000
	Forget time.Duration // how long a silent check is shown; 0: a day
	Users  []uint32      // whose reports are taken, besides root's, our own, and those of keepalived's scripts
	Now    func() time.Time
}

// Memory remembers the last report of each check. It is told by Listen, and may be read meanwhile.
type Memory struct {
	config           Config
	outcomes, rcodes []string
	users            *users

	mu        sync.Mutex
	known     map[Key]*record
	bytes     int       // that their series take on a page, at most
	swept     time.Time // when the silent ones were dropped
	datagrams map[verdict]uint64
	listening time.Time // since when; zero: not
	trouble   error     // why not
}

// record is what is known of one check.
type record struct {
	heartbeat
	last      time.Time
	runs      map[run]uint64
	rhythm    rhythm
	planned   bool // keepalived.conf had it once
	scheduled bool // by the last look
}

// run is a way in which a check can end.
type run struct{ outcome, rcode string }

// maxRuns is how many ways to end one check gets a series for, before rcodes are thrown together.
const maxRuns = 16

// verdict is what became of a datagram.
type verdict string

// The verdicts. The set is closed: its values are those of a label.
const (
	Accepted  verdict = "accepted"
	Malformed verdict = "malformed" // not what a check sends
	Oversize  verdict = "oversize"
	Refused   verdict = "refused" // of a new check, and the table is full
	Stranger  verdict = "user"    // of somebody whose reports are not taken
)

var verdicts = [...]verdict{Accepted, Malformed, Oversize, Refused, Stranger}

// pageBytes is how many bytes of a page each check may take, one with another: one with a name of 40 letters, over IPv6, takes 3 KiB.
// Few checks may have more.
const (
	pageBytes = 4 << 10
	fewChecks = 256
)

// New makes an empty memory.
func New(config Config) *Memory {
	config.Max = cmp.Or(config.Max, 20000)
	config.Forget = cmp.Or(config.Forget, 24*time.Hour)
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Memory{
		config: config, outcomes: outcomeNames(), rcodes: rcodeNames(), users: newUsers(config.Users),
		known: map[Key]*record{}, datagrams: map[verdict]uint64{},
	}
}

// Limit changes how many checks are remembered, how long a silent one is shown, and which users' reports are taken besides.
func (c *Memory) Limit(checks int, forget time.Duration, users []uint32) {
	c.users.name(users)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config.Max, c.config.Forget = checks, forget
}

// room reports whether so many bytes more may be remembered.
func (c *Memory) room(more int) bool { return c.bytes+more <= max(c.config.Max, fewChecks)*pageBytes }

// Take remembers one datagram of somebody who is trusted.
func (c *Memory) Take(datagram []byte) verdict {
	h, err := parseHeartbeat(datagram, c.outcomes, c.rcodes)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		return c.count(Malformed)
	}
	r := c.known[h.Key]
	if r == nil {
		r = &record{runs: map[run]uint64{}}
		// Never in the place of another: a script that invents checks must not push the real ones out.
		fits := func() bool { return len(c.known) < c.config.Max && c.room(h.series()*checkSeries) }
		if !fits() && (!c.forget() || !fits()) {
			return c.count(Refused)
		}
		c.known[h.Key] = r
		c.bytes += h.series() * checkSeries
	}
	r.heartbeat, r.last = h, c.config.Now()
	r.rhythm.run(r.last)
	way := run{h.outcome, h.rcode}
	if _, known := r.runs[way]; !known && len(r.runs) >= maxRuns {
		way.rcode = otherRcode
	}
	// Where there is no room for one more series, only the count of such runs is missing.
	if _, known := r.runs[way]; !known {
		if !c.room(h.series()) {
			return c.count(Accepted)
		}
		c.bytes += h.series()
	}
	r.runs[way]++
	return c.count(Accepted)
}

// series is more than a series of the check takes on a page, its reason and what is remembered of it shared among them. In a name each
// backslash is written as two.
func (k Key) series() int {
	return len(k.server) + 2*len(k.name) + len(k.qtype) + len(k.transport) + len(k.path) + 150
}

// checkSeries is how many series a check has before it has run in any way.
const checkSeries = 8

func (c *Memory) count(v verdict) verdict {
	c.datagrams[v]++
	return v
}

// forget drops the checks that were silent for too long, and reports whether there were any. It looks once a second at the most: with a
// full memory every report of a new check asks for it.
func (c *Memory) forget() bool {
	now := c.config.Now()
	if now.Sub(c.swept) < time.Second {
		return false
	}
	c.swept = now
	before := len(c.known)
	oldest := now.Add(-c.config.Forget)
	maps.DeleteFunc(c.known, func(k Key, r *record) bool {
		old := r.last.Before(oldest)
		if old {
			c.bytes -= k.series() * (checkSeries + len(r.runs))
		}
		return old
	})
	return len(c.known) < before
}

// View is a copy of the memory.
type View struct {
	Checks    []record // that are shown
	known     int
	Datagrams map[verdict]uint64
	limit     int
}

// judge says of each check whether it is scheduled, by the keys of those in keepalived.conf; nil: it could not be read.
func (c *Memory) judge(conf map[Key]bool) {
	now := c.config.Now()
	for key, r := range c.known {
		r.planned = r.planned || conf[key]
		r.scheduled = scheduled(plan{known: conf != nil, now: conf[key], once: r.planned}, r.rhythm, now.Sub(r.last))
	}
}

// View copies what is to be shown, sorted by key.
func (c *Memory) View(conf map[Key]bool) *View {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
	c.judge(conf)
	now := c.config.Now()
	v := &View{Datagrams: maps.Clone(c.datagrams), limit: c.config.Max, known: len(c.known)}
	v.Datagrams[Stranger] = c.users.away.Load()
	for _, r := range c.known {
		if !stillShown(r.scheduled, now.Sub(r.last)) {
			continue
		}
		copied := *r
		copied.runs = maps.Clone(r.runs)
		v.Checks = append(v.Checks, copied)
	}
	slices.SortFunc(v.Checks, func(a, b record) int { return a.compare(b.Key) })
	return v
}

func (k Key) compare(o Key) int {
	return cmp.Or(cmp.Compare(k.server, o.server), cmp.Compare(k.name, o.name), cmp.Compare(k.qtype, o.qtype),
		cmp.Compare(k.transport, o.transport), cmp.Compare(k.path, o.path))
}

// ForDrift is what a comparison wants to know: the checks, for how long anybody has listened, and when this was so. What somebody tries by
// hand says nothing of a server that has a check which is scheduled.
func (c *Memory) ForDrift(conf map[Key]bool) (all []drift.Check, listened time.Duration, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now = c.config.Now()
	c.judge(conf)
	has := map[netip.AddrPort]bool{}
	for _, r := range c.known {
		has[r.addr] = has[r.addr] || r.scheduled
	}
	for _, r := range c.known {
		if r.addr.IsValid() && (r.scheduled || !has[r.addr]) {
			all = append(all, drift.Check{Server: r.addr, Passed: r.passed(), Age: now.Sub(r.last)})
		}
	}
	if c.listening.IsZero() {
		return all, 0, now
	}
	return all, now.Sub(c.listening), now
}

// SetListening notes since when somebody listens, or what hinders it.
func (c *Memory) SetListening(since time.Time, trouble error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if since.IsZero() || c.listening.IsZero() {
		c.listening = since
	}
	c.trouble = trouble
}

func (c *Memory) state() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

func (h heartbeat) passed() bool { return h.outcome == "pass" }
