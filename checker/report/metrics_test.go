package report

import (
	"os"
	"strings"
	"testing"
)

// The page of the exporter's metrics has each metric of a textfile, as the same
// kind with the same help: a dashboard that works with one works with the other.
func TestMetricsAreTheExporters(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(page)) {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` | "); ok {
			rows[name] = strings.TrimSpace(rest)
		}
	}
	for _, m := range Metrics() {
		row := rows[m.Name]
		if !strings.HasPrefix(row, "gauge | ") || !strings.Contains(row, "| "+m.Help+" |") {
			t.Errorf("%s: %q, and docs/metrics.md has %q", m.Name, m.Help, row)
		}
		if byOutcome := strings.Contains(row, "path, outcome |"); m.ByOutcome != byOutcome {
			t.Errorf("%s and the label outcome in docs/metrics.md: %q", m.Name, row)
		}
	}
}
