package conntrack

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	timo "github.com/ti-mo/conntrack"

	"github.com/lvsdns/lvsdns/internal/flowtest"
)

// scene is a random table: services of both families, and flows to them and to others.
type scene struct {
	services []Service
	flows    []flowtest.Flow
}

func newScene(seed uint64, services, flows int) scene {
	r := rand.New(rand.NewPCG(seed, 1))
	var s scene
	for i := range services {
		v := Service{At: netip.AddrPortFrom(host(i%3 == 0, 192, i), 53)}
		if i%10 == 7 {
			v.At = netip.AddrPortFrom(v.At.Addr(), 0)
		}
		for j := range r.IntN(5) { // none at all is a case too
			port := uint16(5300 + j)
			if v.At.Port() == 0 {
				port = 0
			}
			v.Servers = append(v.Servers, Server{At: netip.AddrPortFrom(host(i%3 == 0, 198, 10*i+j), port), Drained: r.IntN(4) == 0})
		}
		s.services = append(s.services, v)
	}
	for i := range flows {
		n := r.IntN(services + 2) // the last two are no services of ours
		six := n%3 == 0
		f := flowtest.Flow{
			Client:  netip.AddrPortFrom(host(six, 10, i>>8), uint16(1024+i&255)),
			Service: netip.AddrPortFrom(host(six, 192, n), 53),
			Status:  []flowtest.Status{flowtest.Unreplied, flowtest.Replied, flowtest.Assured}[r.IntN(3)], Timeout: 600,
		}
		server := r.IntN(7)
		f.Server = netip.AddrPortFrom(host(six, 198, 10*n+server), uint16(5300+server))
		switch {
		case server == 6:
			f.Server = f.Service // not translated
		case n%10 == 7 && r.IntN(2) == 0:
			f.Server = netip.AddrPortFrom(f.Server.Addr(), 53) // the client's port
		}
		s.flows = append(s.flows, f)
	}
	return s
}

// expect counts in the slowest and plainest way.
func (s scene) expect(flows []flowtest.Flow) []Count {
	counts := make([]Count, len(s.services))
	for _, f := range flows {
		for i, v := range s.services {
			if v.At.Addr() != f.Service.Addr() || v.At.Port() != 0 && v.At.Port() != f.Service.Port() {
				continue
			}
			state := map[flowtest.Status]State{flowtest.Unreplied: Unreplied, flowtest.Replied: Replied, flowtest.Assured: Assured}[f.Status]
			counts[i].ByState[state]++
			stale := f.Server != f.Service
			for _, r := range v.Servers {
				if r.At == f.Server || r.At.Port() == 0 && r.At.Addr() == f.Server.Addr() && f.Server.Port() == f.Service.Port() {
					stale = false
				}
			}
			if stale {
				counts[i].Stale++
			}
		}
	}
	return counts
}

