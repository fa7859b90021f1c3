package report

import "github.com/lvsdns/lvsdns/checker"

// Metric is a number that the last run of a check left. lvsdns-exporter serves it
// and the format for textfiles has it, with one name, one meaning and one form.
type Metric struct {
	Name, Help string
	// Value is the number; false if the run has none.
	Value func(Run) (float64, bool)
	// ByOutcome: there is a series for the outcome that the run had, which is its label "outcome".
	ByOutcome bool
}

// Run is what is measured of the last run of a check. What is nil was not measured.
type Run struct {
	Outcome  string
	Ended    float64  // seconds since 1970
	Duration *float64 // seconds
	Latency  *float64 // seconds
	Rcode    *int
	Weight   *int
}

// Metrics returns them in the order in which they are written.
func Metrics() []Metric {
	return []Metric{
		{Name: "lvsdns_check_success", Help: "1 if the last run passed.", Value: func(r Run) (float64, bool) { return boolValue(r.Outcome == checker.Pass.String()), true }},
		{Name: "lvsdns_check_duration_seconds", Help: "How long the last run took, all its tries and questions together.", Value: func(r Run) (float64, bool) { return measured(r.Duration) }},
		{Name: "lvsdns_check_latency_seconds", Help: "What a client would have waited for the answer of the last run; absent without an answer.", Value: func(r Run) (float64, bool) { return measured(r.Latency) }},
		{Name: "lvsdns_check_last_run_timestamp_seconds", Help: "When the last run ended. A check that no longer runs stops here.", Value: func(r Run) (float64, bool) { return r.Ended, true }},
		{Name: "lvsdns_check_rcode", Help: "The rcode of the last run's answer, by number; absent without an answer.", Value: func(r Run) (float64, bool) { return measured(r.Rcode) }},
		{Name: "lvsdns_check_weight", Help: "The weight that the last run gave the real server; absent without --weight-by.", Value: func(r Run) (float64, bool) { return measured(r.Weight) }},
		{Name: "lvsdns_check_outcome", Help: "1 for the outcome of the last run; the others are absent.", Value: func(Run) (float64, bool) { return 1, true }, ByOutcome: true},
	}
}

func measured[T int | float64](v *T) (float64, bool) {
	if v == nil {
		return 0, false
	}
	return float64(*v), true
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
