package act

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/notify"
)

// TestMatches: which rule is for whom.
func TestMatches(t *testing.T) {
	master := []notify.State{notify.Master}
	known, unknown := &notify.Document{Configured: configured()}, &notify.Document{}
	host := notify.Subject{Kind: notify.Host}
	for _, tt := range []struct {
		name  string
		rule  Rule
		d     *notify.Document
		s     notify.Subject
		state notify.State
		want  bool
	}{
		{"every instance", Rule{States: master}, known, dns, notify.Master, true},
		{"another state", Rule{States: master}, known, dns, notify.Backup, false},
		{"no state", Rule{}, known, dns, notify.Master, false},
		{"no group, if it names none", Rule{States: master}, known, vg, notify.Master, false},
		{"its instance", Rule{Instances: []string{"X", "VI_DNS"}, States: master}, known, dns, notify.Master, true},
		{"another instance", Rule{Instances: []string{"X"}, States: master}, known, dns, notify.Master, false},
		{"a group of the name of an instance", Rule{Groups: []string{"VI_DNS"}, States: master}, known, dns, notify.Master, false},
		{"its group", Rule{Groups: []string{"VG"}, States: master}, known, vg, notify.Master, true},
		{"an instance of the name of a group", Rule{Instances: []string{"VG"}, States: master}, known, vg, notify.Master, false},
		{"nobody is named, and instances are known", Rule{States: master}, known, host, notify.Master, false},
		{"nobody is named, and nobody is known", Rule{States: master}, unknown, host, notify.Master, true},
		{"nobody is named, and the rule names one", Rule{Instances: []string{"VI_DNS"}, States: master}, unknown, host, notify.Master, false},
	} {
		if got := tt.rule.matches(tt.d, tt.s, tt.state); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// TestAddressesOf: an action is told the addresses of an instance, of all instances of a group, or of all.
func TestAddressesOf(t *testing.T) {
	known := &notify.Document{Configured: configured()}
	for _, tt := range []struct {
		d    *notify.Document
		s    notify.Subject
		want string
	}{
		{known, dns, "192.0.2.53"},
		{known, vg, "192.0.2.53 192.0.2.80"},
		{known, notify.Subject{Kind: notify.Host}, "192.0.2.53 192.0.2.80"},
		{known, notify.Subject{Kind: notify.Group, Name: "none"}, ""},
		{known, notify.Subject{Kind: notify.Instance, Name: "none"}, ""},
		{&notify.Document{}, dns, ""},
	} {
		var got []string
		for _, a := range addresses(tt.d, tt.s) {
			got = append(got, a.Addr.String())
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.s, got, tt.want)
		}
	}
	twice := Call{Addresses: []notify.Address{at("192.0.2.1"), {Addr: netip.MustParseAddr("192.0.2.1"), Interfaces: []string{"eth1"}}, at("192.0.2.2")}}
	if got := fmt.Sprint(twice.hosts()); got != "[192.0.2.1 192.0.2.2]" {
		t.Error(got)
	}
}

// TestAbout: of whom an event is about nobody knows for sure how they are.
func TestAbout(t *testing.T) {
	http, other := notify.Subject{Kind: notify.Instance, Name: "VI_HTTP"}, notify.Subject{Kind: notify.Instance, Name: "VI_OTHER"}
	group := notify.Subject{Kind: notify.Group, Name: "VG_OTHER"}
	known, unknown := &notify.Document{Configured: configured()}, &notify.Document{}
	for _, tt := range []struct {
		name string
		of   notify.Subject
		d    *notify.Document
		want string
	}{
		{"an instance", dns, known, "VI_DNS VG"},
		{"a group", vg, known, "VI_DNS VI_HTTP VG"},
		{"an instance of no group", other, known, "VI_OTHER"},
		{"the host", notify.Subject{Kind: notify.Host}, known, "VI_DNS VI_HTTP VI_OTHER VG VG_OTHER"},
		{"an instance, and nothing is known", dns, unknown, "VI_DNS"},
	} {
		doubt := about(&notify.Event{Subject: tt.of})
		var got []string
		for _, s := range []notify.Subject{dns, http, other, vg, group} {
			if doubt(tt.d, s) {
				got = append(got, s.Name)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
	if doubt := about(nil); !doubt(unknown, dns) || !doubt(known, vg) {
		t.Error("without an event all are in doubt")
	}
}

// TestPlanPartial: an instance that holds some of its addresses is acted on as keepalived says that it is.
func TestPlanPartial(t *testing.T) {
	two := configured()
	two.Instances[0].Addresses = append(two.Instances[0].Addresses, at("192.0.2.54"))
	rules := []Rule{
		{States: []notify.State{notify.Master}, Steps: []Step{{Name: "active"}}},
		{States: []notify.State{notify.Backup, notify.Fault}, Steps: []Step{{Name: "passive"}}},
		{States: []notify.State{notify.Partial}, Steps: []Step{{Name: "partial"}}},
	}
	for said, want := range map[notify.State]string{notify.Master: "active", notify.Backup: "passive", notify.Fault: "passive", "": "partial"} {
		d := &notify.Document{Configured: two}
		if said != "" {
			d.Add(notify.Event{Subject: dns, State: said})
		}
		d.Settle([]notify.Held{{Addr: netip.MustParseAddr("192.0.2.53"), Interface: "eth0"}}, began)
		for _, j := range Plan(d, rules, nil) {
			if j.Subject == dns && (len(j.Steps) != 1 || j.Steps[0].Name != want) {
				t.Errorf("keepalived says %q: %+v, want %s", said, j.Steps, want)
			}
		}
	}
}

// TestPlanNames: ten steps of a kind in the rules for one state have names of their own, by which results are kept.
func TestPlanNames(t *testing.T) {
	rule := Rule{States: []notify.State{notify.Backup}}
	for range 4 {
		rule.Steps = append(rule.Steps, Step{Name: "command"}, Step{Name: "sysctl"})
	}
	d := &notify.Document{Configured: configured()}
	d.Settle(nil, began)
	var names []string
	for _, s := range Plan(d, []Rule{rule}, nil)[0].Steps {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, ","); got != "command,sysctl,command 2,sysctl 2,command 3,sysctl 3,command 4,sysctl 4" {
		t.Error(got)
	}
}
