package exit

import (
	"strconv"
	"testing"

	"github.com/lvsdns/lvsdns/checker"
)

// The weights that an exit status is tried with; nil is "as configured".
var exitWeights = []*int{nil, ptr(-1), ptr(0), ptr(1), ptr(253), ptr(254)}

func ptr[T any](v T) *T { return &v }

// exitStatuses is the contract with whoever reads the exit status: every
// outcome in every mode, and under misc-dynamic with each of exitWeights. In
// the other modes the weight must not matter.
var exitStatuses = []struct {
	outcome     checker.Outcome
	misc        int
	miscDynamic [6]int // nil, -1, 0, 1, 253, 254
	nagios      int
	haproxy     int
}{
	{checker.Pass, 0, [6]int{0, 2, 2, 3, 255, 255}, 0, 0},
	{checker.Slow, 1, [6]int{1, 1, 1, 1, 1, 1}, 1, 1},

	{checker.Timeout, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Unreachable, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Closed, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.WrongSource, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.WrongID, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.WrongQuestion, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.NotResponse, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Malformed, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Late, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.BadTSIG, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Truncated, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Disagree, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Rcode, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.NSID, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Flags, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Answers, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.Mismatch, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.BadTLS, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},
	{checker.BadHTTP, 1, [6]int{1, 1, 1, 1, 1, 1}, 2, 1},

	{checker.Internal, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},
	{checker.Usage, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},
	{checker.Local, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},
	{checker.Terminated, 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},

	// A value outside the set is a bug, and no pass.
	{checker.Outcome(len(checker.Outcomes())), 1, [6]int{1, 1, 1, 1, 1, 1}, 3, 1},
}

func TestStatus(t *testing.T) {
	rows := map[checker.Outcome]int{}
	for _, row := range exitStatuses {
		rows[row.outcome]++
		for i, weight := range exitWeights {
			for _, c := range []struct {
				mode Mode
				want int
			}{
				{Misc, row.misc},
				{MiscDynamic, row.miscDynamic[i]},
				{Nagios, row.nagios},
				{HAProxy, row.haproxy},
				{modes, row.misc}, // no such mode: read like misc
			} {
				if got := Status(row.outcome, c.mode, weight); got != c.want {
					t.Errorf("%s in mode %s with weight %s: status %d, want %d", row.outcome, c.mode, weightText(weight), got, c.want)
				}
			}
		}
	}
	for _, o := range checker.Outcomes() {
		if rows[o] != 1 {
			t.Errorf("outcome %s has %d rows in exitStatuses; write out what each mode makes of it", o, rows[o])
		}
	}
	if got := modes.String(); got != "misc" {
		t.Errorf("a mode outside the set is called %q", got)
	}
	if got, want := int(modes), 4; got != want {
		t.Errorf("there are %d exit modes and the table has columns for %d", got, want)
	}
}

func weightText(w *int) string {
	if w == nil {
		return "as configured"
	}
	return strconv.Itoa(*w)
}

func TestParseMode(t *testing.T) {
	for name, want := range map[string]Mode{"misc": Misc, "misc-dynamic": MiscDynamic, "nagios": Nagios, "haproxy": HAProxy} {
		if got, err := ParseMode(name); err != nil || got != want || got.String() != name {
			t.Errorf("ParseMode(%q) = %v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "MISC", "misc_dynamic", "0"} {
		got, err := ParseMode(name)
		if want := `"` + name + `" is no exit mode; use misc, misc-dynamic, nagios or haproxy`; got != Misc || err == nil || err.Error() != want {
			t.Errorf("ParseMode(%q) = %v, %v; want misc and %s", name, got, err, want)
		}
	}
}
