package drift_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// TestPersistentToZero: persistence, a server that has or may get weight 0, and the kernel's default. Each of the three is needed.
func TestPersistentToZero(t *testing.T) {
	const none = ""
	for _, test := range []struct {
		name string
		edit func(*scene)
		want string
	}{
		{"inhibit_on_failure", (*scene).inhibits, "real server 198.51.100.21:53 gets weight 0 when its check fails (inhibit_on_failure)"},
		{"a dynamic check", func(s *scene) { s.edit("misc_timeout 5", "misc_timeout 5\nmisc_dynamic") }, "real server 198.51.100.21:53 may get weight 0 by its check"},
		{"dead now", func(s *scene) {
			s.inhibits()
			s.fails(second)
			s.believed(second).Set, s.kernel(second).Weight = true, 0
		}, "real server 198.51.100.22:53 has weight 0 now"},
		{"weight 0 by hand", func(s *scene) { s.kernel(first).Weight = 0 }, "real server 198.51.100.21:53 has weight 0 now"},
		{"nobody knows what keepalived believes, and the kernel is read as nobody", func(s *scene) {
			s.inhibits()
			s.forget()
			s.input.Limited = true
		}, "inhibit_on_failure"},
		{"a failed server is removed", func(*scene) {}, none},
		{"inhibit_on_failure, and nothing checks it", func(s *scene) {
			s.inhibits()
			s.conf = strings.NewReplacer("MISC_CHECK {", "", "\t\t}\n\t}", "\t}", "misc_path", "#", "misc_timeout", "#").Replace(s.conf)
		}, none},
		{"not persistent", func(s *scene) { s.inhibits(); s.edit("persistence_timeout 60", "") }, none},
		{"expire_quiescent_template is 1, or not known", func(s *scene) { s.inhibits(); s.input.Flows.KeepsQuiescent = false }, none},
	} {
		s := healthy()
		s.input.Flows.KeepsQuiescent = true
		test.edit(s)
		d := s.only(t, drift.PersistentToZero)
		switch {
		case (d != nil) != (test.want != none):
			t.Errorf("%s: %v", test.name, d)
		case d == nil:
		case !strings.Contains(d.Text, test.want) || !strings.HasPrefix(d.Mend, "sysctl -w net.ipv4.vs.expire_quiescent_template=1 #") || d.Labels().VIP != "192.0.2.1":
			t.Errorf("%s: %s", test.name, d.Sentence())
		}
	}
}

// TestFlowsOutlive: expire_nodest_conn=0 matters where there are flows of UDP.
func TestFlowsOutlive(t *testing.T) {
	for name, test := range map[string]struct {
		old, new string
		want     bool
	}{
		"UDP":            {"", "", true},
		"mark":           {"virtual_server 192.0.2.1 53", "virtual_server fwmark 7", true},
		"TCP":            {"protocol UDP", "protocol TCP", false},
		"SCTP":           {"protocol UDP", "protocol SCTP", false},
		"no flows":       {"protocol UDP", "protocol UDP\nops", false},
		"no protocol":    {"protocol UDP", "", true}, // UDP to keepalived
		"no virtual one": {conf, "", false},
	} {
		s := healthy()
		s.input.Flows.KeepsRemoved = true
		s.edit(test.old, test.new)
		d := s.only(t, drift.FlowsOutlive)
		if (d != nil) != test.want {
			t.Errorf("%s: %v, want %t", name, d, test.want)
		}
		if d != nil && (!strings.HasPrefix(d.Mend, "sysctl -w net.ipv4.vs.expire_nodest_conn=1 #") || d.Labels() != (lvs.Labels{})) {
			t.Errorf("%s: %s", name, d.Sentence())
		}
	}
}

// TestFlowSettings has configurations that are about to be carried out.
func TestFlowSettings(t *testing.T) {
	unset := host.FlowSysctls{KeepsRemoved: true, KeepsQuiescent: true}
	const persistent, inhibited = "persistence_timeout 60", "alpha\ninhibit_on_failure"
	for _, test := range []struct {
		name    string
		edits   []string // old and new
		sysctls host.FlowSysctls
		want    []string
	}{
		{"fine", []string{persistent, ""}, host.FlowSysctls{}, nil},
		{"sysctl", []string{persistent, ""}, unset, []string{"flows_outlive_server"}},
		{"a server may get weight 0", []string{persistent, "", "alpha", inhibited}, unset, []string{"flows_outlive_server"}},
		{"persistent", []string{"alpha", inhibited}, unset, []string{"flows_outlive_server", "persistence_to_weight_zero"}},
		{"persistent, and the kernel lets go", []string{"alpha", inhibited}, host.FlowSysctls{}, nil},
		{"persistent, nothing gets weight 0", nil, unset, []string{"flows_outlive_server"}},
		{"tcp", []string{persistent, "", "UDP", "TCP"}, unset, nil},
		{"tcp, persistent", []string{"alpha", inhibited, "UDP", "TCP"}, unset, []string{"persistence_to_weight_zero"}},
		{"ops", []string{persistent, "", "lb_algo wrr", "lb_algo wrr\nops"}, unset, nil},
	} {
		s := healthy()
		for i := 0; i < len(test.edits); i += 2 {
			s.edit(test.edits[i], test.edits[i+1])
		}
		s.load(t)
		if got := names(drift.FlowSettings(s.input.Config, test.sysctls)); !slices.Equal(got, append([]string{}, test.want...)) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
