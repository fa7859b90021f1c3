package survey

import (
	"fmt"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/report"
	"github.com/lvsdns/lvsdns/internal/host"
)

// Hear takes what the lvsdns-fallback that runs, or stands by, reports: one that hangs, or has stopped writing, holds its lock all the same.
func (s *Status) Hear(file string, now time.Time, lives func(pid int) bool) {
	if file == "" {
		return
	}
	r, err := report.Read(file)
	standby := s.Fallback == 0 && r != nil && r.Waits && lives(r.PID) // it has no lock
	switch {
	case s.Fallback == 0 && !standby:
		return
	case err != nil:
		s.Report = err.Error()
	case r == nil:
		s.Report = fmt.Sprintf("lvsdns-fallback has no report at %s: is its report-file another?", file)
	case !standby && r.PID != s.Fallback:
		s.Report = fmt.Sprintf("the report %s is of process %d: the lvsdns-fallback that runs has written none", file, r.PID)
	case r.Overdue(now):
		s.Report = fmt.Sprintf("the report %s of lvsdns-fallback (pid %d) is %s old, and is due every %gs: it hangs, or cannot write there, which its log says",
			file, r.PID, now.Sub(r.At).Round(time.Second), r.Every)
	case r.Stopped != "":
		s.Report = "lvsdns-fallback writes nothing: " + r.Stopped
	}
	if s.Report != "" {
		s.Text += "\n" + s.Report
	}
}

// Runs reports whether a process is a lvsdns-fallback that lives.
func Runs(pid int) bool {
	p, err := host.ReadProcess("/proc", pid)
	return err == nil && p.Trusted() && p.State != 'Z' && p.Name == "lvsdns-fallback"
}
