package checker

import (
	"slices"
	"testing"
)

// The names are in the JSON output, in metrics and in alerts: a change here
// breaks somebody's dashboard.
func TestOutcomeNames(t *testing.T) {
	want := []string{
		"internal", "usage", "local", "terminated", "pass", "timeout", "unreachable", "closed", "wrong_source",
		"wrong_id", "wrong_question", "not_response", "malformed", "late", "tsig", "truncated", "disagree", "rcode",
		"nsid", "flags", "answers", "mismatch", "slow", "tls", "http",
	}
	var names []string
	meanings := map[string]Outcome{}
	for _, o := range Outcomes() {
		names = append(names, o.String())
		if o.Meaning() == "" {
			t.Errorf("%s has no meaning", o)
		}
		if other, taken := meanings[o.Meaning()]; taken {
			t.Errorf("%s and %s mean the same: %s", o, other, o.Meaning())
		}
		meanings[o.Meaning()] = o
	}
	if !slices.Equal(names, want) {
		t.Errorf("names are %q, want %q", names, want)
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(names))); len(unique) != len(names) {
		t.Errorf("%d outcomes share %d names", len(names), len(unique))
	}
	var zero Outcome
	if zero != Internal || outcomes.String() != "internal" || outcomes.Meaning() != Internal.Meaning() || outcomes.IsVerdict() {
		t.Error("a forgotten or unknown outcome is not read as internal")
	}
}
