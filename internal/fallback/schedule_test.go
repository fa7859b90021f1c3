package fallback

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
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
