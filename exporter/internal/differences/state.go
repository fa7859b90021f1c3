package differences

import (
	"strings"

	"github.com/lvsdns/lvsdns/internal/lvs"
)

// State is one difference between configuration, belief and kernel.
type State struct {
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	lvs.Labels
	Place string `json:"place,omitempty"` // file:line
	Text  string `json:"text"`
	Mend  string `json:"mend"`
}

// Command reports whether Mend can be pasted as it stands.
func (d State) Command() bool {
	first, _, _ := strings.Cut(d.Mend, " ")
	return first == "ipvsadm" || first == "sysctl"
}

// State is each difference.
func (d *Comparison) State() []State {
	var all []State
	for _, f := range d.found {
		state := State{Kind: string(f.Kind), Severity: string(f.Severity()), Labels: f.Labels(), Text: f.Text, Mend: f.Mend}
		if !f.Pos.IsZero() {
			state.Place = f.Pos.String()
		}
		all = append(all, state)
	}
	return all
}
