// Package metric answers one question: how does what was read become lines of /metrics? A [Table] has the metrics of one kind of
// subject: name, help, type, labels, and the function that takes the value. A [Sheet] collects what tables write, and a [Part] joins a table
// to a reading.
package metric

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

// Metric is what is known of a family before there is any value.
type Metric struct {
	Name   string
	Help   string
	Kind   kind
	Labels []string // beyond those that name the subject
}

// Row is a metric and how to take its series out of a subject.
type Row[T any] struct {
	Metric
	Series func(subject T, emit Emit)
	// spread takes histograms instead, of a metric that is one.
	spread func(subject T, emit EmitSpread)
}

// Emit adds a series; labels are the values of the row's own labels.
type Emit func(value float64, labels ...string)

// Spread is the values of a histogram: how many are up to each bound, those below it not included again, how many are above all,
// and the sum of the values.
type Spread struct {
	Bounds []float64
	Counts []uint64 // one more than bounds
	Sum    float64
}

// EmitSpread adds a histogram; labels are the values of the row's own labels.
type EmitSpread func(value Spread, labels ...string)

// Table is the metrics of one kind of subject, such as a real server.
type Table[T any] struct {
	Subject string   // for the documentation
	Labels  []string // that name the subject
	Values  func(T) []string
	Rows    []Row[T]
	Bounded bool // what it writes counts against the limit of the sheet
}

// Row makers, so that a table reads as one: name, help, how.

// Gauge is a row with one value that goes up and down.
func Gauge[T any](name, help string, value func(T) float64) Row[T] {
	return Row[T]{Metric: Metric{Name: name, Help: help}, Series: always(value)}
}

// Counter is a row with one value that only grows.
func Counter[T any](name, help string, value func(T) float64) Row[T] {
	return Row[T]{Metric: Metric{Name: name, Help: help, Kind: counter}, Series: always(value)}
}

// Series is a row of several gauges, or of none, told apart by labels of their own.
func Series[T any](name, help string, labels []string, series func(T, Emit)) Row[T] {
	return Row[T]{Metric: Metric{Name: name, Help: help, Labels: labels}, Series: series}
}

// CounterSeries is the same of counters.
func CounterSeries[T any](name, help string, labels []string, series func(T, Emit)) Row[T] {
	return Row[T]{Metric: Metric{Name: name, Help: help, Kind: counter, Labels: labels}, Series: series}
}

// Histogram is a row of histograms.
func Histogram[T any](name, help string, labels []string, values func(T, EmitSpread)) Row[T] {
	return Row[T]{Metric: Metric{Name: name, Help: help, Kind: histogram, Labels: labels}, spread: values}
}

func always[T any](value func(T) float64) func(T, Emit) {
	return func(x T, emit Emit) { emit(value(x)) }
}

// Only leaves a row out for subjects of which it would say something untrue.
func Only[T any](when func(T) bool, r Row[T]) Row[T] {
	all, spreads := r.Series, r.spread
	if spreads != nil {
		r.spread = func(x T, emit EmitSpread) {
			if when(x) {
				spreads(x, emit)
			}
		}
		return r
	}
	r.Series = func(x T, emit Emit) {
		if when(x) {
			all(x, emit)
		}
	}
	return r
}

// Fill adds the series of all subjects, of a bounded table up to the limit of the sheet. A subject that does not fit is left out
// whole: half of its metrics would look like an answer. One whose labels came before is left out too, because a page with the same series
// twice is refused as a whole.
func (t Table[T]) Fill(s *Sheet, subjects ...T) {
	limit := 0
	if t.Bounded {
		limit = s.limit
	}
	families := make([]*family, len(t.Rows))
	for i, r := range t.Rows {
		families[i] = s.family(r.Metric)
	}
	var (
		current *family
		common  []byte
		need    int
	)
	add := func(value float64, labels ...string) { s.add(current, value, common, labels) }
	addSpread := func(value Spread, labels ...string) { s.addSpread(current, value, common, labels) }
	count := func(float64, ...string) { need++ }
	countSpread := func(value Spread, _ ...string) { need += len(value.Counts) + 2 }
	seen := make(map[string]bool, len(subjects))
	for _, x := range subjects {
		common = appendLabels(common[:0], t.Labels, t.Values(x))
		if seen[string(common)] {
			s.Duplicates++
			continue
		}
		seen[string(common)] = true
		if limit > 0 && s.Series+maxRowSeries*len(t.Rows) > limit {
			need = 0
			for _, r := range t.Rows {
				r.each(x, count, countSpread)
			}
			if s.Series+need > limit {
				s.Dropped += need
				continue
			}
		}
		for i, r := range t.Rows {
			current = families[i]
			r.each(x, add, addSpread)
		}
	}
}

// each takes all series of a subject.
func (r Row[T]) each(x T, emit Emit, emitSpread EmitSpread) {
	if r.spread != nil {
		r.spread(x, emitSpread)
		return
	}
	r.Series(x, emit)
}

// maxRowSeries is more than any row has for one subject: as long as so many fit, there is no need to count.
const maxRowSeries = 64

// Described is a metric with all its labels, for the documentation.
type Described struct {
	Metric
	Subject string
	Labels  []string
}

// Describe lists the metrics of the table.
func (t Table[T]) Describe() []Described {
	var all []Described
	for _, r := range t.Rows {
		all = append(all, Described{r.Metric, t.Subject, append(append([]string(nil), t.Labels...), r.Labels...)})
	}
	return all
}

// One is the table of a subject of which there is one.
func One[T any](subject string, rows ...Row[T]) Table[T] {
	return Table[T]{Subject: subject, Values: func(T) []string { return nil }, Rows: rows}
}
