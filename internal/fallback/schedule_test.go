package fallback

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestNoBurst: ten thousand checks have their turns evenly over their warmup, whether their servers serve or not; those out of service are asked once more before, evenly too.
func TestNoBurst(t *testing.T) {
	var text strings.Builder
	const virtual, servers = 100, 100
	for v := range virtual {
		fmt.Fprintf(&text, "virtual_server 192.0.2.%d 53 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n delay_loop 20\n", v+1)
		for s := range servers {
			fmt.Fprintf(&text, "real_server 198.51.100.%d 53 {\nTCP_CHECK {\n}\n}\n", s+1)
		}
		text.WriteString("}\n")
	}
	c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text.String())}}, ConfigID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, up := range []bool{true, false} {
		m := health.New(c, keepalived.State{Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
			return keepalived.Standing{Up: up, Weight: 1}
		}}, health.Options{})
		n := len(m.Checks())
		if n != virtual*servers {
			t.Fatalf("%d checks", n)
		}
		var early, regular []time.Duration
		for i, check := range m.Checks() {
			e, r := first(check, i, n)
			regular = append(regular, r)
			if e != r {
				early = append(early, e)
			}
		}
		evenly(t, regular, 20*time.Second)
		if up && len(early) > 0 || !up && len(early) < n*9/10 {
			t.Errorf("up %t: %d checks have an early turn", up, len(early))
		}
		if !up {
			evenly(t, early, 10*time.Second)
		}
	}
}

// evenly asserts that times are spread over a window: no tenth of a second has half as many again as its share.
func evenly(t *testing.T, all []time.Duration, window time.Duration) {
	t.Helper()
	buckets, most := map[time.Duration]int{}, 0
	for _, at := range all {
		bucket := at / (100 * time.Millisecond)
		buckets[bucket]++
		most = max(most, buckets[bucket])
	}
	latest := slices.Max(all)
	even := float64(len(all)) / float64((latest-bootstrap)/(100*time.Millisecond))
	if latest > bootstrap+window || latest < bootstrap+window*9/10 || float64(most) > 1.5*even {
		t.Errorf("the last begins after %s, and %d within a tenth of a second where %.0f are even", latest, most, even)
	}
}

// TestTurnsAreKept: over a reload each check of the same question comes when it would have come, whether it waits for its turn, is due, or is in the
// air; one that shall come more often comes no later than that, and one that asks something else begins anew.
func TestTurnsAreKept(t *testing.T) {
	load := func(before string, delay int, ports ...int) *keepalived.Config {
		text := before + fmt.Sprintf("virtual_server 192.0.2.1 53 {\n protocol TCP\n lb_kind NAT\n delay_loop %d\n", delay)
		for i, port := range ports {
			text += fmt.Sprintf("real_server 198.51.100.%d 53 {\nTCP_CHECK {\n connect_port %d\n}\n}\n", i+1, port)
		}
		c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text + "}\n")}}, ConfigID: "x"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	r := &run{Options: Options{Log: slog.New(slog.DiscardHandler)}, flights: map[*flight]bool{}}
	take := func(c *keepalived.Config) {
		t.Helper()
		if err := r.take(c, nil, ipvs.Table{}, keepalived.State{}); err != nil {
			t.Fatal(err)
		}
	}
	take(load("", 1000, 1, 2, 3, 4, 5))
	all := r.machine.Checks()
	at := time.Now().Add(900 * time.Second)
	due := entry{all[2], at.Add(-time.Hour), false}
	air := &flight{all[3], false}
	r.queue, r.waiting = queue{{all[0], at, false}, {all[1], at.Add(time.Second), false}, {all[4], at, true}}, []entry{due}
	r.flights[air] = true

	take(load("! a comment\n\n", 1000, 1, 20, 3, 4, 5))
	all = r.machine.Checks()
	next := func(check *health.Check, extra bool) (found []time.Time) {
		for _, e := range slices.Concat(r.queue, r.waiting) {
			if e.check == check && e.extra == extra {
				found = append(found, e.at)
			}
		}
		return found
	}
	if got := next(all[0], false); len(got) != 1 || !got[0].Equal(at) {
		t.Errorf("one that waits comes at %v, want %v", got, at)
	}
	if got := next(all[1], false); len(got) != 1 || got[0].Equal(at.Add(time.Second)) {
		t.Errorf("one that asks something else comes at %v", got)
	}
	if got := next(all[2], false); len(got) != 1 || !got[0].Equal(due.at) || len(r.waiting) != 1 {
		t.Errorf("one that is due comes at %v, with %d due", got, len(r.waiting))
	}
	if got := next(all[3], false); len(got) != 0 || air.check != all[3] {
		t.Errorf("one in the air comes at %v as well", got)
	}
	if early, late := next(all[4], true), next(all[4], false); len(early) != 1 || !early[0].Equal(at) || len(late) != 1 {
		t.Errorf("one with an early turn comes at %v and at %v", early, late)
	}

	take(load("", 10, 1))
	if got := next(r.machine.Checks()[0], false); len(got) != 1 || got[0].After(time.Now().Add(10*time.Second)) {
		t.Errorf("one that shall come each ten seconds comes at %v", got)
	}
	if air.check != nil {
		t.Error("what is in the air counts for a check that is gone")
	}
}
