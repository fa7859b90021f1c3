package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// Input is what a plan is made from.
type Input struct {
	Config *keepalived.Config
	Names  Names            // of Config, from [NamesOf]
	Former Names            // what an earlier configuration named: ours, to be removed; nil: nothing
	State  keepalived.State // what is known of the real servers

	Blocked []Block                            // of Config, from [Blocks]: these virtual servers stay as they are
	Torn    map[*keepalived.VirtualServer]bool // of Config, from [Torn], and not decided yet: these keep the sorry server that is there

	Kernel   ipvs.Table
	Timeouts ipvs.Timeouts
	Daemons  []ipvs.Daemon
}

// Action is the kind of a step.
type Action string

// The actions, in the order in which the kernel gets them for one service.
const (
	SetTimeouts   Action = "set_timeouts"
	StartDaemon   Action = "start_sync_daemon"
	AddService    Action = "add_service"
	SetService    Action = "set_service"
	AddServer     Action = "add_real_server"
	SetServer     Action = "set_real_server"
	RemoveServer  Action = "remove_real_server"
	RemoveService Action = "remove_service"
)

// Step is one write to the kernel. What it does not concern is zero.
type Step struct {
	Action   Action
	Service  *ipvs.Service    // as it shall be; of a step about a real server the key counts. Never nil
	Server   ipvs.Destination // as it shall be, or as it is before it is removed
	Timeouts *ipvs.Timeouts   // of SetTimeouts
	Daemon   *ipvs.Daemon     // of StartDaemon

	Pos  keepalived.Pos // in the configuration; zero if there is no such line any more
	Text string         // what is changed and why: one line without the place
}

// Kept is something in the kernel that is not as the configuration orders, and that no step may mend.
type Kept struct {
	Service ipvs.ServiceKey
	Server  ipvs.DestinationKey // zero if it is about the whole service
	Text    string              // what, and how an operator mends it: one line
}

// Plan is what to do, in this order.
type Plan struct {
	Steps   []Step
	Kept    []Kept
	Blocked []Block
}

// Differs reports whether the kernel is not as it shall be.
func (p Plan) Differs() bool { return len(p.Steps)+len(p.Kept)+len(p.Blocked) > 0 }

// Make compares and orders. The result depends on nothing but the input.
func Make(in Input) Plan {
	m := &maker{Input: in, plan: Plan{Blocked: in.Blocked}, blocked: BlockedServices(in.Config, in.Blocked), present: map[ipvs.DestinationKey]*ipvs.Destination{}}
	m.timeouts()
	m.daemon()
	kernel := make(map[ipvs.ServiceKey]*ipvs.TableEntry, len(in.Kernel.Entries))
	for i := range in.Kernel.Entries {
		if e := &in.Kernel.Entries[i]; !e.Gone {
			kernel[e.Service.ServiceKey] = e
		}
	}
	for _, s := range in.Config.Table(in.State) {
		want := lvs.Service(s)
		if has := kernel[want.ServiceKey]; !m.blocked[want.ServiceKey] && !asWanted(has, want, s.Destinations) {
			shared := want // by all steps; one that needs no step costs no memory
			m.service(s, &shared, has)
		}
	}
	m.leftover()
	m.plan.Steps = append(m.plan.Steps, m.removals...)
	return m.plan
}

// maker collects the steps.
type maker struct {
	Input
	blocked  map[ipvs.ServiceKey]bool
	plan     Plan
	removals []Step                                    // after everything else
	present  map[ipvs.DestinationKey]*ipvs.Destination // of one service, those that are not found to be wanted yet
}

func (m *maker) add(s Step)     { m.plan.Steps = append(m.plan.Steps, s) }
func (m *maker) later(s Step)   { m.removals = append(m.removals, s) }
func (m *maker) keep(kept Kept) { m.plan.Kept = append(m.plan.Kept, kept) }

// service makes the steps of one service; has is nil if the kernel does not have it.
func (m *maker) service(s keepalived.Service, want *ipvs.Service, has *ipvs.TableEntry) {
	var there []ipvs.Destination
	switch {
	case has == nil && s.Unmade != nil:
		m.keep(Kept{Service: want.ServiceKey, Text: fmt.Sprintf("is not in the kernel, and keepalived never adds it, because the virtual server at %s has this mark of the group for the other family: give the one at %s a virtual_server_group of its own, with the same marks", s.Unmade.Pos, s.Pos)})
		return
	case has == nil:
		m.add(Step{Action: AddService, Service: want, Pos: s.Pos, Text: serviceWords(*want) + ": not in the kernel"})
	case !SameService(has.Service, *want):
		m.add(Step{Action: SetService, Service: want, Pos: s.Pos, Text: serviceWords(*want) + ": the kernel has " + settingsWords(has.Service)})
		there = has.Destinations
	default:
		there = has.Destinations
	}
	clear(m.present)
	for i := range there {
		m.present[there[i].DestinationKey] = &there[i]
	}
	var lower []Step
	for _, d := range s.Destinations {
		server := lvs.Destination(d)
		old := m.present[server.DestinationKey]
		delete(m.present, server.DestinationKey)
		switch {
		case old == nil:
			m.add(Step{Action: AddServer, Service: want, Server: server, Pos: d.Pos, Text: serverWords(server) + ": not in the kernel"})
			continue
		case sameServer(*old, server):
			continue
		}
		step := Step{Action: SetServer, Service: want, Server: server, Pos: d.Pos, Text: serverWords(server) + ": the kernel has " + changedWords(*old, server)}
		if server.Weight < old.Weight {
			lower = append(lower, step) // who takes over is there first
		} else {
			m.add(step)
		}
	}
	m.plan.Steps = append(m.plan.Steps, lower...)
	if len(m.present) == 0 {
		return
	}
	for _, d := range there {
		if m.present[d.DestinationKey] != nil {
			m.unwanted(want.ServiceKey, d)
		}
	}
}

