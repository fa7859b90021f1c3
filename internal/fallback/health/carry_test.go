package health_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestCarry: a check that asks the same keeps its result and its failures over a reload, and one that asks something else begins with what was
// known of its server. Every machine begins with all servers down, so that nothing but what is carried brings any in.
func TestCarry(t *testing.T) {
	const other = "TCP_CHECK {\n retry 2\n connect_port 54\n}"
	type results map[int]health.Result // of the checks of the earlier machine
	pass, fails := health.Result{Pass: true}, health.Result{Reason: "refused"}
	for _, test := range []struct {
		name       string
		conf, next string
		results    results
		want       string // the table
		carried    int
	}{
		{"up", conf("", tcp, tcp), conf("! a comment\n\n", tcp, tcp), results{0: pass, 1: fails}, "21:1", 2},
		{"another weight", conf("", tcp), conf("weight 7", tcp), results{0: pass}, "21:7", 1},
		{"another delay", conf("", tcp), conf("delay_loop 3", tcp), results{0: pass}, "21:1", 1},
		{"another server", conf("", tcp), conf("", tcp, tcp), results{0: pass}, "21:1", 1},
		{"another port", conf("", tcp), conf("", other), results{0: pass}, "", 0},
		{"one check more", conf("", tcp), conf("", tcp+"\n"+other), results{0: pass}, "", 1},
		{"one check less", conf("", tcp+"\n"+other), conf("", other), results{1: pass}, "21:1", 1},
		{"two of the same", conf("", misc+"\n"+misc), conf("", misc+"\n"+misc), results{0: pass, 1: pass}, "21:1", 2},
		{"a weight by a check", conf("", dynamic), conf("! a comment", dynamic), results{0: {Pass: true, Status: 52}}, "21:50", 1},
		{"a weight by a check, another configured", conf("", dynamic), conf("", strings.Replace(dynamic, "10", "20", 1)), results{0: {Pass: true, Status: 52}}, "21:50", 1},
		{"no weight by a check, another configured", conf("", dynamic), conf("", strings.Replace(dynamic, "10", "20", 1)), results{0: pass}, "21:20", 1},
		{"hysteresis, not gained", conf("quorum 2\nhysteresis 1\nsorry_server 198.51.100.99 53", tcp, tcp, tcp), conf("quorum 2\nhysteresis 1\nsorry_server 198.51.100.99 53\n", tcp, tcp, tcp), results{0: pass, 1: pass}, "99:1", 3},
		{"another protocol", conf("", tcp), strings.Replace(conf("", tcp), "UDP", "TCP", 1), results{0: pass}, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			down := keepalived.State{
				Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
					return keepalived.Standing{Weight: r.Weight.V}
				},
				Sorry: func(*keepalived.VirtualServer) bool { return true },
			}
			before, c := health.New(load(t, test.conf), down, health.Options{}), load(t, test.next)
			for i, r := range test.results {
				before.Result(before.Checks()[i], r)
			}
			m := health.New(c, down, health.Options{})
			same := m.Carry(before)
			if got := table(c, m); got != test.want || len(same) != test.carried {
				t.Errorf("%s with %d checks, want %s with %d", got, len(same), test.want, test.carried)
			}
		})
	}
}

// TestCarriedFailures: two failures of three and then a reload leave one.
func TestCarriedFailures(t *testing.T) {
	c := load(t, conf("", tcp, tcp))
	m := health.New(c, keepalived.State{}, health.Options{Floor: 0.5})
	for n := range 4 {
		if got := table(c, m); n < 3 && got != "21:1 22:1" || n == 3 && got != "22:1" {
			t.Fatalf("after %d failures: %s", n, got)
		}
		m.Result(m.Checks()[0], health.Result{Reason: fmt.Sprint(n)})
		c = load(t, strings.Repeat("!\n", n+1)+conf("", tcp, tcp))
		next := health.New(c, keepalived.State{}, health.Options{Floor: 0.5})
		next.Carry(m)
		m = next
		if why := m.Checks()[0].Reason(); why != fmt.Sprint(n) {
			t.Errorf("the reason is %q", why)
		}
	}
	// The first is down, and so the floor holds the second one only.
	for range 3 {
		m.Result(m.Checks()[1], health.Result{})
	}
	if got := table(c, m); got != "22:1" || len(m.Held()) != 1 {
		t.Errorf("%s, with %d held", got, len(m.Held()))
	}
}
