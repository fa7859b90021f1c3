package checker

import (
	"slices"
	"strconv"
	"testing"
)

// The weights that an exit status is tried with; nil is "as configured".
var exitWeights = []*int{nil, ptr(-1), ptr(0), ptr(1), ptr(253), ptr(254)}

func ptr[T any](v T) *T { return &v }

// exitStatuses is the contract with whoever reads the exit status: every
// outcome in every mode, and under misc-dynamic with each of exitWeights. In
// the other modes the weight must not matter.
var exitStatuses = []struct {
	outcome     Outcome
	misc        int
	miscDynamic [6]int // nil, -1, 0, 1, 253, 254
	nagios      int
	haproxy     int
}{
	{Pass, 0, [6]int{0, 2, 2, 3, 255, 255}, 0, 0},
	{Slow, 1, [6]int{1, 1, 1, 1, 1, 1}, 1, 1},

	{Timeout, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Unreachable, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Closed, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{WrongSource, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{WrongID, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{WrongQuestion, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{NotResponse, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Malformed, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Late, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{BadTSIG, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Truncated, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Disagree, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Rcode, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{NSID, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Flags, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Answers, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{Mismatch, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{BadTLS, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{BadHTTP, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},

	{Internal, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},
	{Usage, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},
	{Local, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},
	{Terminated, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},

	// A value outside the set is a bug, and no pass.
	{outcomes, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},
}

func TestExitStatus(t *testing.T) {
	rows := map[Outcome]int{}
	for _, row := range exitStatuses {
		rows[row.outcome]++
		for i, weight := range exitWeights {
			for _, c := range []struct {
				mode ExitMode
				want int
			}{
				{Misc, row.misc},
				{MiscDynamic, row.miscDynamic[i]},
				{Nagios, row.nagios},
				{HAProxy, row.haproxy},
				{exitModes, row.misc}, // no such mode: read like misc
			} {
				if got := ExitStatus(row.outcome, c.mode, weight); got != c.want {
					t.Errorf("%s in mode %s with weight %s: status %d, want %d", row.outcome, c.mode, weightText(weight), got, c.want)
				}
			}
		}
	}
	for _, o := range Outcomes() {
		if rows[o] != 1 {
			t.Errorf("outcome %s has %d rows in exitStatuses; write out what each mode makes of it", o, rows[o])
		}
	}
	if got := exitModes.String(); got != "misc" {
		t.Errorf("a mode outside the set is called %q", got)
	}
	if got, want := int(exitModes), 4; got != want {
		t.Errorf("there are %d exit modes and the table has columns for %d", got, want)
	}
}

func weightText(w *int) string {
	if w == nil {
		return "as configured"
	}
	return strconv.Itoa(*w)
}

func TestParseExitMode(t *testing.T) {
	for name, want := range map[string]ExitMode{"misc": Misc, "misc-dynamic": MiscDynamic, "nagios": Nagios, "haproxy": HAProxy} {
		if got, err := ParseExitMode(name); err != nil || got != want || got.String() != name {
			t.Errorf("ParseExitMode(%q) = %v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "MISC", "misc_dynamic", "0"} {
		got, err := ParseExitMode(name)
		if want := `"` + name + `" is no exit mode; use misc, misc-dynamic, nagios or haproxy`; got != Misc || err == nil || err.Error() != want {
			t.Errorf("ParseExitMode(%q) = %v, %v; want misc and %s", name, got, err, want)
		}
	}
}

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
