package exporter

import (
	"slices"

	"github.com/lvsdns/lvsdns/notify"
)

// journaled puts in the state of each, and what lvsdns-notify has noted of it. An instance that keepalived.conf does not have, or a keepalived.conf that
// can't be read, is no reason to be silent about it.
func journaled(all []VRRP, settled, noted *notify.Document) []VRRP {
	for _, r := range settled.Records {
		if r.Kind == notify.Host {
			continue
		}
		at := slices.IndexFunc(all, func(v VRRP) bool { return v.Kind == string(r.Kind) && v.Name == r.Name })
		if at < 0 {
			all = append(all, VRRP{Kind: string(r.Kind), Name: r.Name})
			at = len(all) - 1
		}
		all[at].State = r.State
		if said := settled.LastWord(r); said != "" || noted.Record(r.Subject) != nil {
			all[at].tell(r, said)
		}
	}
	return all
}

// tell puts in what keepalived has said.
func (v *VRRP) tell(r *notify.Record, said notify.State) {
	v.Said, v.SaidAt, v.Mismatch, v.EffectivePriority = string(said), r.SaidAt, r.Disagree, r.Priority
	v.Transitions, v.LastTransition = map[string]uint64{}, r.LastTransition
	for _, s := range notify.States() {
		v.Transitions[string(s)] = r.Transitions[s]
	}
}

// heard reports whether lvsdns-notify has noted anything of it.
func heard(v VRRP) bool { return v.Transitions != nil }

func journalRows() []row[VRRP] {
	return []row[VRRP]{
		only(heard, counterSeriesRow("lvsdns_vrrp_transitions_total", "How often it went into this state, as keepalived has told lvsdns-notify; absent without lvsdns-notify.", []string{"state"},
			func(v VRRP, emit emit) {
				for _, s := range notify.States() {
					emit(float64(v.Transitions[string(s)]), string(s))
				}
			})),
		only(func(v VRRP) bool { return !v.LastTransition.IsZero() }, gaugeRow("lvsdns_vrrp_last_transition_timestamp_seconds", "When lvsdns-notify heard of its last change of state.",
			func(v VRRP) float64 { return unix(v.LastTransition) })),
		only(func(v VRRP) bool { return v.Said != "" }, gaugeRow("lvsdns_vrrp_owner_mismatch", "1 if keepalived said last that it is master and this host does not hold all of its addresses, or that it is not and this host holds some.",
			func(v VRRP) float64 { return truth(v.Mismatch) })),
		only(func(v VRRP) bool { return v.EffectivePriority > 0 }, gaugeRow("lvsdns_vrrp_effective_priority", "Its priority with what it tracks, as keepalived said last.",
			func(v VRRP) float64 { return float64(v.EffectivePriority) })),
	}
}
