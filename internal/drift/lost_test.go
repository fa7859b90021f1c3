package drift_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// spoiltBlocks lose whole blocks, or the state dump.
var spoiltBlocks = []spoiling{
	{"virtual server lost", func(s *scene) {
		s.edit("192.0.2.1 53", "192.0.2.1:53")
		s.input.Belief, s.input.Kernel = &keepalived.Belief{}, ipvs.Table{}
	}, []string{"configuration_lost"}},
	{"virtual server lost, not reloaded", func(s *scene) { s.edit("192.0.2.1 53", "192.0.2.1:53") }, []string{"configuration_lost", "not_reloaded"}},
	{"virtual server lost, belief unknown", func(s *scene) { s.edit("192.0.2.1 53", "192.0.2.1:53"); s.forget() },
		[]string{"configuration_lost", "virtual_server_extra"}},
	{"real server lost", func(s *scene) {
		s.edit("198.51.100.21 53", "198.51.100.21:53")
		s.remove(first)
		s.drops(first)
		s.virtual().RealServers = s.virtual().RealServers[1:]
	}, []string{"configuration_lost"}},
	{"real server lost, not reloaded", func(s *scene) { s.edit("198.51.100.21 53", "198.51.100.21:53") }, []string{"configuration_lost", "not_reloaded"}},
	{"real server lost, belief unknown", func(s *scene) { s.edit("198.51.100.21 53", "198.51.100.21:53"); s.forget() },
		[]string{"configuration_lost", "real_server_extra 21"}},
	{"a brace too few", func(s *scene) {
		s.edit("misc_timeout 5\n\t\t}\n\t}", "misc_timeout 5\n\t\t}")
		s.forget()
		s.remove(second)
	}, []string{"configuration_lost", "configuration_ignored", "configuration_ignored", "weight 21"}},
	{"an instance lost", func(s *scene) { s.edit("virtual_server", "vrrp_instance A B {\n}\nvirtual_server") }, []string{"configuration_lost"}},
	{"empty dump, nothing configured", func(s *scene) {
		s.conf = "global_defs {\n}\n"
		s.input.Belief, s.input.Kernel = &keepalived.Belief{}, ipvs.Table{}
	}, nil},
	{"empty dump", func(s *scene) { s.input.Belief = &keepalived.Belief{} }, []string{"not_reloaded"}},
	{"keepalived does not answer", func(s *scene) { s.forget(); s.input.Absent = errors.New("it was not written") }, []string{"state_dump_absent"}},
	{"no dump in the file", func(s *scene) {
		b := keepalived.ParseBelief("")
		s.input.Belief = &b
	}, []string{"state_dump_unread"}},
}

// twoFamilies has a mark of which keepalived never makes the IPv6 service.
const twoFamilies = `virtual_server_group M {
	fwmark 40
}
virtual_server group M {
	lvs_method DR
	real_server 198.51.100.21 {
		weight 1
	}
}
virtual_server group M {
	lvs_method DR
	real_server 2001:db8::21 {
		weight 1
	}
}
`

// TestConfigurationIsWhy: where the configuration itself keeps keepalived from adding a service, a restart does not help.
func TestConfigurationIsWhy(t *testing.T) {
	s := healthy()
	s.conf = twoFamilies
	s.forget()
	s.input.Kernel = ipvs.Table{}
	const want = "give the IPv6 virtual server a virtual_server_group of its own, with the same marks, then reload keepalived"
	missing, lost := "", ""
	for _, d := range s.compare(t) {
		switch {
		case d.Kind == drift.ServiceMissing && d.Service.Family == ipvs.IPv6:
			missing = d.Mend
		case d.Kind == drift.ConfigLost:
			lost = d.Mend
		}
	}
	if missing != want || lost != want {
		t.Errorf("missing: mend %q\nlost: mend %q\nwant %q", missing, lost, want)
	}
	// In the other order keepalived adds both.
	blocks := strings.SplitAfter(twoFamilies, "\n}\n")
	s.conf = blocks[0] + blocks[2] + blocks[1]
	for _, d := range s.compare(t) {
		if d.Kind == drift.ConfigLost {
			t.Errorf("the other order: %s", d.Sentence())
		}
	}
}

// TestMendByRestart: a reload does not set right what outlives the reading of a configuration, and nothing sends anybody to one for it.
func TestMendByRestart(t *testing.T) {
	s := healthy()
	s.conf = "~LST(P, 80, 443\n" + s.conf + "~SEQ(N, 1, 2) virtual_server 192.0.2.$N 80 { real_server 198.51.100.1 80 { weight 1 } }\n"
	said := 0
	for _, d := range s.compare(t) {
		if !strings.Contains(d.Text, "~LST") {
			continue
		}
		if said++; !strings.HasSuffix(d.Mend, "then restart keepalived") || strings.Contains(d.Mend, "reload") {
			t.Error(d.Sentence())
		}
	}
	if said != 2 { // the line itself, and the sequence that it displaces
		t.Errorf("it is said %d times", said)
	}
}

// TestReloadHurts: as long as a block is lost, or nothing can be loaded, no advice sends anybody to a reload first.
func TestReloadHurts(t *testing.T) {
	for _, test := range spoilt {
		for _, lost := range []string{"virtual_server 192.0.2.9:53 {\n}\n", "virtual_server\n"} {
			s := healthy()
			test.spoil(s)
			s.conf += lost
			for _, d := range s.compare(t) {
				reload := strings.Contains(d.Mend, "reload keepalived") || strings.Contains(d.Mend, "restart keepalived")
				if reload && !strings.HasPrefix(string(d.Kind), "configuration") && !strings.HasPrefix(d.Mend, "first correct ") {
					t.Errorf("%s, and %q: %s", test.name, lost, d.Sentence())
				}
			}
		}
	}
}

// TestMalformedSequenceIsTheCause: what a malformed ~LST displaces is missing for its sake, and no command by hand is offered for it.
func TestMalformedSequenceIsTheCause(t *testing.T) {
	s := healthy()
	s.conf = "virtual_server 192.0.2.1 80 {\nprotocol TCP\n~SEQ(N, 1, 3) real_server 198.51.100.$N 80 { weight $N }\n}\n~LST(P, 80, 443\n" +
		"virtual_server 192.0.2.2 443 {\nprotocol TCP\n~SEQ(N, 1, 2) real_server 198.51.100.$N 443 { weight 1 }\n}\n"
	s.forget()
	s.input.Kernel = ipvs.Table{}
	missing := 0
	for _, d := range s.compare(t) {
		if d.Kind != drift.ServiceMissing {
			continue
		}
		missing++
		if !strings.HasPrefix(d.Mend, "first correct /etc/keepalived/keepalived.conf:5: ") || !strings.HasSuffix(d.Mend, "; then correct the ~LST, then restart keepalived") {
			t.Error(d.Sentence())
		}
	}
	if missing == 0 {
		t.Error("nothing is missing")
	}
}
