package report

import (
	"bytes"
	"fmt"
	"strings"
)

// formatPrometheus writes the report for node_exporter's textfile collector.
func formatPrometheus(r Report) []byte {
	var b bytes.Buffer
	server := ""
	if r.Server.IsValid() {
		server = r.Server.String()
	}
	labels := fmt.Sprintf(`server="%s",name="%s",type="%s",transport="%s",path="%s"`, server, escapeLabel(r.Name), r.Type, r.Transport, r.Path)
	run := Run{Outcome: r.Outcome.String(), Ended: r.Time, Duration: r.Duration, Latency: r.Latency, Rcode: r.Code(), Weight: r.Weight}
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
