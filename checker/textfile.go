package checker

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// formatPrometheus writes the report for node_exporter's textfile collector.
// The metrics have the names under which lvsdns-exporter serves them.
func formatPrometheus(r Report, _ int) []byte { return prometheusText(r, time.Now()) }

func prometheusText(r Report, now time.Time) []byte {
	var b bytes.Buffer
	d := r.Decided
	j := newJSONReport(r, 0) // the same words for the same things
	labels := fmt.Sprintf(`server="%s",name="%s",type="%s",transport="%s"`, j.Server, escapeLabel(j.Name), j.Type, j.Transport)
	gauge := func(name, help string, value float64) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s gauge\n%[1]s{%[3]s} %[4]v\n", name, help, labels, value)
	}
	gauge("lvsdns_check_success", "Whether the check passed (1) or not (0).", boolValue(r.Outcome == Pass))
	if d.Latency != nil {
		gauge("lvsdns_check_duration_seconds", "How long the answer took.", d.Latency.Seconds())
	}
	gauge("lvsdns_check_last_run_timestamp_seconds", "When the check ran last, in seconds since 1970.", float64(now.UnixMilli())/1000)
	if d.Rcode != nil {
		gauge("lvsdns_check_rcode", "The rcode of the answer, by number.", float64(*d.Rcode))
	}
	if r.Weight != nil {
		gauge("lvsdns_check_weight", "The weight that the check gives the real server.", float64(*r.Weight))
	}
	const outcome = "lvsdns_check_outcome"
	fmt.Fprintf(&b, "# HELP %s How the check ended: 1 for the outcome that it had.\n# TYPE %[1]s gauge\n", outcome)
	for _, o := range Outcomes() {
		fmt.Fprintf(&b, "%s{%s,outcome=\"%s\"} %v\n", outcome, labels, o, boolValue(o == r.Outcome))
	}
	return b.Bytes()
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// escapeLabel escapes a label value (Prometheus text format 0.0.4).
func escapeLabel(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s)
}
