package health_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

func load(t *testing.T, text string) *keepalived.Config {
	t.Helper()
	c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text)}}, ConfigID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range c.Notes {
		t.Logf("%s", n)
	}
	return c
}

// conf is a virtual server with real servers .21, .22 … that have these blocks.
func conf(settings string, servers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "virtual_server 192.0.2.1 53 {\n protocol UDP\n lb_algo rr\n lb_kind DR\n delay_loop 10\n delay_before_retry 2\n%s\n", settings)
	for i, s := range servers {
		fmt.Fprintf(&b, "real_server 198.51.100.%d 53 {\n%s\n}\n", 21+i, s)
	}
	return b.String() + "}\n"
}

const (
	tcp     = "TCP_CHECK {\n retry 2\n}"
	misc    = "MISC_CHECK {\n misc_path /bin/true\n}"
	dynamic = "weight 10\nMISC_CHECK {\n misc_path /bin/true\n misc_dynamic\n}"
)

// table is what the configuration comes to, such as "21:10 22:0".
func table(c *keepalived.Config, m *health.Machine) string {
	var words []string
	for _, s := range c.Table(m.State()) {
		for _, d := range s.Destinations {
			words = append(words, fmt.Sprintf("%d:%d", d.Addr.As4()[3], d.Weight))
		}
	}
	return strings.Join(words, " ")
}

