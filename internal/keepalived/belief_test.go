package keepalived_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestBeliefGolden reads the dumps that real keepalived wrote in the lab.
func TestBeliefGolden(t *testing.T) {
	dumps, err := filepath.Glob("testdata/dump/keepalived-*.txt")
	if err != nil || len(dumps) < 2 {
		t.Fatalf("testdata/dump has %d dumps: %v", len(dumps), err)
	}
	for _, name := range dumps {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b := keepalived.ParseBelief(string(text))
			for _, c := range b.Checkers {
				if !belongs(b, c) {
					t.Errorf("line %d: no such server: %+v %+v", c.Line, c.VS, c.RS)
				}
			}
			golden(t, strings.TrimSuffix(name, ".txt")+".golden", renderBelief(b))
		})
	}
}

// belongs reports whether the servers of a checker are in the dump by these names.
func belongs(b keepalived.Belief, c keepalived.BelievedChecker) bool {
	return slices.ContainsFunc(b.VirtualServers, func(v keepalived.BelievedVS) bool {
		return v.Name == c.VS && slices.ContainsFunc(v.RealServers, func(r keepalived.BelievedRS) bool { return r.Name == c.RS })
	})
}

func renderBelief(b keepalived.Belief) string {
	var s strings.Builder
	for _, n := range b.Notes {
		fmt.Fprintf(&s, "note at line %d: %s\n", n.Line, n.Text)
	}
	for _, v := range b.VirtualServers {
		fmt.Fprintf(
			&s, "%d: VS %+v %s %s alive=%t quorum=%t %d-%d timeout=%d\n", v.Line, v.Name, v.Family, v.Scheduler,
			v.Alive, v.QuorumUp, v.Quorum, v.Hysteresis, v.Timeout,
		)
		if v.Sorry != nil {
			fmt.Fprintf(&s, "  sorry %+v\n", *v.Sorry)
		}
		for _, r := range v.RealServers {
			fmt.Fprintf(&s, "  %+v\n", r)
		}
	}
	for _, c := range b.Checkers {
		c.LastRan = c.LastRan.UTC()
		fmt.Fprintf(&s, "%+v\n", c)
	}
	return s.String()
}

// dump is the least that keepalived writes of one virtual server.
const dump = `------< LVS Topology >------
 System is compiled with LVS v1.2.1
 ------< Virtual server >------
 VS VIP = 192.0.2.1, VPORT = 53
   protocol = UDP
   alive = 1
   quorum_state_up = 1
   ------< Real server >------
   RIP = 10.0.0.1, RPORT = 53, WEIGHT = 1 EFF WEIGHT = 1
   initial weight = 1
   effective weight = 1
   alive = 1
   RS set = 1
------< Health checkers >------
 [192.0.2.1]:udp:53 -> [10.0.0.1]:udp:53
   Enabled = yes
   Up = yes
   Has run = yes
   Keepalive method = TCP_CHECK
`

func TestBeliefNotes(t *testing.T) {
	for _, tt := range []struct {
		name     string
		old, new string // of dump
		want     []string
	}{
		{name: "whole"},
		{name: "empty", old: dump, new: "", want: []string{"0: no dump, or not its beginning: there are no global definitions"}},
		{
			name: "another text", old: dump, new: "<html>\n<p>hello</p>",
			want: []string{"0: no dump, or not its beginning: there are no global definitions"},
		},
		{name: "no virtual servers", old: dump, new: "------< Global definitions >------\n Router ID = x\n"},
		{name: "unknown lines", old: "   alive = 1\n   quorum", new: "   colour = blue\n   nonsense\n   alive = 1\n   quorum"},
		{name: "unknown section", old: "------< Health", new: "------< Weather >------\n alive = 7\n------< Health"},
		{
			name: "wrong weight", old: "initial weight = 1", new: "initial weight = one",
			want: []string{`10: cannot read "initial weight = one": strconv.Atoi: parsing "one": invalid syntax`},
		},
		{
			name: "wrong state", old: "RS set = 1", new: "RS set = maybe",
			want: []string{`13: cannot read "RS set = maybe": "maybe" is neither yes nor no`},
		},
		{name: "missing state", old: "   RS set = 1\n", want: []string{`9: the real server has no line "RS set"`}},
		{name: "missing quorum", old: "   quorum_state_up = 1\n", want: []string{`4: the virtual server has no line "quorum_state_up"`}},
		{name: "missing method", old: "   Keepalive method = TCP_CHECK\n", want: []string{`15: the checker has no line "Keepalive method"`}},
		{
			name: "not an address", old: "RIP = 10.0.0.1", new: "RIP = web",
			want: []string{`9: cannot read "RIP = web, RPORT = 53, WEIGHT = 1 EFF WEIGHT = 1": ParseAddr("web"): unable to parse IP`},
		},
		{
			name: "not a name", old: "-> [10.0.0.1]:udp:53", new: "-> web",
			want: []string{`15: cannot read "[192.0.2.1]:udp:53 -> web": not a virtual server`},
		},
		{name: "cut off", old: dump[strings.Index(dump, "   effective"):], want: []string{
			`9: the real server has no line "alive"`,
			`9: the real server has no line "RS set"`,
			`9: the real server has no line "effective weight"`,
		}},
		{
			name: "real server alone", old: dump[strings.Index(dump, " VS VIP"):strings.Index(dump, "   RIP")],
			want: []string{"4: a real server without a virtual server", "0: no dump, or not its beginning: there are no global definitions"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(dump, tt.old, tt.new, 1)
			if tt.old == "" {
				text = dump
			}
			var got []string
			for _, n := range keepalived.ParseBelief(text).Notes {
				got = append(got, fmt.Sprintf("%d: %s", n.Line, n.Text))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("notes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestBeliefOfOneServer(t *testing.T) {
	b := keepalived.ParseBelief(strings.Replace(dump, "   Keepalive method = TCP_CHECK\n", `   Keepalive method = MISC_CHECK
   script = '/usr/bin/true' 'a b'
   timeout = 4
   dynamic = YES
   Last ran = 1795411000.250000 (Mon Nov 23 05:16:40 2026.250000)
   Last status = 12
`, 1))
	if len(b.VirtualServers) != 1 || len(b.VirtualServers[0].RealServers) != 1 || len(b.Checkers) != 1 {
		t.Fatalf("%+v", b)
	}
	r, c := b.VirtualServers[0].RealServers[0], b.Checkers[0]
	if !r.Alive || !r.Set || r.InitialWeight != 1 || r.EffectiveWeight != 1 {
		t.Errorf("real server: %+v", r)
	}
	if c.VS != b.VirtualServers[0].Name || c.RS != r.Name {
		t.Errorf("the checker of %+v and %+v belongs to another server", c.VS, c.RS)
	}
	want := time.Date(2026, 11, 23, 5, 16, 40, 250e6, time.UTC)
	if c.Kind != keepalived.MiscCheck || !c.Dynamic || c.LastStatus != 12 || !c.LastRan.Equal(want) || c.Timeout != 4*time.Second {
		t.Errorf("checker: %+v, want it to have run at %v", c, want)
	}
}
