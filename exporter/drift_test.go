package exporter

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestOldBelief has the kernel change between two state dumps, as it does whenever a check fails.
func TestOldBelief(t *testing.T) {
	service := ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53"))
	server := ipvs.Destination{DestinationKey: ipvs.To(netip.MustParseAddrPort("198.51.100.1:53")), Forward: ipvs.DR, Weight: 9}
	said := func(up bool) *keepalived.Belief {
		return &keepalived.Belief{VirtualServers: []keepalived.BelievedVS{{
			Name:   keepalived.VSName{Addr: service.Addr, Port: 53, Protocol: keepalived.UDP},
			Family: keepalived.IPv4, Scheduler: "wrr", Alive: true, QuorumUp: up, Quorum: 1,
			RealServers: []keepalived.BelievedRS{{
				Name: keepalived.RSName{Addr: server.Addr, Port: 53}, Weight: 9, InitialWeight: 9, EffectiveWeight: 9, Alive: up, Set: up, Method: keepalived.DR,
			}},
		}}}
	}
	var belief *keepalived.Belief
	r := newRig(t, func(c *Config) {
		c.Belief = func(context.Context, *keepalived.Config) (*keepalived.Belief, error) { return belief, nil }
		c.compare = nil
	})
	for i, step := range []struct {
		what   string
		in     bool // the kernel
		belief *keepalived.Belief
		want   string
	}{
		{"all is well", true, said(true), ""},
		{"its check fails, and keepalived was not asked again", false, nil, "real_server_down"},
		{"keepalived was asked", false, said(false), "real_server_down"},
		{"its check passes", true, nil, ""},
		{"keepalived was asked", true, said(true), ""},
		{"somebody removes it", false, nil, "real_server_down"},
		{"keepalived was asked, and has it in service", false, said(true), "real_server_missing"},
		{"a moment later", false, nil, "real_server_missing"},
		{"somebody adds it again", true, nil, ""},
		{"its check fails before keepalived is asked again", false, nil, "real_server_down"},
	} {
		if step.belief != nil {
			belief = step.belief
		}
		r.kernel.set(func(f *fakeKernel) {
			f.table = ipvs.Table{Entries: []ipvs.TableEntry{{Service: ipvs.Service{ServiceKey: service, Scheduler: "wrr", Flags: ipvs.OnePacket}}}}
			if step.in {
				f.table.Entries[0].Destinations = []ipvs.Destination{server}
			}
		})
		r.clock.pass(3 * time.Second)
		got := ""
		for _, d := range r.State(t.Context()).Drift {
			if slices.Contains([]string{string(drift.ServerDown), string(drift.ServerMissing), string(drift.ServerServing), string(drift.Weight)}, d.Kind) {
				got += d.Kind
			}
		}
		if got != step.want {
			t.Errorf("%d, %s: %q, want %q", i+1, step.what, got, step.want)
		}
	}
}

// TestTold has keepalived say in its FIFO that a real server has failed: drift gives it as the reason, also where keepalived is not asked.
func TestTold(t *testing.T) {
	r := newRig(t, func(c *Config) { c.compare = nil })
	r.kernel.set(func(f *fakeKernel) {
		f.table = ipvs.Table{Entries: []ipvs.TableEntry{{Service: ipvs.Service{
			ServiceKey: ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53")), Scheduler: "wrr", Flags: ipvs.OnePacket,
		}}}}
	})
	for _, d := range r.State(t.Context()).Drift {
		if d.Kind == string(drift.ServerDown) && strings.HasSuffix(d.Text, "is not in the kernel: its check fails, as keepalived said at 2026-01-02T03:03:24Z") {
			return
		}
	}
	t.Errorf("%+v", r.State(t.Context()).Drift)
}

// TestFlowSettings: what the kernel will do to clients is read at each look, from where everybody may.
func TestFlowSettings(t *testing.T) {
	conf := strings.Replace(rigConfig, "  ops\n", "  persistence_timeout 60\n  inhibit_on_failure\n", 1)
	r := newRig(t, func(c *Config) {
		c.compare = nil
		c.Configuration = func() (*keepalived.Config, error) {
			return keepalived.Load("/keepalived.conf", keepalived.Options{FS: fstest.MapFS{"keepalived.conf": {Data: []byte(conf), Mode: 0o644}}, Version: "2.2.7"})
		}
	})
	r.kernel.err = ipvs.ErrPermission
	for _, test := range []struct{ nodest, quiescent, want string }{
		{"1", "1", ""},
		{"0", "1", "flows_outlive_server"},
		{"1", "0", "persistence_to_weight_zero"},
	} {
		r.sysctl(t, "expire_nodest_conn", test.nodest)
		r.sysctl(t, "expire_quiescent_template", test.quiescent)
		r.clock.pass(3 * time.Second)
		got := ""
		for _, d := range r.State(t.Context()).Drift {
			if d.Kind == string(drift.FlowsOutlive) || d.Kind == string(drift.PersistentToZero) {
				got += d.Kind
				if !d.Command() {
					t.Errorf("not to be pasted: %s", d.Mend)
				}
			}
		}
		if got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}
