package exporter

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/nftcount"
	"github.com/lvsdns/lvsdns/notify"
)

// Config says what an Exporter reads and how much of it it shows. Kernel, Proc, Addresses and Configuration are needed.
type Config struct {
	Kernel        Kernel
	Proc          Proc
	Root          string // of the file system that holds /proc/sys and scripts; empty: /
	Addresses     func() ([]host.Address, error)
	Configuration func() (*keepalived.Config, error)
	Belief        Belief    // nil: keepalived is not asked
	Checks        *Checks   // nil: nobody listens to checks
	Conntrack     Conntrack // nil: not read
	Flows         FlowsConfig
	Connections   *Connections                       // nil: the connection table is not read
	Journal       func() (*notify.Document, error)   // of lvsdns-notify; nil: it is not read
	FallbackFile  string                             // where lvsdns-fallback says how it does; empty: it is not read
	Traffic       Traffic                            // nil: no packets are captured
	Top           Top                                // nil: nobody wants to know what is asked most
	Dnstap        Dnstap                             // nil: nobody listens to name servers
	DNSPorts      []uint16                           // of name servers on this host; none: 53
	Nftables      func() ([]nftcount.Counter, error) // nil: they are not read

	ServicesOnly bool                       // no series for real servers
	Keep         func(ipvs.ServiceKey) bool // which virtual servers to show; nil: all
	MaxSeries    int                        // of virtual servers, real servers, connections and checks; 0: no limit
	PerCPU       bool

	Timeout time.Duration // of each source; 0: 5 s
	Share   time.Duration // how long a reading is good for those who come later; the kernel moves its counters every 2 s

	Host  string   // the name of this host, for people
	Names []string // under which this host is asked, beside its addresses and localhost
	Build Build
	Log   *slog.Logger
	Now   func() time.Time

	compare func(drift.Input) []drift.Difference
}

// Belief asks the keepalived with this configuration what it believes. Who gives an older answer again gives the same pointer.
type Belief func(context.Context, *keepalived.Config) (*keepalived.Belief, error)

// withDefaults puts in what is not needed.
func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 5*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Keep == nil {
		c.Keep = func(ipvs.ServiceKey) bool { return true }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if len(c.DNSPorts) == 0 {
		c.DNSPorts = []uint16{53}
	}
	return c
}

// list makes the readings, and lists all sources there can be; those that the configuration does not want are not read. What limits the
// number of series goes in this order: virtual servers, real servers, their connections, checks.
func (e *Exporter) list() []source {
	c := &e.config
	t := times{keep: c.Share, timeout: c.Timeout, now: c.Now}
	rarely := t // keepalived.conf changes rarely, and includes may be many
	rarely.keep = max(c.Share, 10*time.Second)

	e.view = share(t, (&ipvsReader{
		kernel: c.Kernel, proc: &markedProc{Proc: c.Proc, configuration: c.Configuration, now: c.Now}, keep: c.Keep,
	}).read)
	sums := share(t, readTotals(c.Proc))
	sysctls := share(t, readSysctls(c.Root))
	e.notes = share(rarely, e.configured)
	journal := shareJournal(t, c.Journal)
	e.vrrp = share(t, vrrpReader(e.notes, journal, c.Addresses))
	var belief *shared[keepalived.Belief]
	if c.Belief != nil {
		belief = share(t, e.believed)
	}
	e.drift = share(t, (&driftReader{
		root: c.Root, view: e.view, totals: sums, config: e.notes, belief: belief, journal: journal, marks: e.marks,
		checks: c.Checks, planned: e.planned, steady: drift.Steady{Compare: c.compare},
	}).read)
	e.tracker = newTracker(trackerConfig{times: t, kernel: c.Conntrack, flows: c.Flows, view: e.view, sysctls: sysctls, keep: c.Keep})
	rules := shareRules(t, c.Nftables)
	sockets := socketReader{root: c.Root, ports: c.DNSPorts}
	packets := shareTraffic(t, dnsReader{traffic: c.Traffic, view: e.view, rules: rules, now: c.Now, sockets: sockets})
	told := shareDnstap(t, dnstapReader{tap: c.Dnstap, packets: packets, rules: rules, now: c.Now, sockets: sockets})

	return []source{
		viewSource(e.view, c.ServicesOnly, connectionParts(c.Connections, sysctls, c.Keep)...),
		totalsSource(sums, c.PerCPU),
		sysctlSource(sysctls),
		networkSource(t, c.Root),
		softnetSource(t, c.Root, c.PerCPU),
		configSource(e.notes),
		vrrpSource(e.vrrp),
		journalSource(journal, e.marks),
		fallbackSource(t, c.Root, c.FallbackFile),
		newSource("belief", belief),
		driftSource(e.drift),
		e.tracker.source(),
		c.Connections.source(),
		nftSource(rules),
		dnsSource(packets, c.Dnstap != nil, c.ServicesOnly),
		dnstapSource(told),
		c.Checks.source(t, e.scheduled),
	}
}

// configured reads keepalived.conf, and tells the checks as whom scripts run.
func (e *Exporter) configured(context.Context) (*keepalived.Config, error) {
	cfg, err := e.config.Configuration()
	if e.config.Checks != nil {
		e.config.Checks.learn(e.config.Root, cfg)
	}
	return cfg, err
}

// believed asks keepalived.
func (e *Exporter) believed(ctx context.Context) (*keepalived.Belief, error) {
	cfg := e.notes.get(ctx)
	if cfg.value == nil {
		return nil, cfg.err
	}
	return e.config.Belief(ctx, cfg.value)
}

// scheduled are the checks of keepalived.conf.
func (e *Exporter) scheduled(ctx context.Context) map[checkKey]bool {
	return e.planned.of(e.notes.get(ctx).value)
}

// marks are the families of firewall marks, if keepalived has said anything of any.
func (e *Exporter) marks(ctx context.Context, d *notify.Document) marks {
	if !slices.ContainsFunc(d.Servers, func(n *notify.ServerNote) bool { return n.Virtual.Mark != 0 }) {
		return nil
	}
	return knownMarks(e.notes.get(ctx).value, e.view.get(ctx).value)
}
