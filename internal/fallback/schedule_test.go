package fallback

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestNoBurst: ten thousand checks start evenly over their warmup, and stay so, whether their servers serve or not.
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
		buckets := map[time.Duration]int{}
		var latest time.Duration
		for i, check := range m.Checks() {
			at := first(check, i, n)
			latest = max(latest, at)
			buckets[at/(100*time.Millisecond)]++
		}
		most := 0
		for _, count := range buckets {
			most = max(most, count)
		}
		even := float64(n) / float64((latest-bootstrap)/(100*time.Millisecond))
		if latest > bootstrap+20*time.Second || float64(most) > 1.5*even {
			t.Errorf("up %t: the last begins after %s, and %d within a tenth of a second where %.0f are even", up, latest, most, even)
		}
	}
}
