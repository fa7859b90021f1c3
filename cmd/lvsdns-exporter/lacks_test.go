package main

import (
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/config"
)

// TestLacks: what a unit does not let through is named, with what does.
func TestLacks(t *testing.T) {
	const unit, drop = 1<<12 | 1<<13, 1<<12 | 1<<13 | 1<<5
	const less = 1 << 12
	for _, tt := range []struct {
		name         string
		capture      string
		signal       bool
		capabilities uint64
		want         string // in the only line; empty: there is none
	}{
		{"as packaged", "auto", false, unit, ""},
		{"capture", "true", false, unit, ""},
		{"capture without the right", "true", false, less, "CAP_NET_RAW"},
		{"capture where it may be", "auto", false, less, ""}, // said once, as what it is
		{"a signal", "false", true, unit, "CAP_KILL"},
		{"a signal with a drop-in", "false", true, drop, ""},
	} {
		s := config.NewExporter()
		s.DNS.Capture, s.Keepalived.Signal = tt.capture, tt.signal
		lines := lacks(s, tt.capabilities)
		if tt.want == "" && lines != nil || tt.want != "" && (len(lines) != 1 || !strings.Contains(lines[0], tt.want)) {
			t.Errorf("%s: %q, want %q", tt.name, lines, tt.want)
		}
	}
}