func TestPass(t *testing.T) {
	ownTable(t)
	s := newScene(1, 50, 20_000)
	fill(t, len(s.flows), func(i int) flowtest.Flow { return s.flows[i] })
	pass, err := New(Config{}).Pass(t.Context(), s.services, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	stale := uint64(0)
	for i, want := range s.expect(s.flows) {
		if pass.Services[i] != want {
			t.Errorf("%v: %+v, want %+v", s.services[i].At, pass.Services[i], want)
		}
		stale += want.Stale
	}
	if pass.Entries() != 20_000 || pass.IPv4[UDP]+pass.IPv6[UDP] != 20_000 || stale == 0 || pass.IPv6[UDP] == 0 {
		t.Errorf("%d entries, %d of IPv4, %d of IPv6, %d stale", pass.Entries(), pass.IPv4, pass.IPv6, stale)
	}
	t.Logf("20000 entries took %v, %v of them processor time", pass.Took, pass.CPU)

	// No subtests: they run on threads of other namespaces.
	s.heldAgainstTimo(t, pass)
	heldAgainstTool(t, pass)
}

// heldAgainstTimo decodes the same table with other people's code.
func (s scene) heldAgainstTimo(t *testing.T, pass Pass) {
	conn, err := timo.Dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	all, err := conn.Dump(nil)
	if err != nil {
		t.Fatal(err)
	}
	var flows []flowtest.Flow
	for _, f := range all {
		status := flowtest.Unreplied
		switch {
		case f.Status.Assured():
			status = flowtest.Assured
		case f.Status.SeenReply():
			status = flowtest.Replied
		}
		flows = append(flows, flowtest.Flow{
			Client:  netip.AddrPortFrom(f.TupleOrig.IP.SourceAddress, f.TupleOrig.Proto.SourcePort),
			Service: netip.AddrPortFrom(f.TupleOrig.IP.DestinationAddress, f.TupleOrig.Proto.DestinationPort),
			Server:  netip.AddrPortFrom(f.TupleReply.IP.SourceAddress, f.TupleReply.Proto.SourcePort),
			Status:  status,
		})
	}
	for i, want := range s.expect(flows) {
		if pass.Services[i] != want {
			t.Errorf("%v: %+v, want %+v", s.services[i].At, pass.Services[i], want)
		}
	}
}

// heldAgainstTool counts the lines of conntrack -L, for a service without IPv6, as that tool lists one family only.
func heldAgainstTool(t *testing.T, pass Pass) {
	tool, err := exec.LookPath("conntrack")
	if err != nil {
		t.Log("not held against conntrack(8), which is not installed: lab/setup.sh installs it")
		return
	}
	out, err := exec.Command(tool, "-L", "-p", "udp", "--orig-dst", "192.0.0.1", "--orig-port-dst", "53").Output()
	if err != nil {
		t.Fatal(err)
	}
	var want Count
	for line := range strings.Lines(string(out)) {
		switch {
		case strings.Contains(line, "[UNREPLIED]"):
			want.ByState[Unreplied]++
		case strings.Contains(line, "[ASSURED]"):
			want.ByState[Assured]++
		default:
			want.ByState[Replied]++
		}
	}
	if got := pass.Services[1]; got.ByState != want.ByState || got.ByState[Replied] == 0 {
		t.Errorf("192.0.0.1:53: %v, conntrack says %v", got.ByState, want.ByState)
	}
	out, err = exec.Command(tool, "-C").Output()
	if n := regexp.MustCompile(`\d+`).FindString(string(out)); err != nil || n != "20000" {
		t.Errorf("conntrack -C: %q %v", out, err)
	}
}

// TestPassAllocates holds that the number of entries costs no memory at all.
func TestPassAllocates(t *testing.T) {
	ownTable(t)
	s := newScene(2, 20, 30_000)
	c := New(Config{})
	allocations := func() uint64 {
		least := uint64(1 << 62) // the runtime does things of its own at times
		for range 5 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := c.Pass(t.Context(), s.services, 1<<30); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			least = min(least, after.Mallocs-before.Mallocs)
		}
		return least
	}
	fill(t, 10, func(i int) flowtest.Flow { return s.flows[i] })
	few := allocations()
	fill(t, len(s.flows)-10, func(i int) flowtest.Flow { return s.flows[10+i] })
	if many := allocations(); many > few+20 {
		t.Errorf("%d allocations for 10 entries, %d for %d", few, many, len(s.flows))
	} else {
		t.Logf("%d allocations for 10 entries, %d for %d", few, many, len(s.flows))
	}
}

func TestTooBig(t *testing.T) {
	ownTable(t)
	s := newScene(3, 5, 2000)
	fill(t, len(s.flows), func(i int) flowtest.Flow { return s.flows[i] })
	c := New(Config{})
	asked := 0
	dial := c.dial
	c.dial = func() (socket, error) { asked++; return dial() }
	_, err := c.Pass(t.Context(), s.services, 1999)
	if !errors.Is(err, ErrTooBig) || asked != 0 || !strings.Contains(err.Error(), "2000, and 1999 may be read") {
		t.Errorf("%v after %d questions", err, asked)
	}
	if _, err := c.Pass(t.Context(), s.services, 2000); err != nil {
		t.Error(err)
	}
}

