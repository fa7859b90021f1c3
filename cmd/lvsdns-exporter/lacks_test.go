package main

import (
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/config"
)

// TestLacks: what the packaged unit does not let through is named with the drop-in that does.
func TestLacks(t *testing.T) {
	const unit, drop = 1 << 12, 1<<12 | 1<<13 | 1<<5
	for _, tt := range []struct {
		name            string
		capture, signal bool
		capabilities    uint64
		want            string // in the only line; empty: there is none
	}{
		{"as packaged", false, false, unit, ""},
		{"capture", true, false, unit, "lvsdns-exporter.service.d/capture.conf"},
		{"capture with its drop-in", true, false, drop, ""},
		{"a signal", false, true, unit, "CAP_KILL"},
		{"a signal with a drop-in", false, true, drop, ""},
	} {
		s := config.NewExporter()
		s.DNS.Capture, s.Keepalived.Signal = tt.capture, tt.signal
		lines := lacks(s, tt.capabilities)
		if tt.want == "" && lines != nil || tt.want != "" && (len(lines) != 1 || !strings.Contains(lines[0], tt.want)) {
			t.Errorf("%s: %q, want %q", tt.name, lines, tt.want)
		}
	}
}
