package guard_test

import (
	"net/netip"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

var (
	ours    = ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53"))
	second  = ipvs.At(ipvs.TCP, netip.MustParseAddrPort("192.0.2.1:53"))
	theirs  = ipvs.Mark(ipvs.IPv4, 7)
	service = ipvs.Service{ServiceKey: ours, Scheduler: "rr"}
	other   = ipvs.Service{ServiceKey: ours, Scheduler: "wrr"}
)

// rs is a real server, by the last number of its address, with a weight.
func rs(last byte, weight uint32) ipvs.Destination {
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, last}), 53)
	return ipvs.Destination{DestinationKey: ipvs.To(at), Forward: ipvs.DR, Weight: weight}
}

// has is a table in which a service has these real servers.
func has(s ipvs.Service, servers ...ipvs.Destination) ipvs.Table {
	return ipvs.Table{Entries: []ipvs.TableEntry{{Service: s, Destinations: servers}}}
}

// TestWrote: what we have written ourselves is nobody else's hand, and if it is undone it is.
func TestWrote(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after ipvs.Table
		step          plan.Step
		undone        string // what is said if the table is as before, all the same
	}{
		{
			"a service is added", ipvs.Table{}, has(service), plan.Step{Action: plan.AddService, Service: &service},
			"udp 192.0.2.1:53 was removed",
		},
		{
			"its settings are changed", has(service, rs(21, 1)), has(other, rs(21, 1)),
			plan.Step{Action: plan.SetService, Service: &other}, "udp 192.0.2.1:53: its settings were changed",
		},
		{
			"a service is removed", has(service, rs(21, 1)), ipvs.Table{},
			plan.Step{Action: plan.RemoveService, Service: &service}, "udp 192.0.2.1:53 was added",
		},
		{
			"a real server is added", has(service, rs(21, 1)), has(service, rs(21, 1), rs(22, 1)),
			plan.Step{Action: plan.AddServer, Service: &service, Server: rs(22, 1)},
			"udp 192.0.2.1:53: real server 198.51.100.22:53 was removed",
		},
		{
			"a weight is changed", has(service, rs(21, 1), rs(22, 1)), has(service, rs(21, 1), rs(22, 0)),
			plan.Step{Action: plan.SetServer, Service: &service, Server: rs(22, 0)},
			"udp 192.0.2.1:53: real server 198.51.100.22:53 was changed",
		},
		{
			"a real server is removed", has(service, rs(21, 1), rs(22, 1)), has(service, rs(21, 1)),
			plan.Step{Action: plan.RemoveServer, Service: &service, Server: rs(22, 1)},
			"udp 192.0.2.1:53: real server 198.51.100.22:53 was added",
		},
		{
			"timeouts, of no service", has(service, rs(21, 1)), has(service, rs(21, 1)),
			plan.Step{Action: plan.SetTimeouts, Service: &ipvs.Service{}}, "",
		},
		{
			"a service that is not ours", has(ipvs.Service{ServiceKey: theirs}), ipvs.Table{},
			plan.Step{Action: plan.RemoveService, Service: &ipvs.Service{ServiceKey: theirs}}, "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			names := plan.Names{ours: nil}
			left := guard.Leave(names, test.before)
			left.Wrote(test.step)
			if got := left.Foreign(test.after); got != "" {
				t.Errorf("our own step is said to be another's: %q", got)
			}
			left = guard.Leave(names, test.before)
			left.Wrote(test.step)
			if got := left.Foreign(test.before); got != test.undone {
				t.Errorf("of a table as before it is said: %q, want %q", got, test.undone)
			}
		})
	}
}

