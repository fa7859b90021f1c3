package exporter

import "time"

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

// Fallback is what lvsdns-fallback has said of itself.
type Fallback struct {
	State          FallbackState     `json:"state"`
	Why            string            `json:"why,omitempty"` // it is stopped
	At             time.Time         `json:"at"`
	Writes         uint64            `json:"writes"`
	Errors         uint64            `json:"errors"`
	VirtualServers int               `json:"virtual_servers"`
	Blocked        int               `json:"blocked"`
	Up             int               `json:"real_servers_up"`
	Down           int               `json:"real_servers_down"`
	Checks         map[string]uint64 `json:"checks"` // by result
}

// active reports whether there is more to say than the state.
func (f *Fallback) active() bool { return f.State == FallbackPrograms || f.State == FallbackStopped }

// fillFallback has nothing to say of a host without lvsdns-fallback.
func fillFallback(f *Fallback, s *sheet) {
	if f.State != "" {
		fallbackTable().fill(s, 0, f)
	}
}

func fallbackTable() table[*Fallback] {
	active := (*Fallback).active
	return one("lvsdns-fallback",
		seriesRow("lvsdns_fallback_state", "1 for what it does: programs (IPVS), stopped (runs and writes nothing, because somebody else does), waits (for keepalived to be away), or gone (it was killed, and has not handed back). Absent where none runs.",
			[]string{"state"}, func(f *Fallback, emit emit) {
				for _, state := range fallbackStates {
					emit(truth(f.State == state), string(state))
				}
			}),
		gaugeRow("lvsdns_fallback_report_timestamp_seconds", "When it last said so.", func(f *Fallback) float64 { return unix(f.At) }),
		only(active, counterRow("lvsdns_fallback_writes_total", "Changes of the IPVS table that it has made.", func(f *Fallback) float64 { return float64(f.Writes) })),
		only(active, counterRow("lvsdns_fallback_errors_total", "Passes over the table that ended with an error.", func(f *Fallback) float64 { return float64(f.Errors) })),
		only(active, gaugeRow("lvsdns_fallback_virtual_servers", "Virtual servers of its configuration.", func(f *Fallback) float64 { return float64(f.VirtualServers) })),
		only(active, gaugeRow("lvsdns_fallback_virtual_servers_blocked", "Virtual servers that it leaves alone, because of something in keepalived.conf whose meaning is not certain.", func(f *Fallback) float64 { return float64(f.Blocked) })),
		only(active, seriesRow("lvsdns_fallback_real_servers", "Real servers by what its checks say.", []string{"state"}, func(f *Fallback, emit emit) {
			emit(float64(f.Up), "up")
			emit(float64(f.Down), "down")
		})),
		only(active, counterSeriesRow("lvsdns_fallback_checks_total", "Checks that it has run; unknown: for a reason on this host nothing was learnt.", []string{"result"}, func(f *Fallback, emit emit) {
			for _, result := range []string{"pass", "fail", "unknown"} {
				emit(float64(f.Checks[result]), result)
			}
		})),
	)
}
