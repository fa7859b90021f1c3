package drift_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// TestTold has keepalived say in its FIFO that a real server has failed: that is why it is out, if nobody knows better, and no difference while it is in.
func TestTold(t *testing.T) {
	const said = "its check fails, as keepalived said at 2026-01-02T03:04:05Z"
	for name, tt := range map[string]struct {
		spoil func(*scene)
		want  string
	}{
		"out":           {func(s *scene) { s.remove(first) }, said},
		"at weight 0":   {func(s *scene) { s.edit("alpha", "alpha\ninhibit_on_failure"); s.kernel(first).Weight = 0 }, said},
		"its own word":  {func(s *scene) { s.remove(first); s.hears(first, false) }, ": its check fails"},
		"still serving": {func(*scene) {}, ""},
	} {
		s := healthy()
		s.forget()
		tt.spoil(s)
		s.input.Told = []drift.Told{{Service: s.service().Service.ServiceKey, Server: ipvs.To(netip.MustParseAddrPort("198.51.100.21:53")), At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
		s.load(t)
		got := ""
		for _, d := range drift.Compare(s.input) {
			got += string(d.Kind) + " " + d.Text
		}
		if tt.want == "" && got != "" || !strings.HasSuffix(got, tt.want) || tt.want != "" && !strings.HasPrefix(got, "real_server_down ") {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestWatch has a real server go out, and its check speak or not.
func TestWatch(t *testing.T) {
	type look struct {
		seconds int
		age     int // of the last report, which says that it passes
		in      bool
		want    string
	}
	for name, looks := range map[string][]look{
		"a hand removes it, and its check goes on": {
			{0, 1, true, ""}, {10, 1, false, "real_server_down 21"}, {20, 1, false, "real_server_down 21"}, {30, 1, false, "real_server_missing 21"}, {40, 1, true, ""},
		},
		"its check is killed, and says nothing any more": {
			{0, 1, true, ""}, {10, 11, false, "real_server_down 21"}, {11, 12, false, "real_server_down 21"}, {12, 13, false, "real_server_down 21"}, {19, 20, false, "real_server_down 21"},
		},
		"its check passes again a moment before keepalived adds it": {
			{0, 1, true, ""}, {10, 11, false, "real_server_down 21"}, {15, 0, false, "real_server_down 21"}, {16, 1, true, ""},
		},
		"looked at more often than it is checked": {
			{0, 1, true, ""}, {1, 2, false, "real_server_down 21"}, {2, 3, false, "real_server_down 21"}, {3, 1, false, "real_server_down 21"}, {4, 2, false, "real_server_missing 21"}, {5, 3, false, "real_server_missing 21"},
		},
		"two looks at once": {
			{0, 1, true, ""}, {10, 1, false, "real_server_down 21"}, {20, 1, false, "real_server_down 21"}, {20, 1, false, "real_server_down 21"},
		},
		"out, in, out": {
			{0, 1, false, "real_server_down 21"}, {10, 1, false, "real_server_down 21"}, {12, 1, true, ""}, {20, 1, false, "real_server_down 21"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var w drift.Watch
			for _, l := range looks {
				s := healthy()
				s.forget()
				s.hears(first, true)
				s.input.Checks[0].Age = time.Duration(l.age) * time.Second
				if !l.in {
					s.remove(first)
				}
				s.load(t)
				s.input.Overdue = w.Look(s.input, time.Unix(int64(l.seconds), 0))
				got := slices.DeleteFunc(names(drift.Compare(s.input)), func(n string) bool { return n == "" })
				want := []string{}
				if l.want != "" {
					want = append(want, l.want)
				}
				if !slices.Equal(got, want) {
					t.Errorf("after %d s: %q, want %q", l.seconds, got, want)
				}
			}
		})
	}
}

// TestWatchOtherCheck: a second check of the same address, which may be the one that fails, is silent.
func TestWatchOtherCheck(t *testing.T) {
	var w drift.Watch
	for i := range 5 {
		s := healthy()
		s.forget()
		s.hears(first, true)
		silent := s.input.Checks[0]
		silent.Age = time.Duration(10*i+5) * time.Second
		s.input.Checks = append(s.input.Checks, silent)
		s.remove(first)
		s.load(t)
		if overdue := w.Look(s.input, time.Unix(int64(10*i), 0)); len(overdue) > 0 {
			t.Errorf("look %d: %v", i, overdue)
		}
	}
}

// TestWatchGone: what is not in the configuration is not followed.
func TestWatchGone(t *testing.T) {
	var w drift.Watch
	s := healthy()
	s.load(t)
	s.input.Kernel = ipvs.Table{}
	w.Look(s.input, time.Unix(0, 0))
	s.input.Config.VirtualServers = nil
	if overdue := w.Look(s.input, time.Unix(10, 0)); len(overdue) > 0 {
		t.Error(overdue)
	}
}
