package keepalived_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// pairsText has what a dump cannot tell apart by name alone: virtual servers of one group, of one address and of one mark.
const pairsText = `virtual_server_group G {
192.0.2.9 53
}
virtual_server 192.0.2.1 53 {
protocol UDP
lb_kind NAT
sorry_server 10.0.0.9 53
real_server 10.0.0.1 53 {
}
real_server 10.0.0.2 53 {
}
}
virtual_server 192.0.2.1 53 {
protocol TCP
lb_kind NAT
real_server 10.0.0.1 53 {
}
}
virtual_server fwmark 7 {
lb_kind NAT
real_server 10.0.0.1 53 {
}
}
virtual_server fwmark 7 {
lb_kind NAT
real_server 2001:db8::1 53 {
}
}
virtual_server group G {
protocol UDP
lb_kind NAT
real_server 10.0.0.1 53 {
}
}
virtual_server group G {
protocol TCP
lb_kind NAT
real_server 10.0.0.1 53 {
}
}
`

// dumpedServer is a virtual server of a dump, with one real server of the initial weight.
func dumpedServer(name, family, server string, weight int) string {
	addr, port, _ := strings.Cut(server, " ")
	return fmt.Sprintf(` ------< Virtual server >------
 %s
   Address family = %s
   alive = 1
   quorum_state_up = 1
   ------< Real server >------
   RIP = %s, RPORT = %s, WEIGHT = 1 EFF WEIGHT = 1
   initial weight = %d
   effective weight = 1
   alive = 1
   RS set = 1
`, strings.ReplaceAll(name, "|", "\n   "), family, addr, port, weight)
}

func dumpedCheck(vs, rs string) string {
	return fmt.Sprintf(" %s -> %s\n   Enabled = yes\n   Up = yes\n   Has run = yes\n   Keepalive method = TCP_CHECK\n", vs, rs)
}

// TestPairs asks which block of a dump tells of which block of the configuration, by the weight that stands there.
func TestPairs(t *testing.T) {
	udp := dumpedServer("VS VIP = 192.0.2.1, VPORT = 53|protocol = UDP", "inet", "10.0.0.1 53", 1)
	tcp := dumpedServer("VS VIP = 192.0.2.1, VPORT = 53|protocol = TCP", "inet", "10.0.0.1 53", 2)
	mark4 := dumpedServer("VS FWMARK = 7", "inet", "10.0.0.1 53", 3)
	mark6 := dumpedServer("VS FWMARK = 7", "inet6", "2001:db8::1 53", 4)
	group := dumpedServer("VS GROUP = [G]:0|protocol = UDP", "inet", "10.0.0.1 53", 5)
	again := dumpedServer("VS GROUP = [G]:1|protocol = TCP", "inet", "10.0.0.1 53", 6)
	for _, tt := range []struct {
		name  string
		dump  []string
		want  string // the weights of the first real servers, - without one
		stray string
	}{
		{name: "no dump", want: "- - - - - -"},
		{name: "all", dump: []string{udp, tcp, mark4, mark6, group, again}, want: "1 2 3 4 5 6"},
		{name: "protocols the other way round", dump: []string{tcp, udp}, want: "1 2 - - - -"},
		{name: "families the other way round", dump: []string{mark6, mark4}, want: "- - 3 4 - -"},
		{name: "one family of the mark", dump: []string{mark6}, want: "- - - 4 - -"},
		{name: "the group once", dump: []string{again}, want: "- - - - 6 -"},
		{name: "the same twice", dump: []string{udp, udp}, want: "1 - - - - -", stray: "192.0.2.1"},
		{
			name: "one that is not configured any more", want: "- 2 - - - -", stray: "192.0.2.7",
			dump: []string{dumpedServer("VS VIP = 192.0.2.7, VPORT = 53|protocol = UDP", "inet", "10.0.0.1 53", 7), tcp},
		},
		{
			name: "another port", want: "- - - - - -", stray: "192.0.2.1",
			dump: []string{dumpedServer("VS VIP = 192.0.2.1, VPORT = 5353|protocol = UDP", "inet", "10.0.0.1 53", 7)},
		},
		{
			name: "another real server", want: "- - - - - -",
			dump: []string{dumpedServer("VS VIP = 192.0.2.1, VPORT = 53|protocol = UDP", "inet", "10.0.0.7 53", 7)},
		},
		{
			name: "another port of the real server", want: "- - - - - -",
			dump: []string{dumpedServer("VS VIP = 192.0.2.1, VPORT = 53|protocol = UDP", "inet", "10.0.0.1 54", 7)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, pairsText)
			b := keepalived.ParseBelief("------< Global definitions >------\n------< LVS Topology >------\n" + strings.Join(tt.dump, ""))
			if len(b.Notes) > 0 {
				t.Fatal(b.Notes)
			}
			p := keepalived.PairUp(cfg, &b)
			var got, stray []string
			for i := range cfg.VirtualServers {
				v := &cfg.VirtualServers[i]
				if r := p.Server(&v.RealServers[0]); r == nil {
					got = append(got, "-")
				} else {
					got = append(got, fmt.Sprint(r.InitialWeight))
				}
			}
			for _, v := range p.Stray() {
				stray = append(stray, v.Name.Addr.String())
			}
			if s := strings.Join(got, " "); s != tt.want || strings.Join(stray, " ") != tt.stray || p.Known() != (len(tt.dump) > 0) {
				t.Errorf("%s, stray %v, known %t; want %s, stray %q", s, stray, p.Known(), tt.want, tt.stray)
			}
		})
	}
}

