package fallback

import (
	"slices"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
)

// refusals are the steps that the kernel has refused since the last pass without an error. A pass ends at the first step that
// fails, and the next begins with a look: what is refused each time, such as a scheduler that this kernel has not, goes last
// then, and does not keep dead servers in other services.
type refusals struct {
	rank map[string]int // later is refused later
	said map[string]bool
}

// subject is what a step is about. All steps about real servers wait for a service that cannot be added.
func subject(s plan.Step) (step, service string) {
	service = string(plan.AddService) + s.Service.ServiceKey.String()
	switch s.Action {
	case plan.AddService:
		return service, service
	case plan.AddServer, plan.SetServer, plan.RemoveServer:
		return string(s.Action) + s.Service.ServiceKey.String() + s.Server.DestinationKey.String(), service
	default:
	}
	return string(s.Action) + s.Service.ServiceKey.String(), service
}

// note takes a step that was refused, and reports whether that is news.
func (r *refusals) note(s plan.Step) bool {
	if r.rank == nil {
		r.rank, r.said = map[string]int{}, map[string]bool{}
	}
	step, _ := subject(s)
	last := 0
	for _, n := range r.rank {
		last = max(last, n)
	}
	r.rank[step] = last + 1
	news := !r.said[step]
	r.said[step] = true
	return news
}

// last puts the steps that were refused after the others.
func (r *refusals) last(steps []plan.Step) {
	if len(r.rank) == 0 {
		return
	}
	rank := func(s plan.Step) int {
		step, service := subject(s)
		return max(r.rank[step], r.rank[service])
	}
	slices.SortStableFunc(steps, func(a, b plan.Step) int { return rank(a) - rank(b) })
}

func (r *refusals) clear() { *r = refusals{} }
