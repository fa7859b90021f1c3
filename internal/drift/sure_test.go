package drift_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestSure changes the kernel before and after keepalived has written its dump.
func TestSure(t *testing.T) {
	out := func(i int) func(*scene) { return func(s *scene) { s.remove(i) } }
	for _, tt := range []struct {
		name    string
		dump    func(*scene) // what keepalived believes
		before  func(*scene) // the kernel before that, and now
		now     func(*scene)
		certain []string
	}{
		{name: "nothing happens"},
		{name: "a check has failed since", now: out(first), certain: []string{"real_server_down 21"}},
		{name: "in service by the dump, out before", before: out(first), now: out(first), certain: []string{"real_server_missing 21"}},
		{name: "a check has passed since", dump: func(s *scene) { s.fails(first) }, before: out(first)},
		{name: "out by the dump, in before", dump: func(s *scene) { s.fails(first) }, certain: []string{"real_server_down_but_serving 21"}},
		{name: "mended since", before: out(first)},
		{name: "a hand in the table since", now: func(s *scene) { s.kernel(first).Weight = 11 }, certain: []string{"weight 21"}},
		{name: "drained since", now: func(s *scene) { s.edit("alpha", "alpha\ninhibit_on_failure"); s.kernel(first).Weight = 0 }, certain: []string{"real_server_down 21"}},
		{name: "what the kernel has no part in", dump: func(s *scene) { s.drops(first) }, now: out(second), certain: []string{"checker_dropped 21", "real_server_down 22"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := func(changes ...func(*scene)) []drift.Difference {
				s := healthy()
				for _, change := range changes {
					if change != nil {
						change(s)
					}
				}
				return s.compare(t)
			}
			got := names(drift.Sure(found(tt.now, tt.dump), found(tt.before, tt.dump), found(tt.now, (*scene).forget)))
			slices.Sort(got)
			if !slices.Equal(got, append([]string{}, tt.certain...)) {
				t.Errorf("got  %q\nwant %q", got, tt.certain)
			}
		})
	}
}

// TestSteady looks at a director again and again, and keepalived is asked in between.
func TestSteady(t *testing.T) {
	var s drift.Steady
	at := func(changes ...func(*scene)) drift.Input {
		d := healthy()
		for _, change := range changes {
			change(d)
		}
		d.load(t)
		return d.input
	}
	gone := func(d *scene) { d.remove(first) }
	var dump *keepalived.Belief
	for i, step := range []struct {
		what string
		in   drift.Input
		anew bool // keepalived has written its dump again
		want string
	}{
		{"the first look, with a dump: nobody knows how it was before", at(gone), true, "real_server_down 21"},
		{"a dump, and the kernel was so before", at(gone), true, "real_server_missing 21"},
		{"and still is", at(gone), false, "real_server_missing 21"},
		{"it is back", at(), false, ""},
		{"it goes again, and keepalived has not been asked since", at(gone), false, "real_server_down 21"},
		{"without a dump", at(gone, (*scene).forget), false, "real_server_down 21"},
	} {
		if step.in.Belief != nil {
			if step.anew {
				dump = step.in.Belief
			}
			step.in.Belief = dump
		}
		if got := strings.Join(names(s.Find(step.in)), " "); got != step.want {
			t.Errorf("%d, %s: %q, want %q", i+1, step.what, got, step.want)
		}
	}
}