// TestPairsWithin has what belongs to one virtual server: the checks of a real server under its own name alone, and the sorry server.
func TestPairsWithin(t *testing.T) {
	cfg := load(t, pairsText)
	udp := dumpedServer("VS VIP = 192.0.2.1, VPORT = 53|protocol = UDP|sorry server = [10.0.0.9]:udp:53", "inet", "10.0.0.1 53", 1)
	text := "------< LVS Topology >------\n" + udp + "------< Health checkers >------\n"
	for _, pair := range []string{"udp:53 10.0.0.1", "udp:53 10.0.0.1", "udp:53 10.0.0.2", "tcp:53 10.0.0.1", "udp:54 10.0.0.1"} {
		service, server, _ := strings.Cut(pair, " ")
		text += dumpedCheck("[192.0.2.1]:"+service, "["+server+"]:udp:53")
	}
	b := keepalived.ParseBelief(text)
	p := keepalived.PairUp(cfg, &b)
	v, tcp := &cfg.VirtualServers[0], &cfg.VirtualServers[1]
	if a, b := len(p.Checkers(v, &v.RealServers[0])), len(p.Checkers(v, &v.RealServers[1])); a != 2 || b != 1 {
		t.Errorf("%d checks of the first real server and %d of the second, want 2 and 1", a, b)
	}
	if c := p.Checkers(tcp, &tcp.RealServers[0]); len(c) > 0 {
		t.Errorf("%d checks of a virtual server that the dump does not have", len(c))
	}
	if s := p.Server(v.Sorry); s == nil || s.Name.Addr != v.Sorry.Addr {
		t.Errorf("sorry server: %+v", s)
	}
	if s := p.Server(&v.RealServers[1]); s != nil {
		t.Errorf("a real server that the dump does not have: %+v", s)
	}
	if p.Virtual(v) != &b.VirtualServers[0] || p.Virtual(tcp) != nil {
		t.Errorf("virtual servers %p and %p", p.Virtual(v), p.Virtual(tcp))
	}
	if none := keepalived.PairUp(cfg, nil); none.Known() || none.Virtual(v) != nil || none.Checkers(v, &v.RealServers[0]) != nil {
		t.Error("no dump knows something")
	}
}

// TestNames has what the dump calls the virtual servers: those of one group are counted.
func TestNames(t *testing.T) {
	var got []string
	for _, n := range load(t, pairsText).Names() {
		got = append(got, fmt.Sprintf("%s %d %s %d %s %d", n.Addr, n.Port, n.Protocol, n.FWMark, n.Group, n.Index))
	}
	want := "192.0.2.1 53 udp 0  0; 192.0.2.1 53 tcp 0  0; invalid IP 0  7  0; invalid IP 0  7  0; invalid IP 0  0 G 0; invalid IP 0  0 G 1"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
}
