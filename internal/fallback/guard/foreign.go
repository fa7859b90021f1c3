package guard

import (
	"fmt"
	"slices"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Left is our part of the table as it must be while nobody else writes to it: as a look has found it, and with each step that was carried
// out since. IPVS tells nobody of a write, so the next look, held against it, is what shows another's hand.
type Left struct {
	names    plan.Names
	services map[ipvs.ServiceKey]*leftService
	doubt    *plan.Step // the kernel gave no clear answer: it may have been carried out or not
}

type leftService struct {
	settings ipvs.Service
	servers  []leftServer // in the order of the look, then in that of the steps
}

// leftServer is what [ipvs.Destination] has of settings: a tenth of the table's memory.
type leftServer struct {
	ipvs.DestinationKey
	forward      ipvs.ForwardMethod
	weight       uint32
	tunnel       ipvs.Tunnel
	upper, lower uint32
}

func leave(d *ipvs.Destination) leftServer {
	return leftServer{d.DestinationKey, d.Forward, d.Weight, d.Tunnel, d.UpperThreshold, d.LowerThreshold}
}

// Leave is what a look has found of the names that are ours.
func Leave(names plan.Names, table ipvs.Table) *Left {
	l := &Left{names: names, services: make(map[ipvs.ServiceKey]*leftService, len(names))}
	for i := range table.Entries {
		if e := &table.Entries[i]; l.ours(e) {
			l.services[e.Service.ServiceKey] = leaveService(e)
		}
	}
	return l
}

func leaveService(e *ipvs.TableEntry) *leftService {
	s := &leftService{settings: e.Service, servers: make([]leftServer, len(e.Destinations))}
	for i := range e.Destinations {
		s.servers[i] = leave(&e.Destinations[i])
	}
	return s
}

func (l *Left) ours(e *ipvs.TableEntry) bool {
	_, named := l.names[e.Service.ServiceKey]
	return named && !e.Gone
}

// Wrote takes note of a step that was carried out.
func (l *Left) Wrote(s plan.Step) {
	k := s.Service.ServiceKey
	if _, named := l.names[k]; !named {
		return
	}
	is := l.services[k]
	if is == nil {
		if s.Action == plan.AddService {
			l.services[k] = &leftService{settings: *s.Service}
		}
		return
	}
	if s.Action == plan.RemoveService {
		delete(l.services, k)
		return
	}
	is.wrote(s)
}

func (s *leftService) wrote(step plan.Step) {
	at := slices.IndexFunc(s.servers, func(d leftServer) bool { return d.DestinationKey == step.Server.DestinationKey })
	switch step.Action {
	case plan.SetService:
		s.settings = *step.Service
	case plan.AddServer:
		s.servers = append(s.servers, leave(&step.Server))
	case plan.SetServer:
		if at >= 0 {
			s.servers[at] = leave(&step.Server)
		}
	case plan.RemoveServer:
		if at >= 0 {
			s.servers = slices.Delete(s.servers, at, at+1)
		}
	case plan.AddService, plan.RemoveService, plan.SetTimeouts, plan.StartDaemon:
	}
}

// Doubt takes note of a step that ended with an error, so that nobody knows whether the kernel has carried it out.
func (l *Left) Doubt(s plan.Step) { l.doubt = &s }

// Foreign holds a look against what we left, and says what somebody else has written; empty: nothing. A doubt ends with it.
func (l *Left) Foreign(now ipvs.Table) string {
	seen := 0
	for i := range now.Entries {
		e := &now.Entries[i]
		if !l.ours(e) {
			continue
		}
		k := e.Service.ServiceKey
		was := l.services[k]
		what := " was added"
		if was != nil {
			what = was.changed(e)
			seen++
		}
		if what != "" && !l.explained(k, e) {
			return k.String() + what
		}
	}
	if seen < len(l.services) {
		if k, gone := l.missing(now); gone && !l.explained(k, nil) {
			return fmt.Sprintf("%s was removed", k)
		}
	}
	l.doubt = nil
	return ""
}

// explained reports whether the step in doubt makes the service what it is now, and takes note of what it is then.
func (l *Left) explained(k ipvs.ServiceKey, now *ipvs.TableEntry) bool {
	if l.doubt == nil || l.doubt.Service.ServiceKey != k {
		return false
	}
	after := &Left{names: l.names, services: map[ipvs.ServiceKey]*leftService{}}
	if was := l.services[k]; was != nil {
		after.services[k] = &leftService{was.settings, slices.Clone(was.servers)}
	}
	after.Wrote(*l.doubt)
	then := after.services[k]
	switch {
	case now == nil && then == nil:
		delete(l.services, k)
	case now != nil && then != nil && then.changed(now) == "":
		l.services[k] = leaveService(now)
	default:
		return false
	}
	return true
}

// missing finds a service of ours that is no longer there.
func (l *Left) missing(now ipvs.Table) (ipvs.ServiceKey, bool) {
	there := make(map[ipvs.ServiceKey]bool, len(now.Entries))
	for i := range now.Entries {
		there[now.Entries[i].Service.ServiceKey] = !now.Entries[i].Gone
	}
	for k := range l.services {
		if !there[k] {
			return k, true
		}
	}
	return ipvs.ServiceKey{}, false
}

// changed says what is different now; empty: nothing.
func (s *leftService) changed(is *ipvs.TableEntry) string {
	if !plan.SameService(is.Service, s.settings) {
		return ": its settings were changed"
	}
	if s.inOrder(is.Destinations) {
		return ""
	}
	there := make(map[ipvs.DestinationKey]leftServer, len(is.Destinations))
	for i := range is.Destinations {
		there[is.Destinations[i].DestinationKey] = leave(&is.Destinations[i])
	}
	for _, was := range s.servers {
		now, ok := there[was.DestinationKey]
		switch {
		case !ok:
			return fmt.Sprintf(": real server %s was removed", was.DestinationKey)
		case now != was:
			return fmt.Sprintf(": real server %s was changed", was.DestinationKey)
		}
		delete(there, was.DestinationKey)
	}
	for k := range there {
		return fmt.Sprintf(": real server %s was added", k)
	}
	s.servers = leaveService(is).servers // the next look is quicker
	return ""
}

func (s *leftService) inOrder(now []ipvs.Destination) bool {
	if len(now) != len(s.servers) {
		return false
	}
	for i := range now {
		if s.servers[i] != leave(&now[i]) {
			return false
		}
	}
	return true
}
