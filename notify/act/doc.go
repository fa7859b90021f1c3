// Package act answers one question: what has to be done now that an instance is
// in this state, and how did it go? Plan is pure: the journal and the rules give
// steps. A Worker runs them, each with a deadline; one that fails or hangs does
// not hold up the others, and all that is found out goes into the journal.
//
// An action is told the settled state, never what a script was started with, and doing it
// twice is as good as once. One that is under way when the state changes is called off.
package act

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// Action is one thing to do.
type Action interface {
	// Do returns a line for the operator: what was done, or that nothing had to be.
	Do(ctx context.Context, c Call) (string, error)
}

// Call says for whom an action runs.
type Call struct {
	notify.Subject
	State     notify.State
	Priority  int
	Addresses []notify.Address
	// Found notes the value that a kernel setting had before it was set.
	Found func(key, value string)
	// Tell takes what an operator has to know and not everybody may: what a program has printed. The log gets it, the journal does not.
	Tell func(text string)
}

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

// Job is the steps for one subject.
type Job struct {
	Call
	Transitions uint64 // of the subject so far
	Steps       []Step
}

// Doubt says whether a subject may not be as it should, though it was acted on.
type Doubt func(*notify.Document, notify.Subject) bool

// Plan finds the jobs. Of a subject whose transition was acted on it takes steady steps only, and those only if
// there is doubt; nil: there is none.
func Plan(d *notify.Document, rules []Rule, doubt Doubt) []Job {
	var jobs []Job
	for _, r := range d.Records {
		job := Job{Call: Call{Subject: r.Subject, State: r.Effective(), Priority: r.Priority, Addresses: addresses(d, r.Subject)}, Transitions: r.Total()}
		again := r.Acted == notify.Acted{State: job.State, Transitions: job.Transitions}
		if again && (doubt == nil || !doubt(d, r.Subject)) {
			continue
		}
		used := map[string]int{}
		for _, rule := range rules {
			if !rule.matches(d, r.Subject, job.State) {
				continue
			}
			for _, s := range rule.Steps {
				if used[s.Name]++; used[s.Name] > 1 {
					s.Name += " " + string(rune('0'+min(used[s.Name], 9)))
				}
				if s.Steady || !again {
					job.Steps = append(job.Steps, s)
				}
			}
		}
		if len(job.Steps) > 0 || !again {
			jobs = append(jobs, job)
		}
	}
	return jobs
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

// addresses are those of an instance, or of all instances of a group.
func addresses(d *notify.Document, s notify.Subject) []notify.Address {
	if d.Configured == nil {
		return nil
	}
	names := []string{s.Name}
	if s.Kind == notify.Group {
		for _, g := range d.Configured.Groups {
			if g.Name == s.Name {
				names = g.Members
			}
		}
	}
	var all []notify.Address
	for _, o := range d.Configured.Instances {
		if s.Kind == notify.Host || slices.Contains(names, o.Name) {
			all = append(all, o.Addresses...)
		}
	}
	return all
}

// hosts are the addresses without where they may be.
func (c Call) hosts() []netip.Addr {
	var all []netip.Addr
	for _, a := range c.Addresses {
		if !slices.Contains(all, a.Addr) {
			all = append(all, a.Addr)
		}
	}
	return all
}
