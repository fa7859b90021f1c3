package drift_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// conf is a configuration that works as it should.
const conf = `global_defs {
	script_user root
	enable_script_security
}
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo wrr
	lb_kind DR
	delay_loop 10
	warmup 1
	alpha
	persistence_timeout 60
	real_server 198.51.100.21 53 {
		weight 10
		uthreshold 100
		MISC_CHECK {
			misc_path "/usr/bin/lvsdns-check 198.51.100.21"
			misc_timeout 5
		}
	}
	real_server 198.51.100.22 53 {
		weight 20
		MISC_CHECK {
			misc_path "/usr/bin/lvsdns-check 198.51.100.22"
			misc_timeout 5
		}
	}
}
`

// scene is a director. A test spoils one thing of it.
type scene struct {
	conf  string
	input drift.Input
}

const first, second = 0, 1 // the real servers

// healthy is the director of conf, of which everything is known.
func healthy() *scene {
	service := ipvs.Service{
		ServiceKey: ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53")),
		Scheduler:  "wrr", Flags: ipvs.Persistent | ipvs.Hashed, Timeout: time.Minute,
	}
	s := &scene{conf: conf, input: drift.Input{
		Belief: &keepalived.Belief{VirtualServers: []keepalived.BelievedVS{{
			Name:   keepalived.VSName{Addr: service.Addr, Port: 53, Protocol: keepalived.UDP},
			Family: keepalived.IPv4, Scheduler: "wrr", Alive: true, QuorumUp: true, Quorum: 1, Timeout: 60,
		}}},
		Scripts: map[host.ScriptID]host.Script{{Path: "/usr/bin/lvsdns-check"}: {State: host.ScriptFine}},
	}}
	b := s.input.Belief
	var destinations []ipvs.Destination
	for i, ip := range []string{"198.51.100.21", "198.51.100.22"} {
		at := netip.AddrPortFrom(netip.MustParseAddr(ip), 53)
		weight := 10 * (i + 1)
		upper := uint32(100 * (1 - i))
		destinations = append(destinations, ipvs.Destination{DestinationKey: ipvs.To(at), Forward: ipvs.DR, Weight: uint32(weight), UpperThreshold: upper})
		name := keepalived.RSName{Addr: at.Addr(), Port: at.Port()}
		b.VirtualServers[0].RealServers = append(b.VirtualServers[0].RealServers, keepalived.BelievedRS{
			Name: name, Weight: weight, InitialWeight: weight, EffectiveWeight: int64(weight),
			Alive: true, Set: true, Alpha: true, UThreshold: upper, Method: keepalived.DR,
		})
		b.Checkers = append(b.Checkers, keepalived.BelievedChecker{
			VS: b.VirtualServers[0].Name, RS: name, Kind: keepalived.MiscCheck, Enabled: true, Up: true, HasRun: true, Alpha: true, Warmup: time.Second,
		})
	}
	s.input.Kernel.Entries = []ipvs.TableEntry{{Service: service, Destinations: destinations}}
	return s
}

// The handles of what a test spoils.
func (s *scene) service() *ipvs.TableEntry                 { return &s.input.Kernel.Entries[0] }
func (s *scene) kernel(i int) *ipvs.Destination            { return &s.service().Destinations[i] }
func (s *scene) virtual() *keepalived.BelievedVS           { return &s.input.Belief.VirtualServers[0] }
func (s *scene) believed(i int) *keepalived.BelievedRS     { return &s.virtual().RealServers[i] }
func (s *scene) checker(i int) *keepalived.BelievedChecker { return &s.input.Belief.Checkers[i] }
func (s *scene) forget()                                   { s.input.Belief = nil }
func (s *scene) edit(old, new string)                      { s.conf = strings.Replace(s.conf, old, new, 1) }
func (s *scene) editAll(old, new string)                   { s.conf = strings.ReplaceAll(s.conf, old, new) }
func (s *scene) script(state host.ScriptState, why string) {
	s.input.Scripts[host.ScriptID{Path: "/usr/bin/lvsdns-check"}] = host.Script{State: state, Reason: why}
}

// remove takes a real server out of the kernel.
func (s *scene) remove(i int) {
	e := s.service()
	e.Destinations = slices.Delete(e.Destinations, i, i+1)
}

// hears is what the exporter heard from a check.
func (s *scene) hears(i int, passed bool) {
	server := netip.AddrPortFrom([]netip.Addr{netip.MustParseAddr("198.51.100.21"), netip.MustParseAddr("198.51.100.22")}[i], 53)
	s.input.Checks = append(s.input.Checks, drift.Check{Server: server, Passed: passed, Age: time.Second})
}

// dynamic makes the first check a dynamic one that asks for a weight, while
// keepalived counts another.
func (s *scene) dynamic(asks, counts int) {
	s.edit("misc_timeout 5", "misc_timeout 5\nmisc_dynamic")
	s.checker(first).Dynamic, s.checker(first).Weight = true, asks-10
	s.believed(first).EffectiveWeight, s.believed(first).Weight = int64(counts), max(counts, 0)
}

// sorry adds a sorry server.
func (s *scene) sorry(quorum bool) {
	s.edit("alpha", "alpha\nsorry_server 198.51.100.99 53")
	s.virtual().QuorumUp = quorum
	s.virtual().Sorry = &keepalived.BelievedRS{Name: keepalived.RSName{Addr: s.sorryDestination().Addr, Port: 53}, Set: !quorum, Alive: true, Weight: 1, InitialWeight: 1, EffectiveWeight: 1}
}

func (s *scene) sorryDestination() ipvs.Destination {
	return ipvs.Destination{DestinationKey: ipvs.To(netip.MustParseAddrPort("198.51.100.99:53")), Forward: ipvs.DR, Weight: 1}
}

// quorumLost: all real servers are down and the sorry server stands in.
func (s *scene) quorumLost() {
	s.fails(first)
	s.fails(second)
	s.service().Destinations = []ipvs.Destination{s.sorryDestination()}
}

// fails is what keepalived believes of a real server whose check fails.
func (s *scene) fails(i int) {
	b := s.believed(i)
	b.Alive, b.Set, b.FailedCheckers = false, false, 1
	s.checker(i).Up = false
}

// drops is a check that keepalived does not run.
func (s *scene) drops(i int) {
	s.input.Belief.Checkers = slices.Delete(s.input.Belief.Checkers, i, i+1)
}

func (s *scene) load(t *testing.T) {
	t.Helper()
	files := fstest.MapFS{"etc/keepalived/keepalived.conf": &fstest.MapFile{Data: []byte(s.conf), Mode: 0o644}}
	cfg, err := keepalived.Load("/etc/keepalived/keepalived.conf", keepalived.Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	s.input.Config = cfg
}

func (s *scene) compare(t *testing.T) []drift.Difference {
	t.Helper()
	s.load(t)
	// Whatever is out has been so for a while, with the checks running as ever.
	var w drift.Watch
	for i := range 3 {
		s.input.Overdue = w.Look(s.input, time.Unix(int64(2*i), 0))
	}
	return drift.Compare(s.input)
}

// names lists differences as "kind" or "kind real-server".
func names(found []drift.Difference) []string {
	list := []string{}
	for _, d := range found {
		name := string(d.Kind)
		if l := d.Labels(); l.RIP != "" {
			name += " " + l.RIP[strings.LastIndexAny(l.RIP, ".:")+1:]
		}
		list = append(list, name)
	}
	return list
}
