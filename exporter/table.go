package exporter

// kind is the type of a metric.
type kind uint8

const (
	gauge kind = iota
	counter
	histogram
)

func (k kind) String() string {
	switch k {
	case counter:
		return "counter"
	case histogram:
		return "histogram"
	default:
		return "gauge"
	}
}

// metric is what is known of a family before there is any value.
type metric struct {
	name   string
	help   string
	kind   kind
	labels []string // beyond those that name the subject
}

// row is a metric and how to take its series out of a subject.
type row[T any] struct {
	metric
	series func(subject T, emit emit)
	// spread takes histograms instead, of a metric that is one.
	spread func(subject T, emit emitSpread)
}

// emit adds a series; labels are the values of the row's own labels.
type emit func(value float64, labels ...string)

// spread is the values of a histogram: how many are up to each bound, those below it not included again, how many are above all,
// and the sum of the values.
type spread struct {
	bounds []float64
	counts []uint64 // one more than bounds
	sum    float64
}

// emitSpread adds a histogram; labels are the values of the row's own labels.
type emitSpread func(value spread, labels ...string)

// table is the metrics of one kind of subject, such as a real server.
type table[T any] struct {
	subject string   // for the documentation
	labels  []string // that name the subject
	values  func(T) []string
	rows    []row[T]
	bounded bool // what it writes counts against the limit of the sheet
}

// Row makers, so that a table reads as one: name, help, how.

// gaugeRow is a row with one value that goes up and down.
func gaugeRow[T any](name, help string, value func(T) float64) row[T] {
	return row[T]{metric: metric{name: name, help: help}, series: always(value)}
}

// counterRow is a row with one value that only grows.
func counterRow[T any](name, help string, value func(T) float64) row[T] {
	return row[T]{metric: metric{name: name, help: help, kind: counter}, series: always(value)}
}

// seriesRow is a row of several gauges, or of none, told apart by labels of their own.
func seriesRow[T any](name, help string, labels []string, series func(T, emit)) row[T] {
	return row[T]{metric: metric{name: name, help: help, labels: labels}, series: series}
}

// counterSeriesRow is the same of counters.
func counterSeriesRow[T any](name, help string, labels []string, series func(T, emit)) row[T] {
	return row[T]{metric: metric{name: name, help: help, kind: counter, labels: labels}, series: series}
}

// histogramRow is a row of histograms.
func histogramRow[T any](name, help string, labels []string, values func(T, emitSpread)) row[T] {
	return row[T]{metric: metric{name: name, help: help, kind: histogram, labels: labels}, spread: values}
}

func always[T any](value func(T) float64) func(T, emit) {
	return func(x T, emit emit) { emit(value(x)) }
}

// only leaves a row out for subjects of which it would say something untrue.
func only[T any](when func(T) bool, r row[T]) row[T] {
	all, spreads := r.series, r.spread
	if spreads != nil {
		r.spread = func(x T, emit emitSpread) {
			if when(x) {
				spreads(x, emit)
			}
		}
		return r
	}
	r.series = func(x T, emit emit) {
		if when(x) {
			all(x, emit)
		}
	}
	return r
}

// fill adds the series of all subjects, of a bounded table up to the limit of the sheet. A subject that does not fit is left out
// whole: half of its metrics would look like an answer. One whose labels came before is left out too, because a page with the same series
// twice is refused as a whole.
func (t table[T]) fill(s *sheet, subjects ...T) {
	limit := 0
	if t.bounded {
		limit = s.limit
	}
	families := make([]*family, len(t.rows))
	for i, r := range t.rows {
		families[i] = s.family(r.metric)
	}
	var (
		current *family
		common  []byte
		need    int
	)
	add := func(value float64, labels ...string) { s.add(current, value, common, labels) }
	addSpread := func(value spread, labels ...string) { s.addSpread(current, value, common, labels) }
	count := func(float64, ...string) { need++ }
	countSpread := func(value spread, _ ...string) { need += len(value.counts) + 2 }
	seen := make(map[string]bool, len(subjects))
	for _, x := range subjects {
		common = appendLabels(common[:0], t.labels, t.values(x))
		if seen[string(common)] {
			s.duplicates++
			continue
		}
		seen[string(common)] = true
		if limit > 0 && s.series+maxRowSeries*len(t.rows) > limit {
			need = 0
			for _, r := range t.rows {
				r.each(x, count, countSpread)
			}
			if s.series+need > limit {
				s.dropped += need
				continue
			}
		}
		for i, r := range t.rows {
			current = families[i]
			r.each(x, add, addSpread)
		}
	}
}

// each takes all series of a subject.
func (r row[T]) each(x T, emit emit, emitSpread emitSpread) {
	if r.spread != nil {
		r.spread(x, emitSpread)
		return
	}
	r.series(x, emit)
}

// maxRowSeries is more than any row has for one subject: as long as so many fit, there is no need to count.
const maxRowSeries = 64

// described is a metric with all its labels, for the documentation.
type described struct {
	metric
	subject string
	labels  []string
}

// describe lists the metrics of the table.
func (t table[T]) describe() []described {
	var all []described
	for _, r := range t.rows {
		all = append(all, described{r.metric, t.subject, append(append([]string(nil), t.labels...), r.labels...)})
	}
	return all
}

// one is the table of a subject of which there is one.
func one[T any](subject string, rows ...row[T]) table[T] {
	return table[T]{subject: subject, values: func(T) []string { return nil }, rows: rows}
}