// TestMachine plays results. A step is "CHECK result", where the result is ok, fail, a status or a number with "file";
// what follows is the table, the time to the next run, and the events.
func TestMachine(t *testing.T) {
	for _, test := range []struct {
		name  string
		conf  string
		floor float64
		start string // the table before
		steps []string
	}{
		{"retries", conf("", tcp, tcp), 0, "21:1 22:1", []string{
			"0 fail | 21:1 22:1 | 2s |",
			"0 fail | 21:1 22:1 | 2s |",
			"0 fail | 22:1 | 10s | real server down",
			"0 fail | 22:1 | 10s |",
			"0 ok | 21:1 22:1 | 10s | real server up",
			"0 fail | 21:1 22:1 | 2s |",
			"0 ok | 21:1 22:1 | 10s |",
			"0 fail | 21:1 22:1 | 2s |",
		}},
		{"no retry of a script unless asked for", conf("", misc, tcp), 0, "21:1 22:1", []string{
			"0 fail | 22:1 | 10s | real server down",
		}},
		{"all checks must pass", conf("", tcp+"\n"+misc, tcp), 0, "21:1 22:1", []string{
			"1 fail | 22:1 | 10s | real server down",
			"0 ok | 22:1 | 10s |",
			"1 ok | 21:1 22:1 | 10s | real server up",
		}},
		{"inhibit", conf("inhibit_on_failure", misc, misc), 0, "21:1 22:1", []string{
			"0 fail | 21:0 22:1 | 10s | real server down",
			"0 ok | 21:1 22:1 | 10s | real server up",
		}},
		{"dynamic weight", conf("", dynamic, dynamic), 0, "21:10 22:10", []string{
			"0 0 | 21:10 22:10 | 10s |",
			"0 52 | 21:50 22:10 | 10s |",
			"0 fail | 22:10 | 10s | real server down",
			"0 42 | 21:40 22:10 | 10s | real server up", // and not 80, as keepalived comes to
			"0 2 | 21:0 22:10 | 10s |",
		}},
		{"two dynamic checks add up", conf("", "weight 10\n"+strings.Repeat("MISC_CHECK {\n misc_path /bin/true\n misc_dynamic\n}\n", 2)), 0, "21:10", []string{
			"0 22 | 21:20 | 10s |",
			"1 7 | 21:15 | 10s |",
			"1 0 | 21:20 | 10s |",
		}},
		{"weight 0 of the last one loses the quorum", conf("sorry_server 198.51.100.99 53", dynamic), 0, "21:10", []string{
			"0 2 | 99:1 | 10s | quorum lost",
			"0 3 | 21:1 | 10s | quorum reached",
		}},
		{"hysteresis", conf("quorum 3\nhysteresis 1\nsorry_server 198.51.100.99 53", misc, misc, misc, misc, misc), 0, "21:1 22:1 23:1 24:1 25:1", []string{
			"0 fail | 22:1 23:1 24:1 25:1 | 10s | real server down",
			"1 fail | 23:1 24:1 25:1 | 10s | real server down",
			"2 fail | 24:1 25:1 | 10s | real server down",
			"3 fail | 99:1 | 10s | real server down, quorum lost",
			"0 ok | 99:1 | 10s | real server up",
			"1 ok | 99:1 | 10s | real server up",
			"2 ok | 21:1 22:1 23:1 25:1 | 10s | real server up, quorum reached",
		}},
		{"the sorry server waits with weight 0", conf("sorry_server 198.51.100.99 53\nsorry_server_inhibit", misc), 0, "21:1 99:0", []string{
			"0 fail | 99:1 | 10s | real server down, quorum lost",
			"0 ok | 21:1 99:0 | 10s | real server up, quorum reached",
		}},
		{"a floor of a half holds those that failed last", conf("sorry_server 198.51.100.99 53", misc, misc, misc, misc), 0.5, "21:1 22:1 23:1 24:1", []string{
			"0 fail | 22:1 23:1 24:1 | 10s | real server down",
			"1 fail | 23:1 24:1 | 10s | real server down",
			"2 fail | 23:1 24:1 | 10s | real server down",
			"3 fail | 23:1 24:1 | 10s | real server down, quorum lost",
			"0 ok | 21:1 24:1 | 10s | real server up, quorum reached",
		}},
		{"file", "track_file f {\n file /tmp/f\n weight 2\n}\n" + conf("", "weight 10\nFILE_CHECK {\n track_file f\n}"), 0, "21:10", []string{
			"0 file 5 | 21:20 | 10s |",
			"0 file -3 | 21:4 | 10s |",
			"0 file -2000000000 |  | 10s | real server down, quorum lost",
			"0 file 0 | 21:10 | 10s | real server up, quorum reached",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := load(t, test.conf)
			m := health.New(c, keepalived.State{}, health.Options{Floor: test.floor})
			if got := table(c, m); got != test.start {
				t.Fatalf("before: %s, want %s", got, test.start)
			}
			for _, step := range test.steps {
				parts := strings.Split(step, "|")
				var check int
				var word string
				var value int64
				fmt.Sscan(parts[0], &check, &word, &value)
				r := health.Result{Pass: word == "ok", Value: value}
				if n, err := fmt.Sscan(word, &r.Status); n == 1 && err == nil {
					r.Pass = true
				}
				before := table(c, m)
				n := m.Result(m.Checks()[check], r)
				var events []string
				for _, e := range n.Events {
					events = append(events, string(e.Kind))
				}
				if c.VirtualServers[0].RealServers[0].Checkers[0].File != nil {
					n.After = 10 * time.Second
				}
				got := fmt.Sprintf("%s| %s | %s | %s", parts[0], table(c, m), n.After, strings.Join(events, ", "))
				if strings.TrimSpace(got) != strings.TrimSpace(step) {
					t.Fatalf("got  %s\nwant %s", got, step)
				}
				if table(c, m) != before && !n.Changed {
					t.Errorf("%s: the table changed unsaid", step)
				}
			}
		})
	}
}

// TestStart: what was not in service is not in service until its check passes.
func TestStart(t *testing.T) {
	c := load(t, conf("sorry_server 198.51.100.99 53", misc, misc, ""))
	down := keepalived.State{Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
		return keepalived.Standing{Weight: r.Weight.V}
	}}
	m := health.New(c, down, health.Options{Floor: 1})
	if got := table(c, m); got != "23:1" { // has no check
		t.Errorf("at the start: %s", got)
	}
	if n := m.Result(m.Checks()[1], health.Result{Pass: true}); table(c, m) != "22:1 23:1" || len(n.Events) != 1 {
		t.Errorf("after a pass: %s, %v", table(c, m), n.Events)
	}
}

func TestSuspended(t *testing.T) {
	c := load(t, conf("ha_suspend", misc))
	m := health.New(c, keepalived.State{}, health.Options{})
	here := netip.MustParseAddr("192.0.2.1")
	for _, local := range []bool{false, true} {
		if got := m.Suspended(m.Checks()[0], func(a netip.Addr) bool { return local && a == here }); got == local {
			t.Errorf("with the address here %t: suspended %t", local, got)
		}
	}
}
