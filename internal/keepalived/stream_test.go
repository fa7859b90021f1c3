package keepalived_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestBraces has what braces in odd places make of the servers, as keepalived -t of 2.2.7 takes them (process_stream() in lib/parser.c).
func TestBraces(t *testing.T) {
	const (
		head   = "virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind DR\n"
		second = "virtual_server 192.0.2.2 53 {\nprotocol UDP\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.9 53 {\n}\n}\n"
	)
	for _, tt := range []struct {
		name, text string
		servers    string // PORTLESS VIRTUAL: REAL=WEIGHT …
		notes      []string
	}{
		{
			name: "all on one line", text: head + "real_server 10.0.0.1 53 { weight 2 } real_server 10.0.0.2 53 { weight 3 } }\n" + second,
			servers: "192.0.2.1: 10.0.0.1=2 10.0.0.2=3; 192.0.2.2: 10.0.0.9=1",
		},
		{
			name: "none between the words", text: head + "real_server 10.0.0.1 53{weight 2}real_server 10.0.0.2 53{}}\n",
			servers: "192.0.2.1: 10.0.0.1=2 10.0.0.2=1",
		},
		{
			name: "behind a closing quote", text: head + "real_server 10.0.0.1 53 {\nvirtualhost \"x\"}\n}\n" + second,
			servers: "192.0.2.1: 10.0.0.1=1; 192.0.2.2: 10.0.0.9=1",
		},
		{
			name: "within quotes", text: head + "real_server 10.0.0.1 53 {\nvirtualhost \"x}{\"\nweight 2\n}\n}\n",
			servers: "192.0.2.1: 10.0.0.1=2",
		},
		{
			name:    "more words in front",
			text:    "virtual_server 192.0.2.1 53 x {\nprotocol UDP\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.1 53 y {\n}\n}\n",
			servers: "192.0.2.1: 10.0.0.1=1",
		},
		{
			name: "an empty pair in a server ends it", text: head + "real_server 10.0.0.1 53 {}\n{}\n}\n" + second,
			servers: "192.0.2.1: 10.0.0.1=1; 192.0.2.2: 10.0.0.9=1",
			notes:   []string{"6 ignored: an opening brace that does not belong here", `7 unknown: "}"`},
		},
		{
			name:    "an unknown block ends the server and the next one the virtual server",
			text:    head + "real_server 10.0.0.1 53 {\noops {\nweight 3\n}\nweight 4\n}\nreal_server 10.0.0.2 53 {\n}\n}\n",
			servers: "192.0.2.1: 10.0.0.1=3",
			notes: []string{
				`6 unknown: "oops"`, "6 ignored: an opening brace that does not belong here", `11 unknown: "real_server"`,
				"11 ignored: an opening brace that does not belong here", `12 unknown: "}"`, `13 unknown: "}"`,
			},
		},
		{
			name: "a pair in front of all", text: "{\n}\n" + second, servers: "192.0.2.2: 10.0.0.9=1",
			notes: []string{"1 ignored: an opening brace that does not belong here", `2 unknown: "}"`},
		},
		{
			name: "a closing one in front of all", text: "}\n" + second, servers: "192.0.2.2: 10.0.0.9=1",
			notes: []string{"1 ignored: a closing brace too many", `1 unknown: "}"`},
		},
		{
			name:    "the opening one on a line of its own, behind blank lines and comments",
			text:    strings.Replace(head, " {", "\n\n! x\n{", 1) + "real_server 10.0.0.1 53\n# {\n{ weight 2\n}\n}\n",
			servers: "192.0.2.1: 10.0.0.1=2",
		},
		{
			name:    "a block of VRRP that is skipped to its own brace",
			text:    "vrrp_instance A {\ninterface eth0\nvirtual_ipaddress { 192.0.2.1 }\n}\n" + second,
			servers: "192.0.2.2: 10.0.0.9=1",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, tt.text)
			var all []string
			for _, v := range cfg.VirtualServers {
				line := v.Addr.String() + ":"
				for _, r := range v.RealServers {
					line += fmt.Sprintf(" %s=%d", r.Addr, r.Weight.V)
				}
				all = append(all, line)
			}
			if got := strings.Join(all, "; "); got != tt.servers {
				t.Errorf("%s, want %s", got, tt.servers)
			}
			notes(t, cfg, tt.notes)
		})
	}
}

// TestNotAnInclude has words that begin as an include does: keepalived -t of 2.2.7 does not know any of them (is_include() in
// lib/parser.c).
func TestNotAnInclude(t *testing.T) {
	cfg := load(t, "includerfoo\nincludex none.conf\ninclude\nincluder\nincluderm none.conf\ninclude\"none.conf\"\nincludeb\tnone.conf\n")
	notes(t, cfg, []string{
		`1 unknown: "includerfoo"`, `2 unknown: "includex"`, `3 unknown: "include"`, `4 unknown: "includer"`, `5 unknown: "includerm"`,
		`6 unknown: "include"`, `7 file: no file "none.conf"`,
	})
}
