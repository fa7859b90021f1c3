package plan_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/fallback/apply"
	"github.com/lvsdns/lvsdns/internal/fallback/kerneltest"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

const conf = `virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo wrr
	lb_kind DR
	sorry_server 198.51.100.99 53
	real_server 198.51.100.21 53 {
		weight 10
		TCP_CHECK {
		}
	}
	real_server 198.51.100.22 53 {
		weight 20
		TCP_CHECK {
		}
	}
}
`

// families is a group whose mark is for IPv4 and for IPv6.
const families = `virtual_server_group G {
	fwmark 5
}
virtual_server group G {
	lb_algo rr
	lb_kind DR
	real_server 10.0.0.1 {
	}
}
virtual_server group G {
	lb_algo rr
	lb_kind DR
	real_server fd00::1 {
	}
}
`

func load(t *testing.T, text string) *keepalived.Config {
	t.Helper()
	c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text)}}, ConfigID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// down is the state in which the named real servers fail their checks.
func down(addrs ...string) keepalived.State {
	return keepalived.State{Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
		return keepalived.Standing{Up: !slices.Contains(addrs, r.Addr.String()), Weight: r.Weight.V}
	}}
}

func input(t *testing.T, c *keepalived.Config, k *kerneltest.Kernel) plan.Input {
	t.Helper()
	blocks, err := plan.Blocks(c, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, _ := k.Snapshot(t.Context())
	return plan.Input{Config: c, Names: plan.NamesOf(c), Blocked: blocks, Kernel: table, Timeouts: k.Limits, Daemons: k.Syncd}
}

// programmed is a kernel that has what the configuration orders.
func programmed(t *testing.T, c *keepalived.Config) *kerneltest.Kernel {
	t.Helper()
	k := &kerneltest.Kernel{}
	if _, err := apply.Steps(t.Context(), k, plan.Make(input(t, c, k)).Steps); err != nil {
		t.Fatal(err)
	}
	k.Writes = nil
	return k
}

func TestPlan(t *testing.T) {
	for _, test := range []struct {
		name   string
		conf   string
		former string // an earlier configuration
		state  keepalived.State
		change func(*kerneltest.Kernel)
		want   string
	}{
		{name: "as configured", want: ""},
		{name: "empty kernel", change: func(k *kerneltest.Kernel) { k.Entries = nil }, want: `
add service udp 192.0.2.1:53 wrr: not in the kernel (/k.conf:1)
add real server udp 192.0.2.1:53 198.51.100.21:53 dr weight 10: not in the kernel (/k.conf:6)
add real server udp 192.0.2.1:53 198.51.100.22:53 dr weight 20: not in the kernel (/k.conf:11)
`},
		{name: "one down", state: down("198.51.100.21"), want: `
remove real server udp 192.0.2.1:53 198.51.100.21:53 dr weight 10: its check fails (/k.conf:6)
`},
		{name: "all down: the sorry server first", state: down("198.51.100.21", "198.51.100.22"), want: `
add real server udp 192.0.2.1:53 198.51.100.99:53 dr weight 1: not in the kernel (/k.conf:5)
remove real server udp 192.0.2.1:53 198.51.100.21:53 dr weight 10: its check fails (/k.conf:6)
remove real server udp 192.0.2.1:53 198.51.100.22:53 dr weight 20: its check fails (/k.conf:11)
`},
		{name: "inhibit", conf: strings.Replace(conf, "lb_kind DR", "lb_kind DR\n\tinhibit_on_failure", 1), state: down("198.51.100.21"), want: `
set real server udp 192.0.2.1:53 198.51.100.21:53 dr weight 0: the kernel has weight 10 (/k.conf:7)
`},
		{name: "a weight and a scheduler by hand", change: func(k *kerneltest.Kernel) {
			k.Entries[0].Service.Scheduler = "rr"
			k.Entries[0].Destinations[0].Weight = 77
			k.Entries[0].Destinations[1].Weight = 2
		}, want: `
set service udp 192.0.2.1:53 wrr: the kernel has rr (/k.conf:1)
set real server udp 192.0.2.1:53 198.51.100.22:53 dr weight 20: the kernel has weight 2 (/k.conf:11)
set real server udp 192.0.2.1:53 198.51.100.21:53 dr weight 10: the kernel has weight 77 (/k.conf:6)
`},
		{name: "foreign service", change: func(k *kerneltest.Kernel) {
			k.Entries = append(k.Entries, ipvs.TableEntry{Service: ipvs.Service{ServiceKey: ipvs.Mark(ipvs.IPv4, 7), Scheduler: "rr"}})
		}, want: ""},
		{name: "foreign real server", change: func(k *kerneltest.Kernel) {
			d := k.Entries[0].Destinations[0]
			d.Port = 5353
			k.Entries[0].Destinations = append(k.Entries[0].Destinations, d)
		}, want: `
keep udp 192.0.2.1:53 real server 198.51.100.21:5353 dr weight 10: not in the configuration, so not ours: if nobody needs it, ipvsadm -d -u 192.0.2.1:53 -r 198.51.100.21:5353
`},
		{name: "a real server of an earlier configuration", former: strings.Replace(conf, "198.51.100.22", "198.51.100.23", 1), change: func(k *kerneltest.Kernel) {
			d := k.Entries[0].Destinations[0]
			d.DestinationKey = ipvs.DestinationKey{Addr: d.Addr.Next().Next(), Port: 53}
			k.Entries[0].Destinations = append(k.Entries[0].Destinations, d)
		}, want: `
remove real server udp 192.0.2.1:53 198.51.100.23:53 dr weight 10: no longer in the configuration
`},
		{name: "a virtual server of an earlier configuration", conf: strings.Replace(conf, "192.0.2.1", "192.0.2.2", 1), former: conf, change: func(k *kerneltest.Kernel) {
			e := k.Entries[0]
			e.Service.Addr = e.Service.Addr.Prev()
			k.Entries = append(k.Entries, e)
		}, want: `
remove real server udp 192.0.2.1:53 198.51.100.21:53 dr weight 10: no longer in the configuration
remove real server udp 192.0.2.1:53 198.51.100.22:53 dr weight 20: no longer in the configuration
remove service udp 192.0.2.1:53: no longer in the configuration
`},
		{name: "blocked by BFD", conf: "bfd_instance x {\n neighbor_ip 198.51.100.21\n source_ip 198.51.100.1\n}\n" + strings.Replace(conf, "TCP_CHECK {", "BFD_CHECK {\n name x", 1), change: func(k *kerneltest.Kernel) { k.Entries = nil }, want: `
blocked virtual_server 192.0.2.1 53: /k.conf:12: BFD_CHECK: the BFD session belongs to keepalived; use another check
`},
		{name: "blocked by an unknown word", conf: strings.Replace(conf, "lb_kind DR", "lb_kind DR\n\tcolour blue", 1), change: func(k *kerneltest.Kernel) { k.Entries = nil }, want: `
blocked virtual_server 192.0.2.1 53: /k.conf:5: `},
		{name: "a mark for two families", conf: families, want: `
keep fwm 5 ipv6 is not in the kernel, and keepalived never adds it, because the virtual server at /k.conf:4 has this mark of the group for the other family: give the one at /k.conf:10 a virtual_server_group of its own, with the same marks
`},
		{name: "a mark for two families, added by hand", conf: families, change: func(k *kerneltest.Kernel) {
			k.Entries = append(k.Entries, ipvs.TableEntry{Service: ipvs.Service{ServiceKey: ipvs.Mark(ipvs.IPv6, 5), Scheduler: "rr", Netmask: ipvs.MaskBits(ipvs.IPv6, 128)}})
		}, want: `
add real server fwm 5 ipv6 [fd00::1]:0 dr weight 1: not in the kernel (/k.conf:13)
`},
		{name: "timeouts", conf: "global_defs {\n lvs_timeouts tcp 7200 udp 60\n}\n", change: func(k *kerneltest.Kernel) {
			k.Limits = ipvs.Timeouts{TCP: 9e11, TCPFin: 12e10, UDP: 3e11}
		}, want: `
set timeouts tcp 7200 tcpfin 120 udp 60: the kernel has tcp 900 tcpfin 120 udp 300 (/k.conf:2)
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.conf == "" {
				test.conf = conf
			}
			c := load(t, test.conf)
			k := programmed(t, c)
			if test.change != nil {
				test.change(k)
			}
			in := input(t, c, k)
			in.State = test.state
			if test.former != "" {
				in.Former = plan.NamesOf(load(t, test.former))
			}
			p := plan.Make(in)
			var got strings.Builder
			if err := p.WriteText(&got); err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimPrefix(test.want, "\n"); got.String() != want && !(strings.HasSuffix(want, ": ") && strings.HasPrefix(got.String(), want)) {
				t.Errorf("got\n%s\nwant\n%s", got.String(), want)
			}
			if p.Differs() != (test.want != "") {
				t.Errorf("differs: %t", p.Differs())
			}
		})
	}
}

// TestUncertainSequences: keepalived has lost count, and what it reads of the sequences depends on how often it was reloaded.
func TestUncertainSequences(t *testing.T) {
	text, err := os.ReadFile("../../keepalived/testdata/parity/sequences-lost.conf")
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := plan.Blocks(load(t, string(text)), plan.Options{SkipUnknown: true})
	if err != nil || len(blocks) == 0 {
		t.Fatalf("%v, %v", blocks, err)
	}
	for _, b := range blocks {
		if b.Name() != "virtual_server 192.0.2.2 443" || !strings.HasSuffix(b.Text, "correct the ~LST, then restart keepalived") {
			t.Errorf("%s: %s", b.Name(), b.Text)
		}
	}
}

// TestConverges plays every configuration of the parser's tests: what a plan does to a kernel leaves nothing to do, whether
// it starts from nothing or from another state, and a fault at any step is mended by the next look.
func TestConverges(t *testing.T) {
	files, err := filepath.Glob("../../keepalived/testdata/parity/*.conf")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c := load(t, string(text))
		if slices.ContainsFunc(c.Notes, func(n keepalived.Note) bool { return n.Kind == keepalived.Fatal }) {
			if _, err := plan.Blocks(c, plan.Options{}); err == nil {
				t.Errorf("%s: a configuration that keepalived does not start with is taken", name)
			}
			continue
		}
		k := programmed(t, c)
		foreign := ipvs.TableEntry{Service: ipvs.Service{ServiceKey: ipvs.Mark(ipvs.IPv4, 4711), Scheduler: "rr"}}
		k.Entries = append(k.Entries, foreign)
		for _, state := range states() {
			in := input(t, c, k)
			in.State = state
			n := len(plan.Make(in).Steps)
			for fail := range min(n, 12) { // each step fails once
				k.FailAt, k.Fault = fail+1, errors.New("out of memory")
				k.Writes = nil
				in := input(t, c, k)
				in.State = state
				if done, err := apply.Steps(t.Context(), k, plan.Make(in).Steps); len(k.Writes) == fail+1 && (done != fail || err == nil || !strings.Contains(err.Error(), fmt.Sprintf("step %d of", fail+1))) {
					t.Errorf("%s: fault at step %d: %d done, %v", name, fail+1, done, err)
				}
			}
			k.FailAt = 0
			in = input(t, c, k)
			in.State = state
			if _, err := apply.Steps(t.Context(), k, plan.Make(in).Steps); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			in = input(t, c, k)
			in.State = state
			if p := plan.Make(in); len(p.Steps) > 0 {
				t.Errorf("%s: still %d steps, such as %s", name, len(p.Steps), p.Steps[0])
			}
		}
		if e := k.Find(foreign.Service.ServiceKey); e == nil || e.Service != foreign.Service {
			t.Errorf("%s: the foreign service was touched", name)
		}
	}
}

func states() []keepalived.State {
	all := func(up bool, weight int) keepalived.State {
		return keepalived.State{Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
			return keepalived.Standing{Up: up, Weight: r.Weight.V + weight}
		}}
	}
	return []keepalived.State{all(false, 0), all(true, 3), down("10.0.0.1"), all(true, -1000), {}}
}

// TestAdopt: taken over from a table, present is up and absent is down.
func TestAdopt(t *testing.T) {
	c := load(t, conf)
	k := programmed(t, c)
	k.Entries[0].Destinations = k.Entries[0].Destinations[:1]
	in := input(t, c, k)
	in.State = plan.FromKernel(c, in.Names, in.Kernel)
	if p := plan.Make(in); p.Differs() {
		t.Errorf("taking over writes: %v", p.Steps)
	}
	k.Entries[0].Destinations[0].Weight = 0
	in = input(t, c, k)
	in.State = plan.FromKernel(c, in.Names, in.Kernel)
	v := &c.VirtualServers[0]
	for i := range v.RealServers {
		if in.State.Server(v, &v.RealServers[i]).Up {
			t.Errorf("%s is taken for up", v.RealServers[i].Addr)
		}
	}
}

func TestUDPWarnings(t *testing.T) {
	inhibited := strings.Replace(conf, "lb_kind DR", "lb_kind DR\n\tinhibit_on_failure", 1)
	for _, test := range []struct {
		name, conf string
		want       int
	}{
		{"fine", conf, 0},
		{"inhibit", inhibited, 1},
		{"persistent", strings.Replace(inhibited, "lb_kind DR", "lb_kind DR\n\tpersistence_timeout 60", 1), 1},
		{"tcp", strings.Replace(inhibited, "UDP", "TCP", 1), 0},
		{"ops", strings.Replace(inhibited, "lb_algo wrr", "lb_algo wrr\n\tops", 1), 0},
	} {
		if got := plan.UDPWarnings(load(t, test.conf)); len(got) != test.want {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}