// TestDoubt: of a step that ended with an error both outcomes are ours, and nothing else is.
func TestDoubt(t *testing.T) {
	before := has(service, rs(21, 1))
	addServer := plan.Step{Action: plan.AddServer, Service: &service, Server: rs(22, 1)}
	removeService := plan.Step{Action: plan.RemoveService, Service: &service}
	for _, test := range []struct {
		name        string
		before, now ipvs.Table
		doubted     plan.Step
		want        string
	}{
		{"a real server was added", before, has(service, rs(21, 1), rs(22, 1)), addServer, ""},
		{"it was not", before, before, addServer, ""},
		{
			"it was, with another weight", before, has(service, rs(21, 1), rs(22, 9)), addServer,
			"udp 192.0.2.1:53: real server 198.51.100.22:53 was added",
		},
		{
			"another one was", before, has(service, rs(21, 1), rs(23, 1)), addServer,
			"udp 192.0.2.1:53: real server 198.51.100.23:53 was added",
		},
		{
			"it was, and another is gone", before, has(service, rs(22, 1)), addServer,
			"udp 192.0.2.1:53: real server 198.51.100.21:53 was removed",
		},
		{"the service was removed instead", before, ipvs.Table{}, addServer, "udp 192.0.2.1:53 was removed"},
		{"the service was removed", before, ipvs.Table{}, removeService, ""},
		{"the service was not removed", before, before, removeService, ""},
		{
			"the service was changed instead", before, has(other, rs(21, 1)), removeService,
			"udp 192.0.2.1:53: its settings were changed",
		},
		{"the service was added", ipvs.Table{}, has(service), plan.Step{Action: plan.AddService, Service: &service}, ""},
		{
			"the service was added, and a real server in it", ipvs.Table{}, before,
			plan.Step{Action: plan.AddService, Service: &service}, "udp 192.0.2.1:53 was added",
		},
		{
			"a service without a doubt", before, has(other, rs(21, 1)),
			plan.Step{Action: plan.AddService, Service: &ipvs.Service{ServiceKey: second}}, "udp 192.0.2.1:53: its settings were changed",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			left := guard.Leave(plan.Names{ours: nil, second: nil}, test.before)
			left.Doubt(test.doubted)
			if got := left.Foreign(test.now); got != test.want {
				t.Errorf("it is said: %q, want %q", got, test.want)
			}
		})
	}
	// The next look ends it: what the step has not done by then is another's.
	done := has(service, rs(21, 1), rs(22, 1))
	for _, test := range []struct {
		name        string
		first, then ipvs.Table
		want        string
	}{
		{"done, then undone", done, before, "udp 192.0.2.1:53: real server 198.51.100.22:53 was removed"},
		{"not done, then done", before, done, "udp 192.0.2.1:53: real server 198.51.100.22:53 was added"},
	} {
		left := guard.Leave(plan.Names{ours: nil}, before)
		left.Doubt(addServer)
		if first, then := left.Foreign(test.first), left.Foreign(test.then); first != "" || then != test.want {
			t.Errorf("%s: it is said: %q, %q; want nothing, %q", test.name, first, then, test.want)
		}
	}
}

// TestDoubtStays: a look that shows another's hand does not settle what our own step has done.
func TestDoubtStays(t *testing.T) {
	before := has(service, rs(21, 1))
	left := guard.Leave(plan.Names{ours: nil}, before)
	left.Doubt(plan.Step{Action: plan.SetServer, Service: &service, Server: rs(21, 5)})
	const want = "udp 192.0.2.1:53: its settings were changed"
	if got := left.Foreign(has(other, rs(21, 1))); got != want {
		t.Errorf("it is said: %q, want %q", got, want)
	}
	if got := left.Foreign(before); got != "" {
		t.Errorf("of the table without our step: %q", got)
	}
}

// TestEverySetting: another's hand is seen in each setting of a real server, and not in the order in which the kernel lists them.
func TestEverySetting(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*ipvs.Destination)
		want   string
	}{
		{"the order alone", func(*ipvs.Destination) {}, ""},
		{"connections", func(d *ipvs.Destination) { d.Active, d.Inactive = 3, 4 }, ""},
		{"the way there", func(d *ipvs.Destination) { d.Forward = ipvs.Masq }, "was changed"},
		{"the tunnel", func(d *ipvs.Destination) { d.Tunnel.Port = 6080 }, "was changed"},
		{"the upper threshold", func(d *ipvs.Destination) { d.UpperThreshold = 9 }, "was changed"},
		{"the lower threshold", func(d *ipvs.Destination) { d.LowerThreshold = 9 }, "was changed"},
		{"the port", func(d *ipvs.Destination) { d.Port = 5353 }, "was removed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			left := guard.Leave(plan.Names{ours: nil}, has(service, rs(21, 1), rs(22, 1)))
			changed := rs(22, 1)
			test.change(&changed)
			want := test.want
			if want != "" {
				want = "udp 192.0.2.1:53: real server 198.51.100.22:53 " + want
			}
			if got := left.Foreign(has(service, changed, rs(21, 1))); got != want {
				t.Errorf("it is said: %q, want %q", got, want)
			}
		})
	}
	gone := has(service, rs(21, 1))
	gone.Entries[0].Gone = true
	if got := guard.Leave(plan.Names{ours: nil}, has(service, rs(21, 1))).Foreign(gone); got != "udp 192.0.2.1:53 was removed" {
		t.Errorf("of a service that went while it was read: %q", got)
	}
}
