package keepalived

import "testing"

func TestParseRelease(t *testing.T) {
	for _, tt := range []struct {
		text string
		want release
		ok   bool
	}{
		{"2.2.7", v228 - 1, true},
		{"v2.2.8", v228, true},
		{"2.3", v230, true},
		{"2.3.0", v230, true},
		{"2.3.2", v232, true},
		{"2.3.4", v234, true},
		{"2.4", v240, true},
		{"2", 2_000_000, true},
		{"2.0.20", 2_000_020, true}, // above 2.0.9
		{"1.999.999", 1_999_999, true},
		{"2.0.1000", 0, false},
		{"2.4.3.1", 0, false},
		{"2.4.3-30-g9cbce3e2", 0, false},
		{"2..3", 0, false},
		{"2.4.", 0, false},
		{"-2.4.3", 0, false},
		{"vv2.4.3", 0, false},
		{"", 0, false},
	} {
		if got, ok := parseRelease(tt.text); ok != tt.ok || ok && got != tt.want {
			t.Errorf("parseRelease(%q) = %d, %t, want %d, %t", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

// TestSkipsUnknown: for a release outside the tables, and without one, an unknown word may be a known one.
func TestSkipsUnknown(t *testing.T) {
	for version, want := range map[string]bool{
		"2.0.0": true, "1.4.5": false, "2.2.7": true, "2.4.3": true, "2.4.4": false, "3.0.0": false, "": false, "new": false,
	} {
		if got := (&Config{Version: version}).SkipsUnknown(); got != want {
			t.Errorf("%q: %t, want %t", version, got, want)
		}
	}
}
