package keepalived_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestTable has which servers are in, and with which weight, for what the checks have found (keepalived/check/ipwrapper.c:
// update_svr_wgt(), update_quorum_state(), perform_quorum_state()).
func TestTable(t *testing.T) {
	const text = `virtual_server 192.0.2.1 53 {
protocol UDP
lb_algo rr
lb_kind NAT
%s
real_server 10.0.0.1 53 {
weight 2
}
real_server 10.0.0.2 53 {
weight 3
inhibit_on_failure
}
}
`
	up := func(w int) keepalived.Standing { return keepalived.Standing{Up: true, Weight: w} }
	down := keepalived.Standing{Weight: 9}
	sorry := "sorry_server 10.0.0.9 53\n"
	for _, tt := range []struct {
		name, lines string
		standing    [2]keepalived.Standing
		want        string
	}{
		{"weights of the checks", "", [2]keepalived.Standing{up(7), up(0)}, "10.0.0.1=7 10.0.0.2=0"},
		{"a weight below zero", "", [2]keepalived.Standing{up(-1), up(1)}, "10.0.0.1=0 10.0.0.2=1"},
		{"a weight above the largest", "", [2]keepalived.Standing{up(1 << 31), up(1)}, "10.0.0.1=2147483647 10.0.0.2=1"},
		{"one is down", "", [2]keepalived.Standing{down, up(3)}, "10.0.0.2=3"},
		{"an inhibited one is down", "", [2]keepalived.Standing{up(2), down}, "10.0.0.1=2 10.0.0.2=0"},
		{"all are down and nobody is sorry", "", [2]keepalived.Standing{down, down}, "10.0.0.2=0"},
		{"below the quorum nobody is sorry", "quorum 4\n", [2]keepalived.Standing{up(2), down}, "10.0.0.1=2 10.0.0.2=0"},
		{"the quorum is there", sorry + "quorum 3\n", [2]keepalived.Standing{down, up(3)}, "10.0.0.2=3"},
		{"the quorum is missing by one", sorry + "quorum 4\n", [2]keepalived.Standing{down, up(3)}, "10.0.0.2=0 10.0.0.9=1"},
		{
			"hysteresis counts at the start", sorry + "quorum 3\nhysteresis 1\n",
			[2]keepalived.Standing{down, up(3)}, "10.0.0.2=0 10.0.0.9=1",
		},
		{
			"hysteresis is reached", sorry + "quorum 3\nhysteresis 2\n",
			[2]keepalived.Standing{up(2), up(3)}, "10.0.0.1=2 10.0.0.2=3",
		},
		{"up with weight 0 is nothing for the quorum", sorry, [2]keepalived.Standing{up(0), up(0)}, "10.0.0.2=0 10.0.0.9=1"},
		{"the weight of one that is down does not count", sorry, [2]keepalived.Standing{down, up(0)}, "10.0.0.2=0 10.0.0.9=1"},
		{
			"an inhibited sorry server waits", sorry + "sorry_server_inhibit\n",
			[2]keepalived.Standing{up(2), up(3)}, "10.0.0.1=2 10.0.0.2=3 10.0.0.9=0",
		},
		{
			"an inhibited sorry server serves", sorry + "sorry_server_inhibit\n",
			[2]keepalived.Standing{down, down}, "10.0.0.2=0 10.0.0.9=1",
		},
		// Both weights together do not fit 32 bits.
		{
			"a sum beyond 32 bits", sorry + "quorum 5\n",
			[2]keepalived.Standing{up(1 << 40), up(1 << 40)}, "10.0.0.1=2147483647 10.0.0.2=2147483647",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, fmt.Sprintf(text, tt.lines))
			got := weights(cfg.Table(keepalived.State{Server: func(_ *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
				return tt.standing[r.Addr.As4()[3]-1]
			}}))
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	cfg := load(t, fmt.Sprintf(text, sorry))
	always := func(*keepalived.VirtualServer) bool { return true }
	if got := weights(cfg.Table(keepalived.State{Sorry: always})); got != "10.0.0.2=0 10.0.0.9=1" {
		t.Errorf("the sorry server stands in though all are up: %s", got)
	}
	asked := func(*keepalived.VirtualServer) bool {
		t.Error("asked for a sorry server that is not there")
		return true
	}
	cfg = load(t, fmt.Sprintf(text, ""))
	if got := weights(cfg.Table(keepalived.State{Sorry: asked})); got != "10.0.0.1=2 10.0.0.2=3" {
		t.Errorf("without a sorry server: %s", got)
	}
}

// TestManyServers has more real servers than are looked through one by one: without NAT two of one address are one, wherever they stand.
func TestManyServers(t *testing.T) {
	const many = 100
	for _, tt := range []struct {
		method string
		want   int
	}{{"DR", many}, {"NAT", 2 * many}} {
		var b strings.Builder
		fmt.Fprintf(&b, "virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind %s\n", tt.method)
		for i := range 2 * many {
			fmt.Fprintf(&b, "real_server 10.0.0.%d %d {\n}\n", 1+i%many, 53+i/many)
		}
		services := load(t, b.String()+"}\n").Desired(nil)
		if n := len(services[0].Destinations); n != tt.want {
			t.Errorf("%s: %d real servers in the table, want %d", tt.method, n, tt.want)
		}
	}
}

// TestServices has the services of a virtual server: each member of a range is one (vsg_iterate in ipvswrapper.c).
func TestServices(t *testing.T) {
	for _, tt := range []struct{ name, members, want string }{
		{"one", "192.0.2.1 53", "192.0.2.1:53"},
		{"every port", "192.0.2.1", "192.0.2.1:0"},
		{"a range", "192.0.2.254-255 53", "192.0.2.254:53 192.0.2.255:53"},
		{"a network of four", "192.0.2.4/30 53", "192.0.2.4:53 192.0.2.5:53 192.0.2.6:53 192.0.2.7:53"},
		{"a carry in IPv6", "2001:db8::ff-100 53", "[2001:db8::ff]:53 [2001:db8::100]:53"},
		// The end counts in its last 16 bits, and so does keepalived, which comes round to 0.
		{"round the end in IPv6", "2001:db8::fffe-2001:db8::1:0 53", "[2001:db8::fffe]:53 [2001:db8::ffff]:53 [2001:db8::]:53"},
		{"two members that meet", "192.0.2.1-2 53\n192.0.2.2-3 53", "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53"},
		{"addresses before marks", "fwmark 7\n192.0.2.1 53", "192.0.2.1:53 mark7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := "10.0.0.1"
			if strings.Contains(tt.members, "2001:") {
				server = "2001:db8:1::1"
			}
			cfg := load(t, "virtual_server_group G {\n"+tt.members+"\n}\n"+
				"virtual_server group G {\nprotocol UDP\nlb_algo rr\nlb_kind DR\nreal_server "+server+" {\n}\n}\n")
			var got []string
			for _, s := range cfg.Desired(nil) {
				at := fmt.Sprintf("%s:%d", s.Addr, s.Port)
				switch {
				case s.IsFWMark():
					at = fmt.Sprintf("mark%d", s.FWMark)
				case s.Addr.Is6():
					at = fmt.Sprintf("[%s]:%d", s.Addr, s.Port)
				}
				got = append(got, at)
				if len(s.Destinations) != 1 || s.Destinations[0].Port != s.Port {
					t.Errorf("%s has %+v, want one real server with its port", at, s.Destinations)
				}
			}
			if list := strings.Join(got, " "); list != tt.want {
				t.Errorf("%s, want %s", list, tt.want)
			}
		})
	}
}
