package drift_test

import (
	"slices"
	"testing"

	"github.com/lvsdns/lvsdns/internal/drift"
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
