package fallback

import (
	"os"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/fallback/report"
)

// count takes the result of a check into account.
func (r *run) count(result health.Result) {
	switch {
	case result.Unknown:
		r.checks[report.Unknown]++
	case result.Pass:
		r.checks[report.Pass]++
	default:
		r.checks[report.Fail]++
	}
}

// report tells how things are.
func (r *run) report() {
	if r.Report == nil || r.DryRun {
		return
	}
	now := report.Report{
		PID: os.Getpid(), At: time.Now(), Every: r.Interval.Seconds(), Stopped: r.stopped, Writes: r.written, Errors: r.errors,
		VirtualServers: len(r.config.VirtualServers), Blocked: len(r.blocks), Checks: r.checks,
	}
	state := r.machine.State()
	for i := range r.config.VirtualServers {
		v := &r.config.VirtualServers[i]
		for j := range v.RealServers {
			if state.Server(v, &v.RealServers[j]).Up {
				now.Up++
			} else {
				now.Down++
			}
		}
	}
	r.Report(now)
}
