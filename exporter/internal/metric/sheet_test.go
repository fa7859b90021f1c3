package metric

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestValues reads back what is hard to write.
func TestValues(t *testing.T) {
	for _, v := range []float64{0, 1, -1, 0.1, 1.5e-9, 1 << 53, 1<<53 - 1, 1 << 62, 1 << 63, math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()} {
		for _, label := range []string{"", "plain", `back\slash`, "new\nline", `"quoted"`, "ü", "bad\xff", "\r\t\x00", "{}=,"} {
			s := NewSheet(0)
			Table[float64]{
				Labels: []string{"label"}, Values: func(float64) []string { return []string{label} },
				Rows: []Row[float64]{Gauge("x", "Help with \\ and \n in it.", func(v float64) float64 { return v })},
			}.Fill(s, v)
			var b bytes.Buffer
			s.Write(&b, false)
			parser := expfmt.NewTextParser(model.UTF8Validation)
			families, err := parser.TextToMetricFamilies(&b)
			if err != nil {
				t.Fatalf("%g %q: %v", v, label, err)
			}
			m := families["x"].Metric[0]
			if got := m.GetGauge().GetValue(); got != v && !(math.IsNaN(got) && math.IsNaN(v)) {
				t.Errorf("%g reads back as %g", v, got)
			}
			if got := m.Label[0].GetValue(); got != strings.ToValidUTF8(label, "\uFFFD") {
				t.Errorf("%q reads back as %q", label, got)
			}
			if got := families["x"].GetHelp(); got != "Help with \\ and \n in it." {
				t.Errorf("help reads back as %q", got)
			}
		}
	}
}
