package exporter

import (
	"cmp"
	"compress/gzip"
	"context"
	"html/template"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/httpd"
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
	Fallback      func() (*Fallback, error)          // what lvsdns-fallback says of itself; nil: it is not read
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

// Build is what this program is.
type Build struct {
	Version, Revision, Go string
}

// Exporter reads sources and shows them. Make one with New.
type Exporter struct {
	config  Config
	sources []source
	changes changes
	process prometheus.Gatherer // memory, file descriptors and the like of this process
	press   httpd.Press
	// Of the page in the making, of which the press has one at a time: it is large, and like the one before.
	sheet *sheet
	zip   *gzip.Writer
	page  *template.Template

	// What the page and the state show besides the metrics.
	view  *shared[view]
	vrrp  *shared[[]VRRP]
	drift *shared[differences]
	notes *shared[keepalived.Config]

	sysctls *shared[[]host.Sysctl]

	planned   *planned // checks
	conntrack *shared[conntrackView]
	passes    *passes // nil: conntrack is not read

	ending atomic.Bool
}

// New makes an Exporter. It reads nothing yet and starts nothing.
func New(config Config) *Exporter {
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Keep == nil {
		config.Keep = func(ipvs.ServiceKey) bool { return true }
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	e := &Exporter{
		planned: &planned{outcomes: outcomeNames(), rcodes: rcodeNames()},
		config:  config, process: processRegistry(), page: pageTemplate(),
		sheet: newSheet(), zip: newZip(), changes: changes{log: config.Log, last: map[string]Failure{}},
	}
	e.press.Reuse = config.Share
	e.wire()
	return e
}

// share makes a shared reading with the times of the configuration.
func share[T any](c *Config, read func(context.Context) (*T, error)) *shared[T] {
	return &shared[T]{read: read, keep: c.Share, timeout: c.Timeout, now: c.Now}
}

// wire lists the sources. What limits the number of series goes in order: virtual servers, real servers, their connections, checks.
func (e *Exporter) wire() {
	c := &e.config
	e.view = share(c, (&ipvsReader{kernel: c.Kernel, proc: &markedProc{Proc: c.Proc, configuration: c.Configuration, now: c.Now}}).read)
	sums := share(c, readTotals(c.Proc))
	e.sysctls = share(c, func(context.Context) (*[]host.Sysctl, error) {
		all, err := host.IPVSSysctls(c.Root)
		return &all, err
	})
	network := share(c, func(context.Context) (*host.Counters, error) {
		all, err := host.ReadCounters(c.Root)
		return &all, err
	})
	softnets := share(c, readSoftnet(c.Root))
	e.notes = share(c, e.configured)
	// keepalived.conf changes rarely, and includes may be many.
	e.notes.keep = max(c.Share, 10*time.Second)
	journal := share(c, journalReader(c.Journal))
	e.vrrp = share(c, e.readVRRP(journal))
	e.sources = []source{
		newSource("ipvs", e.view, e.fillView),
		newSource("ipvs_stats", sums, func(t *totals, s *sheet) {
			totalsTable().fill(s, 0, t)
			if c.PerCPU {
				cpuTable().fill(s, 0, t.cpus...)
			}
		}),
		newSource("sysctl", e.sysctls, func(all *[]host.Sysctl, s *sheet) { sysctlTable().fill(s, 0, *all...) }),
		newSource("network", network, func(n *host.Counters, s *sheet) { ipTable().fill(s, 0, ipFamilies(n)...) }),
		newSource("softnet", softnets, func(n *softnet, s *sheet) {
			softnetTable().fill(s, 0, n)
			if c.PerCPU {
				softnetCPUTable().fill(s, 0, n.cpus...)
			}
		}),
		newSource("keepalived", e.notes, func(cfg *keepalived.Config, s *sheet) { configTable().fill(s, 0, cfg) }),
		newSource("vrrp", e.vrrp, func(all *[]VRRP, s *sheet) { vrrpTable().fill(s, 0, *all...) }),
	}
	if c.Journal != nil {
		e.sources = append(e.sources, source{"notify", func(ctx context.Context) (SourceState, func(*sheet)) {
			noted := journal.get(ctx)
			if noted.value == nil {
				return sourceStateOf("notify", noted), nil
			}
			known := e.marksFor(ctx, noted.value)
			return sourceStateOf("notify", noted), func(s *sheet) { fillJournal(noted.value, known, s) }
		}})
	}
	if c.Fallback != nil {
		e.sources = append(e.sources, newSource("fallback", share(c, func(context.Context) (*Fallback, error) { return c.Fallback() }), fillFallback))
	}
	reader := &driftReader{
		root: c.Root, view: e.view, totals: sums, config: e.notes, checks: c.Checks, planned: e.planned, marks: e.marksFor, steady: drift.Steady{Compare: c.compare},
	}
	if c.Journal != nil {
		reader.journal = journal
	}
	if c.Belief != nil {
		reader.belief = share(c, func(ctx context.Context) (*keepalived.Belief, error) {
			cfg := e.notes.get(ctx)
			if cfg.value == nil {
				return nil, cfg.err
			}
			return c.Belief(ctx, cfg.value)
		})
		e.sources = append(e.sources, newSource("belief", reader.belief, func(*keepalived.Belief, *sheet) {}))
	}
	e.drift = share(c, reader.read)
	e.sources = append(e.sources, newSource("drift", e.drift, (*differences).fill))
	if c.Conntrack != nil {
		e.wireConntrack(e.sysctls)
	}
	if c.Connections != nil {
		e.sources = append(e.sources, source{"connections", c.Connections.fetch})
	}
	var rules *shared[[]nftcount.Counter]
	if c.Nftables != nil {
		rules = share(c, nftReader(c.Nftables))
		e.sources = append(e.sources, newSource("nftables", rules, func(all *[]nftcount.Counter, s *sheet) { nftTable().fill(s, c.MaxSeries, *all...) }))
	}
	sockets := socketReader{root: c.Root, ports: c.DNSPorts}
	if len(sockets.ports) == 0 {
		sockets.ports = []uint16{53}
	}
	var dns *shared[dnsView]
	if c.Traffic != nil {
		dns = share(c, (&dnsReader{traffic: c.Traffic, view: e.view, rules: rules, now: c.Now, sockets: sockets}).read)
		e.sources = append(e.sources, newSource("dns", dns, e.fillDNS))
	}
	if c.Dnstap != nil {
		told := share(c, (&dnstapReader{tap: c.Dnstap, packets: dns, rules: rules, now: c.Now, sockets: sockets}).read)
		e.sources = append(e.sources, newSource("dnstap", told, e.fillDnstap))
	}
	if c.Checks != nil {
		checks := share(c, func(ctx context.Context) (*checksView, error) {
			return c.Checks.view(e.planned.of(e.notes.get(ctx).value)), c.Checks.state()
		})
		checks.keep = 0 // it is in memory
		e.sources = append(e.sources, newSource("checks", checks, e.fillChecks))
	}
}

// marksFor are the families of firewall marks, if keepalived has said anything of any.
func (e *Exporter) marksFor(ctx context.Context, d *notify.Document) marks {
	if !slices.ContainsFunc(d.Servers, func(n *notify.ServerNote) bool { return n.Virtual.Mark != 0 }) {
		return nil
	}
	return knownMarks(e.notes.get(ctx).value, e.view.get(ctx).value)
}

// readVRRP asks keepalived.conf and the addresses of this host, and lvsdns-notify's journal for the rest.
func (e *Exporter) readVRRP(journal *shared[notify.Document]) func(context.Context) (*[]VRRP, error) {
	return func(ctx context.Context) (*[]VRRP, error) {
		cfg := e.notes.get(ctx)
		addresses, err := e.config.Addresses()
		if err != nil {
			return nil, err
		}
		var noted *notify.Document
		if e.config.Journal != nil {
			noted = journal.get(ctx).value
		}
		all := vrrpOf(cfg.value, addresses, noted)
		if cfg.value == nil && len(all) == 0 {
			return nil, cfg.err
		}
		return &all, cfg.err
	}
}

func (e *Exporter) fillView(v *view, s *sheet) {
	viewTable().fill(s, 0, v)
	virtuals, reals := v.subjects(e.config.Keep)
	virtualTable().fill(s, e.config.MaxSeries, virtuals...)
	if !e.config.ServicesOnly {
		realTable().fill(s, e.config.MaxSeries, reals...)
	}
	var last *pass
	if e.config.Connections != nil {
		last = e.config.Connections.view().value
	}
	orphanTable().fill(s, e.config.MaxSeries, orphansOf(v, last, keepsQuiescent(e.sysctls.peek().value), e.config.Keep)...)
	if last != nil && last.Complete {
		heldTable().fill(s, e.config.MaxSeries, slices.DeleteFunc(slices.Clone(last.held), func(h ipvs.Held) bool { return !e.config.Keep(h.Service) })...)
	}
}

func (e *Exporter) fillChecks(v *checksView, s *sheet) {
	checksTable().fill(s, 0, v)
	checkTable().fill(s, e.config.MaxSeries, v.checks...)
}

// gather reads the sources that are wanted and puts their metrics on a sheet.
func (e *Exporter) gather(ctx context.Context, s *sheet, wanted selection) {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	sources := slices.DeleteFunc(slices.Clone(e.sources), func(x source) bool { return !wanted.source(x.name) })
	states, renders := fetchAll(ctx, sources)
	e.changes.note(states)
	s.clear()
	for _, render := range renders {
		if render != nil {
			render(s)
		}
	}
	sourceTable().fill(s, 0, states...)
	selfTable().fill(s, 0, self{e.config.Build, e.config.MaxSeries, s.dropped, s.duplicates})
	s.leave(wanted.metric)
}

// self is what the exporter says of itself.
type self struct {
	Build
	limit, dropped, duplicates int
}

func selfTable() table[self] {
	return one("this exporter",
		seriesRow("lvsdns_build_info", "1; which program this is.", []string{"version", "revision", "goversion"},
			func(x self, emit emit) { emit(1, x.Version, x.Revision, x.Go) }),
		gaugeRow("lvsdns_exporter_series_limit", "How many series virtual servers, real servers, their connections and checks may have together; 0: no limit.",
			func(x self) float64 { return float64(x.limit) }),
		gaugeRow("lvsdns_exporter_series_dropped", "Series that this page lacks because of a limit.",
			func(x self) float64 { return float64(x.dropped) }),
		gaugeRow("lvsdns_exporter_duplicates_dropped", "Subjects with the same labels as another that this page lacks; anything but 0 is a bug.",
			func(x self) float64 { return float64(x.duplicates) }),
	)
}
