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
	all     []source // that there can be
	sources []source // that are read
	changes *changes
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

	planned *planned // checks
	tracker *tracker

	ending atomic.Bool
}

// New makes an Exporter. It reads nothing yet and starts nothing.
func New(config Config) *Exporter {
	config = config.withDefaults()
	e := &Exporter{
		planned: newPlanned(),
		config:  config, process: processRegistry(), page: pageTemplate(),
		sheet: newSheet(config.MaxSeries), zip: newZip(), changes: newChanges(config.Log),
	}
	e.press.Reuse = config.Share
	e.all = e.list()
	e.sources = slices.DeleteFunc(slices.Clone(e.all), func(x source) bool { return x.fetch == nil })
	return e
}

// Table is the IPVS table as it was read last, for those who must know the virtual servers.
func (e *Exporter) Table(ctx context.Context) (ipvs.Table, error) {
	r := e.view.get(ctx)
	if r.value == nil {
		return ipvs.Table{}, r.err
	}
	return r.value.table, nil
}

// Learn reads as whom keepalived runs scripts, so that no report of theirs is turned away before somebody looks at a page.
func (e *Exporter) Learn(ctx context.Context) {
	if e.config.Checks != nil {
		e.notes.get(ctx)
	}
}

// Watch does in the background, until ctx ends, what a scrape cannot wait for: it reads the table of flows, and looks who sends reports of
// checks that are not taken.
func (e *Exporter) Watch(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	if c := e.config.Checks; c != nil {
		group.Go(func() { c.watchStrangers(ctx, 10*time.Second, e.Learn, e.config.Log) })
	}
	e.tracker.watch(ctx)
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
	sourceTable().fill(s, states...)
	selfTable().fill(s, self{e.config.Build, e.config.MaxSeries, s.dropped, s.duplicates})
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
