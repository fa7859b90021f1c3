package survey

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

const conf = `global_defs {
	lvs_timeouts udp 20
	lvs_sync_daemon eth0
}
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	real_server 198.51.100.21 53 {
		weight 10
		TCP_CHECK {
		}
	}
	real_server 198.51.100.22 53 {
		weight 10
		TCP_CHECK {
		}
	}
}
`

// kernel has the first real server alone, or nothing.
type kernel struct {
	err    error
	asked  []string
	absent bool
}

func (k *kernel) Snapshot(context.Context) (ipvs.Table, error) {
	k.asked = append(k.asked, "table")
	if k.absent {
		return ipvs.Table{}, ipvs.ErrAbsent
	}
	return ipvs.Table{Entries: []ipvs.TableEntry{{
		Service:      ipvs.Service{ServiceKey: ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53")), Scheduler: "rr", Netmask: ipvs.MaskBits(ipvs.IPv4, 32)},
		Destinations: []ipvs.Destination{{DestinationKey: ipvs.To(netip.MustParseAddrPort("198.51.100.21:53")), Forward: ipvs.DR, Weight: 10}},
	}}}, nil
}

func (k *kernel) Timeouts(context.Context) (ipvs.Timeouts, error) {
	k.asked = append(k.asked, "timeouts")
	return ipvs.Timeouts{UDP: 20e9}, k.err
}

func (k *kernel) Daemons(context.Context) ([]ipvs.Daemon, error) {
	k.asked = append(k.asked, "daemons")
	return []ipvs.Daemon{{Role: ipvs.Master, Interface: "eth0"}, {Role: ipvs.Backup, Interface: "eth0"}}, nil
}

func TestCompare(t *testing.T) {
	dump := func(second bool) *keepalived.Belief {
		at := netip.MustParseAddr("192.0.2.1")
		v := keepalived.BelievedVS{Name: keepalived.VSName{Addr: at, Port: 53, Protocol: keepalived.UDP}, Family: keepalived.IPv4, QuorumUp: true}
		for i, addr := range []string{"198.51.100.21", "198.51.100.22"} {
			v.RealServers = append(v.RealServers, keepalived.BelievedRS{
				Name: keepalived.RSName{Addr: netip.MustParseAddr(addr), Port: 53}, Alive: i == 0 || second, EffectiveWeight: 10,
			})
		}
		return &keepalived.Belief{VirtualServers: []keepalived.BelievedVS{v}}
	}
	refused := errors.New("refused")
	for _, tt := range []struct {
		name   string
		kernel kernel
		plain  bool // without what takes more than the table
		health Health
		dump   *keepalived.Belief
		want   string // the actions
		err    string
		asked  string
	}{
		{name: "as configured", health: Configured, want: "add_real_server", asked: "table timeouts daemons"},
		{name: "what is not configured is not asked for", plain: true, health: Configured, want: "add_real_server", asked: "table"},
		{name: "as it serves", health: Serving, asked: "table timeouts daemons"},
		{name: "as keepalived believes, and the kernel has", health: Believed, dump: dump(false), asked: "table timeouts daemons"},
		{name: "as keepalived believes, and the kernel has not", health: Believed, dump: dump(true), want: "add_real_server", asked: "table timeouts daemons"},
		{name: "a keepalived without virtual servers", health: Believed, dump: &keepalived.Belief{}, err: "names no virtual server", asked: "table timeouts daemons"},
		{name: "no IPVS", kernel: kernel{absent: true}, health: Configured, want: "set_timeouts start_sync_daemon start_sync_daemon add_service add_real_server add_real_server", asked: "table"},
		{name: "the kernel does not answer", kernel: kernel{err: refused}, health: Configured, err: "refused", asked: "table timeouts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := conf
			if tt.plain {
				_, text, _ = strings.Cut(conf, "\n}\n")
			}
			c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text)}}, ConfigID: "x"})
			if err != nil {
				t.Fatal(err)
			}
			p, err := compare(t.Context(), &tt.kernel, plan.Input{Config: c}, tt.health, tt.dump)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%v, want %q", err, tt.err)
			}
			var actions []string
			for _, s := range p.Steps {
				actions = append(actions, string(s.Action))
			}
			if got := strings.Join(actions, " "); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if got := strings.Join(tt.kernel.asked, " "); got != tt.asked {
				t.Errorf("asked %s, want %s", got, tt.asked)
			}
		})
	}
}

func TestStatusText(t *testing.T) {
	for _, tt := range []struct {
		fallback, keepalived int
		plan                 plan.Plan
		want                 string
		differs              bool
	}{
		{0, 0, plan.Plan{}, "nobody programs IPVS; the kernel is as configured", false},
		{7, 0, plan.Plan{}, "lvsdns-fallback (pid 7) programs IPVS; the kernel is as configured", false},
		{0, 8, plan.Plan{}, "keepalived (pid 8) programs IPVS; the kernel is as configured", false},
		{7, 8, plan.Plan{}, "lvsdns-fallback (pid 7) and keepalived (pid 8) both run; the kernel is as configured", false},
		{0, 8, plan.Plan{Steps: make([]plan.Step, 2), Blocked: make([]plan.Block, 1)}, "keepalived (pid 8) programs IPVS; the kernel differs from the configuration with all real servers up: 2 steps, 0 kept, 1 blocked; lvsdns-fallback plan lists them", true},
		{0, 0, plan.Plan{Kept: make([]plan.Kept, 1)}, "nobody programs IPVS; the kernel differs from the configuration with all real servers up: 0 steps, 1 kept, 0 blocked; lvsdns-fallback plan lists them", true},
	} {
		s := Status{Fallback: tt.fallback, Keepalived: tt.keepalived}
		if s.compared(tt.plan); s.Text != tt.want || s.Differs() != tt.differs {
			t.Errorf("%q, %v; want %q", s.Text, s.Differs(), tt.want)
		}
	}
}
