package act

import (
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// Rule says what to do when one of these is in one of these states.
type Rule struct {
	Instances, Groups []string // neither: every instance
	States            []notify.State
	Steps             []Step
}

// Step is an action in a rule.
type Step struct {
	Name    string
	Action  Action
	Timeout time.Duration
	// After waits until all steps before it have ended, well or not.
	After bool
	// Steady is for an action that brings something into a state: it runs whenever there is doubt. The others run once for each
	// transition.
	Steady bool
}

func (r Rule) matches(d *notify.Document, s notify.Subject, state notify.State) bool {
	if !slices.Contains(r.States, state) {
		return false
	}
	all := len(r.Instances)+len(r.Groups) == 0
	switch s.Kind {
	case notify.Instance:
		return all || slices.Contains(r.Instances, s.Name)
	case notify.Group:
		return slices.Contains(r.Groups, s.Name)
	default:
		// An event that names nobody: where instances are known each of them is looked at.
		return all && (d.Configured == nil || len(d.Configured.Instances) == 0)
	}
}
