package act

import (
	"slices"

	"github.com/lvsdns/lvsdns/notify"
)

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
