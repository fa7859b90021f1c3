package exporter

import (
	"context"
	"path/filepath"

	fallbackreport "github.com/lvsdns/lvsdns/internal/fallback/report"
	"github.com/lvsdns/lvsdns/internal/host"
)

// FallbackState is what a lvsdns-fallback does.
type FallbackState string

// The states. The set is closed: its values are those of a label.
const (
	FallbackPrograms FallbackState = "programs" // IPVS
	FallbackStopped  FallbackState = "stopped"  // it runs and writes nothing, because somebody else does
	FallbackWaits    FallbackState = "waits"    // for keepalived to be away
	FallbackGone     FallbackState = "gone"     // it was killed: nobody may be programming IPVS
)

var fallbackStates = [...]FallbackState{FallbackPrograms, FallbackStopped, FallbackWaits, FallbackGone}

// fallback is what lvsdns-fallback has said of itself, and what follows from it.
type fallback struct {
	*fallbackreport.Report
	state FallbackState
}

// active reports whether there is more to say than the state.
func (f *fallback) active() bool { return f.state == FallbackPrograms || f.state == FallbackStopped }

// fallbackSource is the source of what a lvsdns-fallback says of itself in a file; empty: it is not read.
func fallbackSource(t times, root, file string) source {
	var last *shared[fallback]
	if file != "" {
		last = share(t, func(context.Context) (*fallback, error) { return readFallback(root, file) })
	}
	return newSource("fallback", last, whole(fallbackTable()))
}

// readFallback returns nil if there is no report: nothing is to be said of a host without lvsdns-fallback.
func readFallback(root, file string) (*fallback, error) {
	r, err := fallbackreport.Read(file)
	if r == nil {
		return nil, err
	}
	f := &fallback{r, FallbackPrograms}
	switch {
	case !runs(root, r.PID):
		f.state = FallbackGone
	case r.Waits:
		f.state = FallbackWaits
	case r.Stopped != "":
		f.state = FallbackStopped
	}
	return f, nil
}

// runs reports whether a process is a lvsdns-fallback that lives: another user may have a process of that name, and of that number by now.
func runs(root string, pid int) bool {
	p, err := host.ReadProcess(filepath.Join(root, "proc"), pid)
	return err == nil && p.Trusted() && p.State != 'Z' && p.Name == "lvsdns-fallback"
}

func fallbackTable() table[*fallback] {
	active := (*fallback).active
	return one("lvsdns-fallback",
		seriesRow("lvsdns_fallback_state", "1 for what it does: programs (IPVS), stopped (runs and writes nothing, because somebody else does), waits (for keepalived to be away), or gone (it was killed, and has not handed back). Absent where none runs.",
			[]string{"state"}, func(f *fallback, emit emit) {
				for _, state := range fallbackStates {
					emit(truth(f.state == state), string(state))
				}
			}),
		gaugeRow("lvsdns_fallback_report_timestamp_seconds", "When it last said so.", func(f *fallback) float64 { return unix(f.At) }),
		only(active, counterRow("lvsdns_fallback_writes_total", "Changes of the IPVS table that it has made.", func(f *fallback) float64 { return float64(f.Writes) })),
		only(active, counterRow("lvsdns_fallback_errors_total", "Passes over the table that ended with an error.", func(f *fallback) float64 { return float64(f.Errors) })),
		only(active, gaugeRow("lvsdns_fallback_virtual_servers", "Virtual servers of its configuration.", func(f *fallback) float64 { return float64(f.VirtualServers) })),
		only(active, gaugeRow("lvsdns_fallback_virtual_servers_blocked", "Virtual servers that it leaves alone, because of something in keepalived.conf whose meaning is not certain.", func(f *fallback) float64 { return float64(f.Blocked) })),
		only(active, seriesRow("lvsdns_fallback_real_servers", "Real servers by what its checks say.", []string{"state"}, func(f *fallback, emit emit) {
			emit(float64(f.Up), "up")
			emit(float64(f.Down), "down")
		})),
		only(active, counterSeriesRow("lvsdns_fallback_checks_total", "Checks that it has run; unknown: for a reason on this host nothing was learnt.", []string{"result"}, func(f *fallback, emit emit) {
			for _, result := range fallbackreport.Results() {
				emit(float64(f.Checks[result]), result)
			}
		})),
	)
}
