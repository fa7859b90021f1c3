package checks

import "time"

// State is the last run of a check.
type State struct {
	Server    string    `json:"server"`
	Name      string    `json:"name"`
	Type      string    `json:"type"`
	Transport string    `json:"transport"`
	Path      string    `json:"path"`
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"reason"`
	Rcode     string    `json:"rcode"`
	Seconds   float64   `json:"duration_seconds"`
	Latency   *float64  `json:"latency_seconds"` // null without an answer
	Last      time.Time `json:"last_run"`
	Runs      uint64    `json:"runs"`
	Scheduled bool      `json:"scheduled"` // false: it was run by hand, and disappears ten minutes after its last run
}

// Passed reports whether the last run passed.
func (c State) Passed() bool { return c.Outcome == "pass" }

// State is each check that is shown.
func (v *View) State() []State {
	var all []State
	for _, r := range v.Checks {
		all = append(all, r.state())
	}
	return all
}

func (r record) state() State {
	s := State{
		Server: r.server, Name: r.name, Type: r.qtype, Transport: r.transport, Path: r.path,
		Outcome: r.outcome, Reason: r.reason, Rcode: r.rcode, Seconds: r.duration, Latency: r.latency, Last: r.last, Scheduled: r.scheduled,
	}
	for _, n := range r.runs {
		s.Runs += n
	}
	return s
}
