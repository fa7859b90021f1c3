package notify

import (
	"slices"
	"time"
)

// Record is what the journal knows of a subject.
type Record struct {
	Subject
	State    State     `json:"state"` // settled: by its addresses, else by the newest event
	Since    time.Time `json:"since"` // when State was settled to what it is
	Said     State     `json:"said,omitempty"`
	SaidAt   time.Time `json:"said_at,omitzero"`
	Priority int       `json:"priority,omitempty"`
	Held     int       `json:"held"`      // of its addresses
	Of       int       `json:"addresses"` // that it has; 0: not known, or none
	Disagree bool      `json:"disagree,omitempty"`
	// Transitions counts, for each state, how often the subject went into it.
	Transitions map[State]uint64 `json:"transitions,omitempty"`
	// News counts what is no change of state.
	News map[State]uint64 `json:"news,omitempty"`
	// LastTransition is when the newest transition was heard of.
	LastTransition time.Time `json:"last_transition,omitzero"`
	// Recent are the newest events, in the order in which keepalived has made them.
	Recent []Recent `json:"recent,omitempty"`
	// Acted is what was acted on last.
	Acted Acted `json:"acted,omitzero"`
}

// Recent is an event as far as its place among others needs it.
type Recent struct {
	Mark
	State  State  `json:"state"`
	Source Source `json:"source"`
}

// Acted is a state that actions were run for, and how many transitions there had been.
type Acted struct {
	State       State  `json:"state,omitempty"`
	Transitions uint64 `json:"transitions,omitempty"`
}

// maxRecent is how far out of order events may come. keepalived has started that many scripts for one subject before the first
// of them got to write a line.
const maxRecent = 16

// Total is the number of transitions.
func (r *Record) Total() uint64 {
	var n uint64
	for _, c := range r.Transitions {
		n += c
	}
	return n
}

// add puts an event in its place and reports whether a newer one was known. A transition is counted where two
// neighbours differ, so the count does not depend on the order of arrival.
func (r *Record) add(e Event) (late bool) {
	if !e.State.IsState() {
		if r.News == nil {
			r.News = map[State]uint64{}
		}
		r.News[e.State]++
		if e.Priority != 0 {
			r.Priority = e.Priority
		}
		return false
	}
	at := len(r.Recent)
	for at > 0 && e.compare(r.Recent[at-1].Mark) < 0 {
		at--
	}
	x := Recent{e.Mark, e.State, e.Source}
	late = at < len(r.Recent)
	into := at == 0 || r.Recent[at-1].leads(x)
	if late {
		// What comes after was counted as if this one had not been.
		after := r.Recent[at]
		counted, leads := at == 0 || r.Recent[at-1].leads(after), x.leads(after)
		into = into && (leads || !counted)
		if leads && !counted {
			r.count(after.State, e.At)
		}
	}
	if into {
		r.count(e.State, e.At)
	}
	if !late {
		r.Said, r.SaidAt = e.State, e.At
		if e.Priority != 0 {
			r.Priority = e.Priority
		}
	}
	r.Recent = slices.Insert(r.Recent, at, x)
	if n := len(r.Recent); n > maxRecent {
		r.Recent = slices.Delete(r.Recent, 0, n-maxRecent)
	}
	return late
}

// again is how long after a script another one for the same state is about another transition. keepalived runs all scripts of one at
// the same moment, and where only notify_master is set up the way back is not heard of.
const again = time.Second

// leads says whether there was a transition between two neighbours.
func (x Recent) leads(next Recent) bool {
	return x.State != next.State || x.Source == Script && next.Source == Script && next.Born-x.Born >= again
}

func (r *Record) count(s State, at time.Time) {
	if r.Transitions == nil {
		r.Transitions = map[State]uint64{}
	}
	r.Transitions[s]++
	r.LastTransition = at
}