// asWanted is the quick look at a service: it is as it should be, and its real servers are too, in the kernel's order, as most are.
func asWanted(has *ipvs.TableEntry, service ipvs.Service, want []keepalived.Destination) bool {
	if has == nil || !SameService(has.Service, service) || len(has.Destinations) != len(want) {
		return false
	}
	for i := range want {
		if d := lvs.Destination(want[i]); has.Destinations[i].DestinationKey != d.DestinationKey || !sameServer(has.Destinations[i], d) {
			return false
		}
	}
	return true
}

// unwanted is a real server in the kernel that should not be there now.
func (m *maker) unwanted(k ipvs.ServiceKey, d ipvs.Destination) {
	step := Step{Action: RemoveServer, Service: &ipvs.Service{ServiceKey: k}, Server: d}
	if name, ok := m.Names[k][d.DestinationKey]; ok {
		if m.Torn[name.Virtual] && name.Server == name.Virtual.Sorry {
			return
		}
		step.Pos = name.Server.Pos
		step.Text = serverWords(d) + ": " + m.why(name)
		m.later(step)
		return
	}
	if _, ok := m.Former[k][d.DestinationKey]; ok {
		step.Text = serverWords(d) + ": no longer in the configuration"
		m.later(step)
		return
	}
	m.keep(Kept{Service: k, Server: d.DestinationKey, Text: "real server " + serverWords(d) +
		": not in the configuration, so not ours: if nobody needs it, ipvsadm -d " + lvs.ServiceArgument(k) + " -r " + lvs.ServerArgument(d.DestinationKey)})
}

// why a real server of the configuration is not wanted now.
func (m *maker) why(n Name) string {
	switch {
	case n.Server == n.Virtual.Sorry:
		return "a sorry server that is not needed"
	case m.State.Server != nil && !m.State.Server(n.Virtual, n.Server).Up:
		return "its check fails"
	default:
		return "too few real servers are up, so that the sorry server serves"
	}
}

// leftover removes the services of an earlier configuration that are still there.
func (m *maker) leftover() {
	for i := range m.Kernel.Entries {
		k := m.Kernel.Entries[i].Service.ServiceKey
		_, named := m.Names[k]
		if _, was := m.Former[k]; named || !was || m.Kernel.Entries[i].Gone {
			continue
		}
		alien := slices.IndexFunc(m.Kernel.Entries[i].Destinations, func(d ipvs.Destination) bool {
			_, ours := m.Former[k][d.DestinationKey]
			return !ours
		})
		for _, d := range m.Kernel.Entries[i].Destinations {
			m.unwanted(k, d)
		}
		if alien < 0 {
			m.later(Step{Action: RemoveService, Service: &m.Kernel.Entries[i].Service, Text: "no longer in the configuration"})
		}
	}
}

// SameService reports whether a service of the kernel has the settings that are wanted.
func SameService(a, b ipvs.Service) bool {
	return a.Scheduler == b.Scheduler && a.Flags.Settings() == b.Flags.Settings() && a.PEName == b.PEName &&
		a.Netmask == b.Netmask && (a.Timeout == b.Timeout || b.Flags&ipvs.Persistent == 0)
}

func sameServer(a, b ipvs.Destination) bool {
	return a.Forward == b.Forward && a.Weight == b.Weight && a.Tunnel == b.Tunnel &&
		a.UpperThreshold == b.UpperThreshold && a.LowerThreshold == b.LowerThreshold
}

// timeouts are lvs_timeouts, where 0 leaves the kernel's.
func (m *maker) timeouts() {
	t := m.Config.Global.Timeouts
	if !t.IsSet() {
		return
	}
	has := m.Timeouts
	want := ipvs.Timeouts{
		TCP: cmp.Or(t.V.TCP, has.TCP), TCPFin: cmp.Or(t.V.TCPFin, has.TCPFin), UDP: cmp.Or(t.V.UDP, has.UDP),
	}
	if want != has {
		m.add(Step{Action: SetTimeouts, Service: &ipvs.Service{}, Timeouts: &want, Pos: t.Pos, Text: timeoutWords(want) + ": the kernel has " + timeoutWords(has)})
	}
}
