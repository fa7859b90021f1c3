package survey

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/report"
)

// TestReportIsHeard: status says when the lvsdns-fallback that holds the lock has not reported for longer than it should.
func TestReportIsHeard(t *testing.T) {
	now := time.Unix(1767323000, 0)
	of := func(age time.Duration, every float64) *report.Report {
		return &report.Report{PID: 42, At: now.Add(-age), Every: every}
	}
	stopped := of(time.Second, 2)
	stopped.Stopped = "another wrote"
	waits := of(time.Hour, 1)
	waits.Waits = true
	gone := *waits
	gone.PID = 7
	lives := func(pid int) bool { return pid == 42 }
	for _, tt := range []struct {
		name    string
		runs    int
		written *report.Report
		want    string // in the line; empty: there is none
	}{
		{"just written", 42, of(time.Second, 2), ""},
		{"a long pass", 42, of(15*time.Second, 2), ""},
		{"overdue", 42, of(17*time.Second, 2), "is 17s old, and is due every 2s: it hangs"},
		{"a long interval", 42, of(10*time.Minute, 300), ""},
		{"overdue by a long interval", 42, of(20*time.Minute, 300), "20m0s old"},
		{"an older version", 42, of(5*time.Second, 0), ""},
		{"of one that was killed", 43, of(time.Hour, 2), "is of process 42"},
		{"it has stopped", 42, stopped, "lvsdns-fallback writes nothing: another wrote"},
		{"none", 42, nil, "has no report at"},
		{"overdue while it stands by", 0, waits, "1h0m0s old"},
		{"it stood by, and was killed", 0, &gone, ""},
		{"nobody runs", 0, of(time.Hour, 2), ""},
	} {
		file := filepath.Join(t.TempDir(), "report.json")
		if tt.written != nil {
			if err := report.Write(file, *tt.written); err != nil {
				t.Fatal(err)
			}
		}
		s := Status{Fallback: tt.runs, Text: "who"}
		s.Hear(file, now, lives)
		if tt.want == "" && (s.Report != "" || s.Text != "who") || !strings.Contains(s.Report, tt.want) || !strings.HasSuffix(s.Text, s.Report) {
			t.Errorf("%s: %q, want %q", tt.name, s.Text, tt.want)
		}
		off := Status{Fallback: tt.runs}
		if off.Hear("", now, lives); off.Report != "" {
			t.Errorf("%s, and no report is wanted: %q", tt.name, off.Report)
		}
	}
}
