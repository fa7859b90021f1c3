package metric

import (
	"bytes"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Sheet collects the families of one scrape, as text: Prometheus's text format and OpenMetrics write
// samples in the same way and differ in what stands around them. It belongs to one goroutine.
type Sheet struct {
	limit      int // of series that bounded tables may add to; 0: none
	families   map[string]*family
	Series     int
	Duplicates int // subjects that came twice, and were left out
	Dropped    int // series that the limit left out
}

// family is one metric with the lines of all its series so far.
type family struct {
	Metric
	lines []byte
}

// NewSheet makes an empty sheet; limit is how many series bounded tables may fill it up to, 0: no limit.
func NewSheet(limit int) *Sheet { return &Sheet{limit: limit, families: map[string]*family{}} }

// Clear makes the sheet as good as new, but for the room that it has taken.
func (s *Sheet) Clear() {
	s.Series, s.Duplicates, s.Dropped = 0, 0, 0
	for _, f := range s.families {
		f.lines = f.lines[:0]
	}
}

func (s *Sheet) family(m Metric) *family {
	f := s.families[m.Name]
	if f == nil {
		f = &family{Metric: m}
		s.families[m.Name] = f
	}
	return f
}

// add writes a series: the labels of the subject, as text already, then the row's own.
func (s *Sheet) add(f *family, value float64, subject []byte, labels []string) {
	s.line(f, "", value, subject, labels, "")
}

// addSpread writes the series of a histogram: each bucket counts all that is up to its bound.
func (s *Sheet) addSpread(f *family, value Spread, subject []byte, labels []string) {
	sum := uint64(0)
	for i, n := range value.Counts {
		sum += n
		bound := math.Inf(1)
		if i < len(value.Bounds) {
			bound = value.Bounds[i]
		}
		s.line(f, "_bucket", float64(sum), subject, labels, string(appendValue(nil, bound)))
	}
	s.line(f, "_sum", value.Sum, subject, labels, "")
	s.line(f, "_count", float64(sum), subject, labels, "")
}

// line writes one sample; bound is the label le of a bucket.
func (s *Sheet) line(f *family, suffix string, value float64, subject []byte, labels []string, bound string) {
	b := append(append(f.lines, f.Name...), suffix...)
	if len(subject)+len(labels)+len(bound) > 0 {
		b = append(append(b, '{'), subject...)
		for i, v := range labels {
			if i > 0 || len(subject) > 0 {
				b = append(b, ',')
			}
			b = appendLabel(b, f.Labels[i], v)
		}
		if bound != "" {
			if len(subject)+len(labels) > 0 {
				b = append(b, ',')
			}
			b = appendLabel(b, "le", bound)
		}
		b = append(b, '}')
	}
	f.lines = append(appendValue(append(b, ' '), value), '\n')
	s.Series++
}

func appendLabels(b []byte, names, values []string) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLabel(b, names[i], v)
	}
	return b
}

func appendLabel(b []byte, name, value string) []byte {
	b = append(append(b, name...), '=', '"')
	return append(appendEscaped(b, value, true), '"')
}

// appendEscaped writes what both formats can read back. What is no UTF-8 would cost the reader the whole page.
func appendEscaped(b []byte, s string, quotes bool) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			b = append(b, '\\', '\\')
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '"' && quotes:
			b = append(b, '\\', '"')
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendValue writes whole numbers as such: they can be compared with what ipvsadm prints.
func appendValue(b []byte, v float64) []byte {
	if n := int64(v); float64(n) == v && math.Abs(v) < 1<<53 {
		return strconv.AppendInt(b, n, 10)
	}
	switch {
	case math.IsInf(v, +1):
		return append(b, "+Inf"...)
	default: // NaN and -Inf come out as both formats want them.
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	}
}

// Leave takes out the families that are not wanted.
func (s *Sheet) Leave(wanted func(name string) bool) {
	for name, f := range s.families {
		if !wanted(name) {
			f.lines = f.lines[:0]
		}
	}
}

// Size is about how long the page is.
func (s *Sheet) Size() int {
	n := 32 << 10 // of what client_golang adds
	for _, f := range s.families {
		n += len(f.lines) + 300
	}
	return n
}

// Write writes all families that have series, by name.
func (s *Sheet) Write(w io.Writer, open bool) error {
	var head bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(s.families)) {
		f := s.families[name]
		if len(f.lines) == 0 {
			continue
		}
		name, kind, help := f.Name, f.Kind.String(), f.Help
		if open && f.Kind == counter {
			name, kind = s.openCounter(f.Name)
		}
		head.Reset()
		// In OpenMetrics quotes in a help text are escaped too.
		head.WriteString("# HELP " + name + " ")
		head.Write(appendEscaped(nil, help, open))
		head.WriteString("\n# TYPE " + name + " " + kind + "\n")
		if _, err := w.Write(head.Bytes()); err != nil {
			return err
		}
		if _, err := w.Write(f.lines); err != nil {
			return err
		}
	}
	return nil
}

// openCounter is the name and type that OpenMetrics wants for a counter's family: x for samples called x_total. When
// another family has the name x already, which the format forbids, the counter goes without a type, under its full name.
func (s *Sheet) openCounter(name string) (family, kind string) {
	family = strings.TrimSuffix(name, "_total")
	if other := s.families[family]; other != nil && len(other.lines) > 0 {
		return name, "unknown"
	}
	return family, counter.String()
}
