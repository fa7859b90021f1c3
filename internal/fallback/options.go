package fallback

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/apply"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/fallback/report"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Kernel is the table; *ipvs.Client is one.
type Kernel interface {
	apply.Table
	Snapshot(context.Context) (ipvs.Table, error)
	Timeouts(context.Context) (ipvs.Timeouts, error)
	Daemons(context.Context) ([]ipvs.Daemon, error)
}

// Options say what to run with. Load and Kernel are needed.
type Options struct {
	Load   func() (*keepalived.Config, []plan.Block, error) // reads keepalived.conf
	Kernel Kernel
	Guard  func() error // whether the table is still ours to write; nil: it is

	Probe     probe.Options
	Floor     float64                             // see health.Options
	Local     func() (map[netip.Addr]bool, error) // the addresses of this host, for ha_suspend
	StateFile string                              // empty: nothing is remembered

	DryRun   bool          // write nothing, run no notify scripts
	Interval time.Duration // between looks at the table and at the files, 2 s if zero
	Parallel int           // checks at a time, 1,000 if zero

	Reload <-chan struct{}     // read the configuration again, and write again after a stop
	Ready  func()              // called once, after the first pass
	Alive  func()              // called at every interval while the loop turns
	Report func(report.Report) // is told how things are at every interval; nil: nobody wants to know
	Log    *slog.Logger
}

func (o *Options) defaults() {
	if o.Interval == 0 {
		o.Interval = 2 * time.Second
	}
	if o.Parallel == 0 {
		o.Parallel = 1000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, f := range []*func(){&o.Ready, &o.Alive} {
		if *f == nil {
			*f = func() {}
		}
	}
	if o.Guard == nil {
		o.Guard = func() error { return nil }
	}
}

// soon is how long results are gathered before a pass at least: checks of one cause end together. Four times as long as the last pass took, if that is
// longer, so that many results in a row do not take more than a fifth of a processor from the checks.
const soon = 10 * time.Millisecond
