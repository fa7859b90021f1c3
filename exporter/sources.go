package exporter

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/exporter/internal/conf"
	"github.com/lvsdns/lvsdns/exporter/internal/connections"
	"github.com/lvsdns/lvsdns/exporter/internal/differences"
	"github.com/lvsdns/lvsdns/exporter/internal/dns"
	"github.com/lvsdns/lvsdns/exporter/internal/fallback"
	"github.com/lvsdns/lvsdns/exporter/internal/hook"
	"github.com/lvsdns/lvsdns/exporter/internal/network"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/exporter/internal/tracking"
	"github.com/lvsdns/lvsdns/exporter/internal/vrrp"
	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/nftcount"
	"github.com/lvsdns/lvsdns/notify"
)

// Config says what an Exporter reads and how much of it it shows. Kernel, Proc, Addresses and Configuration are needed.
type Config struct {
	Kernel        servers.Kernel
	Proc          servers.Proc
	Root          string // of the file system that holds /proc/sys and scripts; empty: /
	Addresses     func() ([]host.Address, error)
	Configuration func() (*keepalived.Config, error)
	Belief        Belief          // nil: keepalived is not asked
	Checks        *checks.Memory  // nil: nobody listens to checks
	Conntrack     tracking.Kernel // nil: not read
	Flows         tracking.Flows
	Connections   *connections.Reader                // nil: the connection table is not read
	Journal       func() (*notify.Document, error)   // of lvsdns-notify; nil: it is not read
	FallbackFile  string                             // where lvsdns-fallback says how it does; empty: it is not read
	Traffic       dns.Traffic                        // nil: no packets are captured
	NoTraffic     string                             // why none are captured, though they would be if that were allowed
	Top           dns.Top                            // nil: nobody wants to know what is asked most
	Dnstap        dns.Dnstap                         // nil: nobody listens to name servers
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
func (e *Exporter) list() []source.Source {
	c := &e.config
	t := source.Times{Keep: c.Share, Timeout: c.Timeout, Now: c.Now}
	rarely := t // keepalived.conf changes rarely, and includes may be many
	rarely.Keep = max(c.Share, 10*time.Second)

	e.view = source.Share(t, (&servers.Reader{
		Kernel: c.Kernel, Proc: &servers.MarkedProc{Proc: c.Proc, Configuration: c.Configuration, Now: c.Now}, Keep: c.Keep,
	}).View)
	sums := source.Share(t, servers.ReadTotals(c.Proc))
	sysctls := source.Share(t, servers.ReadSysctls(c.Root))
	e.notes = source.Share(rarely, e.configured)
	journal := hook.Share(t, c.Journal)
	e.vrrp = source.Share(t, vrrp.Reader(e.notes, journal, c.Addresses))
	var belief *source.Shared[keepalived.Belief]
	if c.Belief != nil {
		belief = source.Share(t, e.believed)
	}
	e.drift = source.Share(t, (&differences.Reader{
		Root: c.Root, View: e.view, Totals: sums, Config: e.notes, Belief: belief, Journal: journal, Marks: e.marks,
		Checks: c.Checks, Planned: e.planned, Steady: drift.Steady{Compare: c.compare},
	}).Read)
	e.tracker = tracking.New(tracking.Config{Times: t, Kernel: c.Conntrack, Flows: c.Flows, View: e.view, Sysctls: sysctls, Keep: c.Keep})
	rules := dns.ShareRules(t, c.Nftables)
	sockets := dns.Sockets{Root: c.Root, Ports: c.DNSPorts}
	packets := dns.ShareTraffic(t, dns.TrafficReader{Traffic: c.Traffic, View: e.view, Rules: rules, Now: c.Now, Sockets: sockets})
	told := dns.ShareDnstap(t, dns.DnstapReader{Tap: c.Dnstap, Packets: packets, Rules: rules, Now: c.Now, Sockets: sockets})

	return []source.Source{
		servers.Source(e.view, c.ServicesOnly, connections.Parts(c.Connections, sysctls, c.Keep)...),
		servers.TotalsSource(sums, c.PerCPU),
		servers.SysctlSource(sysctls),
		network.Source(t, c.Root),
		network.SoftnetSource(t, c.Root, c.PerCPU),
		conf.Source(e.notes),
		vrrp.Source(e.vrrp),
		hook.Source(journal, e.marks),
		fallback.Source(t, c.Root, c.FallbackFile),
		source.New("belief", belief),
		differences.Source(e.drift),
		e.tracker.Source(),
		c.Connections.Source(),
		dns.RulesSource(rules),
		dns.TrafficSource(packets, c.Dnstap != nil, c.ServicesOnly),
		dns.DnstapSource(told),
		c.Checks.Source(t, e.scheduled),
	}
}

// configured reads keepalived.conf, and tells the checks as whom scripts run.
func (e *Exporter) configured(context.Context) (*keepalived.Config, error) {
	cfg, err := e.config.Configuration()
	if e.config.Checks != nil {
		e.config.Checks.Learn(e.config.Root, cfg)
	}
	return cfg, err
}

// believed asks keepalived.
func (e *Exporter) believed(ctx context.Context) (*keepalived.Belief, error) {
	cfg := e.notes.Get(ctx)
	if cfg.Value == nil {
		return nil, cfg.Err
	}
	return e.config.Belief(ctx, cfg.Value)
}

// scheduled are the checks of keepalived.conf.
func (e *Exporter) scheduled(ctx context.Context) map[checks.Key]bool {
	return e.planned.Of(e.notes.Get(ctx).Value)
}

// marks are the families of firewall marks, if keepalived has said anything of any.
func (e *Exporter) marks(ctx context.Context, d *notify.Document) servers.Marks {
	if !slices.ContainsFunc(d.Servers, func(n *notify.ServerNote) bool { return n.Virtual.Mark != 0 }) {
		return nil
	}
	return servers.KnownMarks(e.notes.Get(ctx).Value, e.view.Get(ctx).Value)
}
