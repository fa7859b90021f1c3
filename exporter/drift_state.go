package exporter

import (
	"strings"

	"github.com/lvsdns/lvsdns/internal/lvs"
)

// DriftState is one difference between configuration, belief and kernel.
type DriftState struct {
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	lvs.Labels
	Place string `json:"place,omitempty"` // file:line
	Text  string `json:"text"`
	Mend  string `json:"mend"`
}

// Command reports whether Mend can be pasted as it stands.
func (d DriftState) Command() bool {
	first, _, _ := strings.Cut(d.Mend, " ")
	return first == "ipvsadm" || first == "sysctl"
}

// state is each difference.
func (d *differences) state() []DriftState {
	var all []DriftState
	for _, f := range d.found {
		state := DriftState{Kind: string(f.Kind), Severity: string(f.Severity()), Labels: f.Labels(), Text: f.Text, Mend: f.Mend}
		if !f.Pos.IsZero() {
			state.Place = f.Pos.String()
		}
		all = append(all, state)
	}
	return all
}
