package checker

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// formatPrometheus writes the report for node_exporter's textfile collector.
func formatPrometheus(r Report, _ int) []byte { return prometheusText(r, time.Now()) }

func prometheusText(r Report, now time.Time) []byte {
	var b bytes.Buffer
	j := newJSONReport(r, 0) // the same words for the same things
	labels := fmt.Sprintf(`server="%s",name="%s",type="%s",transport="%s",path="%s"`, j.Server, escapeLabel(j.Name), j.Type, j.Transport, j.Path)
	run := Run{Outcome: j.Outcome, Ended: float64(now.UnixMilli()) / 1000, Latency: j.Latency, Rcode: r.Decided.Rcode, Weight: r.Weight}
	if r.Took > 0 {
		took := r.Took.Seconds()
		run.Duration = &took
	}
	for _, m := range Metrics() {
		value, ok := m.Value(run)
		if !ok {
			continue
		}
		own := labels
		if m.ByOutcome {
			own += `,outcome="` + run.Outcome + `"`
		}
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s gauge\n%[1]s{%[3]s} %[4]v\n", m.Name, m.Help, own, value)
	}
	return b.Bytes()
}

// escapeLabel escapes a label value (Prometheus text format 0.0.4).
func escapeLabel(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s)
}