func TestFlowsAndDelete(t *testing.T) {
	ownTable(t)
	service := Service{
		At:      addr("192.0.2.1:53"),
		Servers: []Server{{At: addr("198.51.100.1:53")}, {At: addr("198.51.100.2:53"), Drained: true}},
	}
	six := Service{At: addr("[2001:db8::1]:53"), Servers: []Server{{At: addr("[2001:db8:1::1]:53")}}}
	all := []flowtest.Flow{
		{Client: addr("10.0.0.1:1001"), Service: service.At, Server: addr("198.51.100.1:53"), Status: flowtest.Replied, Timeout: 100},
		{Client: addr("10.0.0.1:1002"), Service: service.At, Server: addr("198.51.100.2:53"), Status: flowtest.Assured, Timeout: 100},
		{Client: addr("10.0.0.1:1003"), Service: service.At, Server: addr("198.51.100.9:53"), Status: flowtest.Unreplied, Timeout: 100},
		{Client: addr("10.0.0.1:1004"), Service: service.At, Server: service.At, Status: flowtest.Unreplied, Timeout: 100},
		{Client: addr("10.0.0.1:1005"), Service: addr("192.0.2.77:53"), Server: addr("192.0.2.77:53"), Status: flowtest.Unreplied, Timeout: 100},
		{Client: addr("[2001:db8::50]:1001"), Service: six.At, Server: addr("[2001:db8:1::1]:53"), Status: flowtest.Replied, Timeout: 100},
		{Client: addr("[2001:db8::50]:1002"), Service: six.At, Server: addr("[2001:db8:1::9]:53"), Status: flowtest.Replied, Timeout: 100},
		{Client: addr("10.0.0.1:1006"), Service: service.At, Server: addr("198.51.100.8:53"), Status: flowtest.Replied, Timeout: 100},
	}
	fill(t, len(all), func(i int) flowtest.Flow { return all[i] })
	c, services := New(Config{}), NewServices([]Service{service, six})
	read := func() map[netip.AddrPort]Flow {
		t.Helper()
		found := map[netip.AddrPort]Flow{}
		if err := c.Flows(t.Context(), services, func(f Flow) error { found[f.Client] = f; return nil }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	found := read()
	for i, want := range []Target{Serving, Drained, Removed, Untranslated, 99, Serving, Removed, Removed} {
		f, ok := found[all[i].Client]
		if ok != (want != 99) {
			t.Errorf("%v is there: %t", all[i].Client, ok)
		} else if ok && (f.Target != want || f.At != all[i].Service || f.Server != all[i].Server || f.Expires <= 0) {
			t.Errorf("%+v, want %v", f, want)
		}
	}

	// One has gone meanwhile; another has found a server that is there.
	table := openTable(t)
	if n, err := table.Delete(1, func(int) flowtest.Flow { return all[2] }); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	again := all[7]
	if n, err := table.Delete(1, func(int) flowtest.Flow { return again }); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	again.Server = addr("198.51.100.1:53")
	fill(t, 1, func(int) flowtest.Flow { return again })

	deleted, gone, err := c.Delete(t.Context(), []Flow{found[all[2].Client], found[all[6].Client], found[all[7].Client]})
	if deleted != 1 || gone != 2 || err != nil {
		t.Errorf("%d deleted, %d gone, %v; want 1, 2", deleted, gone, err)
	}
	left := read()
	for i, want := range []bool{true, true, false, true, false, true, false, true} {
		if _, ok := left[all[i].Client]; ok != want {
			t.Errorf("%v is still there: %t, want %t", all[i].Client, ok, want)
		}
	}
	if size, err := c.Size(); err != nil || size.Entries != 6 || size.Limit == 0 || size.Buckets == 0 {
		t.Errorf("%+v %v: want 6 entries", size, err)
	}
}
