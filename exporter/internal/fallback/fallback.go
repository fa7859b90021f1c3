// Package fallback answers one question: what does lvsdns-fallback say of itself, and does it still live?
package fallback

import (
	"context"
	"path/filepath"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/fallback/report"
	"github.com/lvsdns/lvsdns/internal/host"
)

// state is what a lvsdns-fallback does.
type state string

// The states. The set is closed: its values are those of a label.
const (
	programs state = "programs" // IPVS
	stopped  state = "stopped"  // it runs and writes nothing, because somebody else does
	waits    state = "waits"    // for keepalived to be away
	gone     state = "gone"     // it was killed: nobody may be programming IPVS
)

var states = [...]state{programs, stopped, waits, gone}

// said is what lvsdns-fallback has said of itself, and what follows from it.
type said struct {
	*report.Report
	state state
}

// active reports whether there is more to say than the state.
func (f *said) active() bool { return f.state == programs || f.state == stopped }

// Source is the source of what a lvsdns-fallback says of itself in a file; empty: it is not read.
func Source(t source.Times, root, file string) source.Source {
	var last *source.Shared[said]
	if file != "" {
		last = source.Share(t, func(context.Context) (*said, error) { return read(root, file) })
	}
	return source.New("fallback", last, metric.Whole(table()))
}

// read returns nil if there is no report: nothing is to be said of a host without lvsdns-fallback.
func read(root, file string) (*said, error) {
	r, err := report.Read(file)
	if r == nil {
		return nil, err
	}
	f := &said{r, programs}
	switch {
	case !runs(root, r.PID):
		f.state = gone
	case r.Waits:
		f.state = waits
	case r.Stopped != "":
		f.state = stopped
	}
	return f, nil
}

// runs reports whether a process is a lvsdns-fallback that lives: another user may have a process of that name, and of that number by now.
func runs(root string, pid int) bool {
	p, err := host.ReadProcess(filepath.Join(root, "proc"), pid)
	return err == nil && p.Trusted() && p.State != 'Z' && p.Name == "lvsdns-fallback"
}

func table() metric.Table[*said] {
	active := (*said).active
	return metric.One("lvsdns-fallback",
		metric.Series("lvsdns_fallback_state", "1 for what it does: programs (IPVS), stopped (runs and writes nothing, because somebody else does), waits (for keepalived to be away), or gone (it was killed, and has not handed back). Absent where none runs.",
			[]string{"state"}, func(f *said, emit metric.Emit) {
				for _, state := range states {
					emit(metric.Truth(f.state == state), string(state))
				}
			}),
		metric.Gauge("lvsdns_fallback_report_timestamp_seconds", "When it last said so.", func(f *said) float64 { return metric.Unix(f.At) }),
		metric.Only(active, metric.Counter("lvsdns_fallback_writes_total", "Changes of the IPVS table that it has made.", func(f *said) float64 { return float64(f.Writes) })),
		metric.Only(active, metric.Counter("lvsdns_fallback_errors_total", "Passes over the table that ended with an error.", func(f *said) float64 { return float64(f.Errors) })),
		metric.Only(active, metric.Gauge("lvsdns_fallback_virtual_servers", "Virtual servers of its configuration.", func(f *said) float64 { return float64(f.VirtualServers) })),
		metric.Only(active, metric.Gauge("lvsdns_fallback_virtual_servers_blocked", "Virtual servers that it leaves alone, because of something in keepalived.conf whose meaning is not certain.", func(f *said) float64 { return float64(f.Blocked) })),
		metric.Only(active, metric.Series("lvsdns_fallback_real_servers", "Real servers by what its checks say.", []string{"state"}, func(f *said, emit metric.Emit) {
			emit(float64(f.Up), "up")
			emit(float64(f.Down), "down")
		})),
		metric.Only(active, metric.CounterSeries("lvsdns_fallback_checks_total", "Checks that it has run; unknown: for a reason on this host nothing was learnt.", []string{"result"}, func(f *said, emit metric.Emit) {
			for _, result := range report.Results() {
				emit(float64(f.Checks[result]), result)
			}
		})),
	)
}
