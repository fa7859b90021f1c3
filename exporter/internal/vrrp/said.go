package vrrp

import (
	"slices"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/notify"
)

// journaled puts in the state of each, and what lvsdns-notify has noted of it. An instance that keepalived.conf does not have, or a keepalived.conf that
// can't be read, is no reason to be silent about it.
func journaled(all []Subject, settled, noted *notify.Document) []Subject {
	for _, r := range settled.Records {
		if r.Kind == notify.Host {
			continue
		}
		at := slices.IndexFunc(all, func(v Subject) bool { return v.Kind == string(r.Kind) && v.Name == r.Name })
		if at < 0 {
			all = append(all, Subject{Kind: string(r.Kind), Name: r.Name})
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
func (v *Subject) tell(r *notify.Record, said notify.State) {
	v.Said, v.SaidAt, v.Mismatch, v.EffectivePriority = string(said), r.SaidAt, r.Disagree, r.Priority
	v.Transitions, v.LastTransition = map[string]uint64{}, r.LastTransition
	for _, s := range notify.States() {
		v.Transitions[string(s)] = r.Transitions[s]
	}
}

// heard reports whether lvsdns-notify has noted anything of it.
func heard(v Subject) bool { return v.Transitions != nil }

func journalRows() []metric.Row[Subject] {
	return []metric.Row[Subject]{
		metric.Only(heard, metric.CounterSeries("lvsdns_vrrp_transitions_total", "How often it went into this state, as keepalived has told lvsdns-notify; absent without lvsdns-notify.", []string{"state"},
			func(v Subject, emit metric.Emit) {
				for _, s := range notify.States() {
					emit(float64(v.Transitions[string(s)]), string(s))
				}
			})),
		metric.Only(func(v Subject) bool { return !v.LastTransition.IsZero() }, metric.Gauge("lvsdns_vrrp_last_transition_timestamp_seconds", "When lvsdns-notify heard of its last change of state.",
			func(v Subject) float64 { return metric.Unix(v.LastTransition) })),
		metric.Only(func(v Subject) bool { return v.Said != "" }, metric.Gauge("lvsdns_vrrp_owner_mismatch", "1 if keepalived said last that it is master and this host does not hold all of its addresses, or that it is not and this host holds some.",
			func(v Subject) float64 { return metric.Truth(v.Mismatch) })),
		metric.Only(func(v Subject) bool { return v.EffectivePriority > 0 }, metric.Gauge("lvsdns_vrrp_effective_priority", "Its priority with what it tracks, as keepalived said last.",
			func(v Subject) float64 { return float64(v.EffectivePriority) })),
	}
}
