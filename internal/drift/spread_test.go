package drift_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/drift"
)

// schedules sets another scheduler everywhere, with words such as "ops" behind it.
func (s *scene) schedules(scheduler string, words ...string) {
	s.edit("lb_algo wrr", "lb_algo "+scheduler+"\n"+strings.Join(words, "\n"))
	s.service().Service.Scheduler, s.virtual().Scheduler = scheduler, scheduler
}

// inhibits has a failed real server stay with weight 0.
func (s *scene) inhibits() {
	s.edit("alpha", "alpha\ninhibit_on_failure")
	for i := range 2 {
		s.believed(i).Inhibit = true
	}
}

// only is the one difference of this kind, nil if there is none.
func (s *scene) only(t *testing.T, kind drift.Kind) *drift.Difference {
	t.Helper()
	var one *drift.Difference
	for _, d := range s.compare(t) {
		if d.Kind != kind {
			continue
		}
		if one != nil {
			t.Errorf("said twice: %s", d.Sentence())
		}
		one = &d
	}
	return one
}

// TestOneServer has every scheduler of keepalived in every arrangement. TestSpread in cmd/lvsdns measures the same in the kernel.
func TestOneServer(t *testing.T) {
	const udp, ops, tcp, mark, markOps = "UDP", "UDP ops", "TCP", "mark", "mark ops"
	toOne := map[string][]string{
		"rr": {}, "wrr": {}, "sh": {}, "mh": {}, "twos": {},
		"fo":  {}, // this is what it is for
		"wlc": {ops, markOps}, "lc": {ops, markOps},
		"sed": {udp, ops, mark, markOps}, "nq": {udp, ops, mark, markOps}, "ovf": {udp, ops, mark, markOps},
		"dh": {udp, ops, tcp}, "lblc": {udp, ops, tcp}, "lblcr": {udp, ops, tcp},
	}
	for scheduler, all := range toOne {
		for _, how := range []string{udp, ops, tcp, mark, markOps} {
			s := healthy()
			s.edit("lb_algo wrr", "lb_algo "+scheduler)
			switch how {
			case tcp:
				s.edit("protocol UDP", "protocol TCP")
			case ops, markOps:
				s.edit("protocol UDP", "protocol UDP\nops")
			}
			if strings.HasPrefix(how, mark) {
				s.edit("virtual_server 192.0.2.1 53", "virtual_server fwmark 7")
			}
			d := s.only(t, drift.OneServer)
			want := strings.Contains(" "+strings.Join(all, ", ")+",", " "+how+",")
			if (d != nil) != want {
				t.Errorf("%s, %s: %v, want %t", scheduler, how, d, want)
			}
			if d != nil && (!strings.Contains(d.Text, "one of its 2 real servers") || strings.Contains(d.Text, "all queries over UDP") != strings.HasPrefix(how, mark) || !strings.Contains(d.Text, scheduler) || !strings.HasPrefix(d.Mend, "set lb_algo wrr") || d.Pos.Line != 5) {
				t.Errorf("%s, %s: %s", scheduler, how, d.Sentence())
			}
		}
	}
}

// TestOneServerOfOne: where there is no other server, or no other is meant to serve, nothing is amiss.
func TestOneServerOfOne(t *testing.T) {
	for name, edit := range map[string]func(*scene){
		"another with weight 0":  func(s *scene) { s.edit("weight 20", "weight 0") },
		"another is a sorry one": func(s *scene) { s.sorry(true); s.edit("weight 20", "weight 0") },
		"TCP":                    func(s *scene) { s.edit("protocol UDP", "protocol TCP") },
	} {
		s := healthy()
		s.schedules("nq")
		edit(s)
		if d := s.only(t, drift.OneServer); d != nil {
			t.Errorf("%s: %s", name, d.Sentence())
		}
	}
	s := healthy()
	s.schedules("nq")
	s.editAll("weight 20", "weight 0\n#")
	s.edit("misc_path \"/usr/bin/lvsdns-check 198.51.100.22\"", "misc_path \"/usr/bin/lvsdns-check 198.51.100.22\"\nmisc_dynamic")
	if s.only(t, drift.OneServer) == nil {
		t.Error("the check of another may raise it from 0")
	}
}

func TestHashToZero(t *testing.T) {
	dynamic := func(s *scene) { s.edit("misc_timeout 5", "misc_timeout 5\nmisc_dynamic") }
	for i, test := range []struct {
		scheduler string
		words     string
		edit      func(*scene)
		want      bool
	}{
		{"sh", "", (*scene).inhibits, true},
		{"mh", "", (*scene).inhibits, true},
		{"sh", "sh-port", dynamic, true},
		{"mh", "mh-port", dynamic, true},
		{"sh", "sh-fallback", (*scene).inhibits, false},
		{"mh", "mh-fallback", (*scene).inhibits, false},
		{"sh", "", func(*scene) {}, false}, // a failed server is removed, and its clients go to the others
		{"wrr", "", (*scene).inhibits, false},
		{"sh", "", func(s *scene) { s.edit("weight 20", "weight 0") }, false}, // no other to go to
	} {
		s := healthy()
		s.schedules(test.scheduler, test.words)
		test.edit(s)
		d := s.only(t, drift.HashToZero)
		if (d != nil) != test.want {
			t.Errorf("%d: %v, want %t", i, d, test.want)
		}
		if want := fmt.Sprintf("set %s-fallback", test.scheduler); d != nil && (!strings.HasPrefix(d.Mend, want) || !strings.Contains(d.Text, "198.51.100.21:53")) {
			t.Errorf("%d: %s", i, d.Sentence())
		}
	}
}
