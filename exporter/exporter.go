package exporter

import (
	"compress/gzip"
	"context"
	"html/template"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/exporter/internal/differences"
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/exporter/internal/tracking"
	"github.com/lvsdns/lvsdns/exporter/internal/vrrp"
	"github.com/lvsdns/lvsdns/internal/httpd"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// Build is what this program is.
type Build struct {
	Version, Revision, Go string
}

// Exporter reads sources and shows them. Make one with New.
type Exporter struct {
	config  Config
	all     []source.Source // that there can be
	sources []source.Source // that are read
	changes *source.Changes
	process prometheus.Gatherer // memory, file descriptors and the like of this process
	press   httpd.Press
	// Of the page in the making, of which the press has one at a time: it is large, and like the one before.
	sheet *metric.Sheet
	zip   *gzip.Writer
	page  *template.Template

	// What the page and the state show besides the metrics.
	view  *source.Shared[servers.View]
	vrrp  *source.Shared[[]vrrp.Subject]
	drift *source.Shared[differences.Comparison]
	notes *source.Shared[keepalived.Config]

	planned *checks.Planned // checks
	tracker *tracking.Tracker

	ending atomic.Bool
}

// New makes an Exporter. It reads nothing yet and starts nothing.
func New(config Config) *Exporter {
	config = config.withDefaults()
	e := &Exporter{
		planned: checks.NewPlanned(),
		config:  config, process: processRegistry(), page: pageTemplate(),
		sheet: metric.NewSheet(config.MaxSeries), zip: newZip(), changes: source.NewChanges(config.Log),
	}
	e.press.Reuse = config.Share
	e.all = e.list()
	e.sources = slices.DeleteFunc(slices.Clone(e.all), func(x source.Source) bool { return x.Fetch == nil })
	return e
}

// Table is the IPVS table as it was read last, for those who must know the virtual servers.
func (e *Exporter) Table(ctx context.Context) (ipvs.Table, error) {
	r := e.view.Get(ctx)
	if r.Value == nil {
		return ipvs.Table{}, r.Err
	}
	return r.Value.Table, nil
}

// Learn reads as whom keepalived runs scripts, so that no report of theirs is turned away before somebody looks at a page.
func (e *Exporter) Learn(ctx context.Context) {
	if e.config.Checks != nil {
		e.notes.Get(ctx)
	}
}

// Watch does in the background, until ctx ends, what a scrape cannot wait for: it reads the table of flows, and looks who sends reports of
// checks that are not taken.
func (e *Exporter) Watch(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	if c := e.config.Checks; c != nil {
		group.Go(func() { c.WatchStrangers(ctx, 10*time.Second, e.Learn, e.config.Log) })
	}
	e.tracker.Watch(ctx)
}

// gather reads the sources that are wanted and puts their metrics on a sheet.
func (e *Exporter) gather(ctx context.Context, s *metric.Sheet, wanted selection) {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	sources := slices.DeleteFunc(slices.Clone(e.sources), func(x source.Source) bool { return !wanted.source(x.Name) })
	states, renders := source.FetchAll(ctx, sources)
	e.changes.Note(states)
	s.Clear()
	for _, render := range renders {
		if render != nil {
			render(s)
		}
	}
	source.Table().Fill(s, states...)
	selfTable().Fill(s, self{e.config.Build, e.config.Traffic != nil, e.config.MaxSeries, s.Dropped, s.Duplicates})
	s.Leave(wanted.metric)
}

// self is what the exporter says of itself.
type self struct {
	Build
	captures                   bool
	limit, dropped, duplicates int
}

func selfTable() metric.Table[self] {
	return metric.One("this exporter",
		metric.Series("lvsdns_build_info", "1; which program this is.", []string{"version", "revision", "goversion"},
			func(x self, emit metric.Emit) { emit(1, x.Version, x.Revision, x.Go) }),
		metric.Gauge("lvsdns_exporter_dns_capture", "1 if DNS traffic is counted in the packets of the network cards (dns.capture), 0 if not.",
			func(x self) float64 { return metric.Truth(x.captures) }),
		metric.Gauge("lvsdns_exporter_series_limit", "How many series virtual servers, real servers, their connections and checks may have together; 0: no limit.",
			func(x self) float64 { return float64(x.limit) }),
		metric.Gauge("lvsdns_exporter_series_dropped", "Series that this page lacks because of a limit.",
			func(x self) float64 { return float64(x.dropped) }),
		metric.Gauge("lvsdns_exporter_duplicates_dropped", "Subjects with the same labels as another that this page lacks; anything but 0 is a bug.",
			func(x self) float64 { return float64(x.duplicates) }),
	)
}
