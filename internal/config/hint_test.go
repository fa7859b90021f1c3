package config

import (
	"errors"
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"port", "port", 0},
		{"", "port", 4},
		{"port", "ports", 1},  // one more
		{"prots", "ports", 1}, // two swapped
		{"parts", "ports", 1}, // another one
		{"pots", "ports", 1},  // one less
		{"strop", "ports", 4}, // nothing alike
		{"abcd", "badc", 2},   // two swaps
		{"listen", "tinsel", 4},
	} {
		if got, back := distance(tt.a, tt.b), distance(tt.b, tt.a); got != tt.want || back != tt.want {
			t.Errorf("%q and %q: %d, the other way %d, want %d", tt.a, tt.b, got, back, tt.want)
		}
	}
}

// TestHints: what an operator has written, and what is proposed instead. A wrong proposal costs more than none.
func TestHints(t *testing.T) {
	for key, want := range map[string]string{
		// a letter
		"metrics.detial":            "did you mean metrics.detail?",
		"metrics.per_cpu":           "did you mean metrics.per-cpu?",
		"Metrics.Detail":            "did you mean metrics.detail?",
		"keepalived.configfile":     "did you mean keepalived.config-file?",
		"dns.port":                  "did you mean dns.ports?",
		"web.host":                  "did you mean web.hosts?",
		"checks.user":               "did you mean checks.users?",
		"conntrack.passe":           "did you mean conntrack.passes?",
		"dns.top-zone":              "did you mean dns.top-zones?",
		"fallback.report-fil":       "did you mean fallback.report-file?",
		"notify.statedir":           "did you mean notify.state-dir?",
		"keepalived.signalinterval": "did you mean keepalived.signal-interval?",
		// the right word in the wrong section, or in none
		"sources.per-cpu": "did you mean metrics.per-cpu?",
		"ring-size":       "did you mean dns.ring-size?",
		"max-series":      "did you mean metrics.max-series?",
		"web.timeout":     "did you mean sources.timeout?",
		// the beginning of the right one
		"web.listen":       "did you mean web.listen-address?",
		"conntrack.wanted": "did you mean conntrack.wanted-udp-timeout?",
		// nothing near: what there is
		"metrics.colour": "metrics has detail, allow, deny, max-series and per-cpu",
		"sources.x":      "sources has root, timeout and share",
		"statsd":         "there are the sections web, log, metrics, sources, keepalived, checks, conntrack, connections, fallback, notify and dns",
	} {
		if got := hint(NewExporter().options(), key); got != "; "+want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if got := hint(NewExporter().options(), "web."+strings.Repeat("x", 1<<20)); !strings.HasPrefix(got, "; web has ") {
		t.Errorf("a key of a megabyte: %.100q", got) // at once
	}
	for key, want := range map[string]string{
		"metric": "did you mean metrics?", "Web": "did you mean web?", "keepalive": "did you mean keepalived?", "con": "there are the sections",
	} {
		if got := hintSection(NewExporter().options(), key); !strings.HasPrefix(got, "; "+want) {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func TestWordsInASentence(t *testing.T) {
	for want, words := range map[string][]string{"a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := list(words); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := either(words); got != strings.ReplaceAll(want, " and ", " or ") {
			t.Errorf("either: %q", got)
		}
	}
}

// TestDescribe: what was found is said as the operator has written it.
func TestDescribe(t *testing.T) {
	for _, tt := range []struct {
		raw  any
		want string
	}{
		{"two words", `"two words"`}, {"", `""`}, {"a\nb", `"a\nb"`}, {true, "true"}, {7, "7"}, {-1, "-1"},
		{1.5, "1.5"}, {1.0, "1.0"}, {nil, "nothing"},
		{[]any{1}, "a list"}, {map[string]any{"a": 1}, "a section"}, {map[any]any{1: 2}, "a section"}, {uint64(1 << 63), "9223372036854775808"},
	} {
		if got := describe(tt.raw); got != tt.want {
			t.Errorf("%#v: %s, want %s", tt.raw, got, tt.want)
		}
	}
}

// TestSecondDocument: what stands behind a second --- is read by nobody, and must not look as if it were.
func TestSecondDocument(t *testing.T) {
	for text, want := range map[string]int{
		"":                         0,
		"a: 1\n":                   0,
		"---\na: 1\n":              0,
		"# settings\n---\na: 1\n":  0,
		"\n\n---\na: 1\n":          0,
		"a: 1\n---\nb: 2\n":        2,
		"---\na: 1\n---\nb: 2\n":   3,
		"a: 1\r\n---\r\nb: 2\r\n":  2,
		"a: 1\n--- # more\nb: 2\n": 2,
		"a: '---'\n":               0,
		"a: |\n  ---\n":            0, // within a text
		"a: 1\n----\n":             0, // not a mark
	} {
		if got := secondDocument([]byte(text)); got != want {
			t.Errorf("%q: line %d, want %d", text, got, want)
		}
	}
}

// TestExplain has what the YAML parser says, and what an operator reads.
func TestExplain(t *testing.T) {
	for text, want := range map[string]string{
		"yaml: line 2: found character that cannot start any token":                                                 "line 2: found character that cannot start any token; is it a tab? YAML wants spaces",
		"yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into map[string]interface {}":                    "line 1: want sections such as metrics:, with their settings below them",
		"yaml: unmarshal errors:\n  line 3: mapping key \"a\" already defined at line 2":                            `line 3: mapping key "a" already defined at line 2`,
		"yaml: line 1: did not find expected ',' or ']'":                                                            "line 1: did not find expected ',' or ']'",
		"yaml: unmarshal errors:\n  line 3: mapping key \"a\" already defined\n  line 4: mapping key \"b\" already": `line 3: mapping key "a" already defined line 4: mapping key "b" already`,
	} {
		if got := explain(errors.New(text)); got != want {
			t.Errorf("%q:\n%s, want\n%s", text, got, want)
		}
	}
}
