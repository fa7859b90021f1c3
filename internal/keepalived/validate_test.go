package keepalived_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestCorrections has what keepalived corrects after reading (validate_check_config() in check_data.c of 2.2.7, the same in 2.4.3): the
// table, and each correction with its line. keepalived -t of 2.2.7 reports the same ones.
func TestCorrections(t *testing.T) {
	const (
		udp    = "virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\n"
		server = "real_server 10.0.0.1 53 {\nweight 1\n}\n"
	)
	for _, tt := range []struct {
		name, text string
		table      string
		notes      []string // LINE KIND: part of the text
	}{
		// Weights, quorum and hysteresis.
		{
			name: "weights whose sum does not fit 32 bits",
			text: udp + "lb_kind DR\nsorry_server 10.9.9.9 53\n" +
				"real_server 10.0.0.1 53 {\nweight 2147483647\n}\nreal_server 10.0.0.2 53 {\nweight 2147483647\n}\n" +
				"real_server 10.0.0.3 53 {\nweight 1\n}\nreal_server 10.0.0.4 53 {\n}\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 2147483647; " +
				"-a -u 192.0.2.1:53 -r 10.0.0.2:53 -g -w 2147483647; -a -u 192.0.2.1:53 -r 10.0.0.3:53 -g -w 1; " +
				"-a -u 192.0.2.1:53 -r 10.0.0.4:53 -g -w 1",
			notes: []string{"1 adjusted: keepalived takes 0", "1 trap: the quorum can never be reached"},
		},
		{ // The sum of an unsigned quorum and an unsigned hysteresis (set_quorum_states() in ipwrapper.c): 3 here.
			name: "a quorum and a hysteresis whose sum does not fit 32 bits",
			text: udp + "lb_kind DR\nquorum 2147483650\nhysteresis 2147483650\nsorry_server 10.9.9.9 53\n" +
				"real_server 10.0.0.1 53 {\nweight 2147483647\n}\nreal_server 10.0.0.2 53 {\nweight 5\n}\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 2147483647; -a -u 192.0.2.1:53 -r 10.0.0.2:53 -g -w 5",
			notes: []string{"1 adjusted: keepalived takes 2147483649"},
		},
		{ // read_unsigned_func() in lib/parser.c complains, and reads 0.
			name:  "a weight of minus 0",
			text:  udp + "lb_kind DR\nreal_server 10.0.0.1 53 {\nweight -0\n}\nreal_server 10.0.0.2 53 {\n}\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 0; -a -u 192.0.2.1:53 -r 10.0.0.2:53 -g -w 1",
			notes: []string{`6 adjusted: "-0" is negative: keepalived reads 0`},
		},
		{
			name: "a quorum as high as the weights", text: udp + "lb_kind DR\nquorum 1\nhysteresis 0\n" + server + "}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 1",
		},
		{
			name:  "a hysteresis that fits only the quorum as it is written",
			text:  udp + "lb_kind DR\nquorum 4\nhysteresis 3\nsorry_server 10.9.9.9 53\nreal_server 10.0.0.1 53 {\nweight 3\n}\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.9.9.9:53 -g -w 1",
			notes: []string{
				"1 adjusted: quorum 4 is more than the weights of all real servers: keepalived takes 3",
				"1 adjusted: keepalived takes 2",
			},
		},
		{
			name: "the weight of a double does not count", text: udp + "lb_kind DR\nquorum 2\n" + server + server + "}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 1",
			notes: []string{"1 adjusted: keepalived takes 1", "9 ignored: the same real server is at /etc/keepalived/keepalived.conf:6"},
		},
		// Doubles are told by the ports as they are written.
		{
			name: "the same server without and with the port", text: udp + "lb_kind DR\nreal_server 10.0.0.1 {\n}\n" + server + "quorum 2\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 1",
		},
		{
			name:  "the same server behind NAT with two ports",
			text:  udp + "lb_kind NAT\nreal_server 10.0.0.1 {\n}\nreal_server 10.0.0.1 54 {\n}\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -m -w 1; -a -u 192.0.2.1:53 -r 10.0.0.1:54 -m -w 1",
		},
		// How packets reach a server: the line above it counts, and below it only where there is none.
		{
			name: "lb_kind below its server", text: udp + server + "lb_kind TUN\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -i -w 1 --tun-type ipip",
		},
		{
			name: "lb_kind above and below", text: udp + "lb_kind NAT\n" + server + "lb_kind DR\nreal_server 10.0.0.2 53 {\n}\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -m -w 1; -a -u 192.0.2.1:53 -r 10.0.0.2:53 -g -w 1",
		},
		{
			name:  "NAT for the sorry server alone",
			text:  udp + "quorum 2\nsorry_server 10.9.9.9 54\nreal_server 10.0.0.1 53 {\nlvs_method DR\nweight 0\n}\n}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.9.9.9:54 -m -w 1",
			notes: []string{
				"1 adjusted: no lvs_method: keepalived takes NAT", "1 adjusted: keepalived takes 0", "1 trap: the quorum can never be reached",
			},
		},
		// The sorry server.
		{
			name:  "a sorry server that is a real server too",
			text:  udp + "lb_kind DR\nsorry_server 10.0.0.1 53\nsorry_server_inhibit\n" + server + "}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 1",
			notes: []string{"7 adjusted: another inhibit_on_failure: keepalived takes that of the real server for both"},
		},
		{
			name:  "a sorry server on a port of its own",
			text:  udp + "lb_kind DR\nsorry_server 10.9.9.9 5353\nsorry_server_inhibit\n" + server + "}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 1; -a -u 192.0.2.1:53 -r 10.9.9.9:53 -g -w 0",
			notes: []string{"5 adjusted: without NAT the sorry server has the port of the virtual server: keepalived takes 53"},
		},
		// Marks.
		{
			name:  "a mark with all that a mark has not",
			text:  "virtual_server fwmark 1 {\nprotocol TCP\nops\nha_suspend\nlb_algo rr\nlb_kind DR\nsorry_server 10.9.9.9 53\n" + server + "}\n",
			table: "-A -f 1 -s rr -o; -a -f 1 -r 10.0.0.1:0 -g -w 1",
			notes: []string{
				"1 adjusted: ha_suspend does not go with marks", "1 adjusted: a mark has no protocol: keepalived ignores tcp",
				"7 adjusted: the sorry server of a mark has no port", "8 adjusted: the real server of a mark has no port",
			},
		},
		{
			name:  "a mark and NAT keep the port, also none",
			text:  "virtual_server fwmark 1 {\nlb_algo rr\nlb_kind NAT\n" + server + "real_server 10.0.0.2 {\n}\n}\n",
			table: "-A -f 1 -s rr; -a -f 1 -r 10.0.0.1:53 -m -w 1; -a -f 1 -r 10.0.0.2:0 -m -w 1",
		},
		// Protocols and ports.
		{
			name: "ops and SCTP", text: "virtual_server 192.0.2.1 53 {\nprotocol SCTP\nops\nlb_algo rr\nlb_kind DR\n" + server + "}\n",
			table: "-A --sctp-service 192.0.2.1:53 -s rr; -a --sctp-service 192.0.2.1:53 -r 10.0.0.1:53 -g -w 1",
			notes: []string{"1 adjusted: ops is for UDP alone: keepalived switches it off"},
		},
		{
			name: "ops without a protocol", text: "virtual_server 192.0.2.1 53 {\nops\nlb_algo rr\nlb_kind DR\n" + server + "}\n",
			table: "-A -u 192.0.2.1:53 -s rr -o; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 1",
			notes: []string{"1 adjusted: no protocol: keepalived takes UDP"},
		},
		{
			name:  "no port but persistent",
			text:  "virtual_server 192.0.2.1 {\nprotocol TCP\npersistence_timeout 9\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.1 {\n}\n}\n",
			table: "-A -t 192.0.2.1:0 -s rr -p 9; -a -t 192.0.2.1:0 -r 10.0.0.1:0 -g -w 1",
		},
		// Groups.
		{
			name: "a group with a mark and an address without a port",
			text: "virtual_server_group G {\n192.0.2.1 0\nfwmark 3\n}\nvirtual_server group G {\nprotocol TCP\nops\nlb_algo rr\nlb_kind DR\n" +
				"sorry_server 10.9.9.9 54\n" + server + "}\n",
			table: "-A -f 3 -s rr -p 360; -A -t 192.0.2.1:0 -s rr -p 360; -a -f 3 -r 10.0.0.1:0 -g -w 1; -a -t 192.0.2.1:0 -r 10.0.0.1:0 -g -w 1",
			notes: []string{
				"5 adjusted: ops is for UDP alone", "5 adjusted: keepalived takes persistence_timeout 360",
				"10 adjusted: the port of the member of the group", "11 adjusted: the port of the member of the group",
			},
		},
		{
			name: "a group of marks keeps ops, and has no protocol",
			text: "virtual_server_group G {\nfwmark 3\n}\nvirtual_server group G {\nprotocol TCP\nops\nha_suspend\nlb_algo rr\nlb_kind NAT\n" +
				server + "}\n",
			table: "-A -f 3 -s rr -o; -a -f 3 -r 10.0.0.1:53 -m -w 1",
			notes: []string{"4 adjusted: ha_suspend does not go with marks", "4 adjusted: a mark has no protocol: keepalived ignores tcp"},
		},
		{
			name: "a group of both families behind tunnels",
			text: "virtual_server_group G {\n192.0.2.1 53\n2001:db8::1 53\n}\nvirtual_server group G {\nprotocol UDP\nlb_algo rr\nlb_kind TUN\n" +
				server + "}\n",
			table: "-A -u 192.0.2.1:53 -s rr; -A -u [2001:db8::1]:53 -s rr; -a -u 192.0.2.1:53 -r 10.0.0.1:53 -i -w 1 --tun-type ipip; " +
				"-a -u [2001:db8::1]:53 -r 10.0.0.1:53 -i -w 1 --tun-type ipip",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, tt.text)
			if got := strings.Join(render(cfg.Desired(nil)), "; "); got != tt.table {
				t.Errorf("table\n%s\nwant\n%s", got, tt.table)
			}
			notes(t, cfg, tt.notes)
		})
	}
}

// notes holds the notes against LINE KIND: PART OF THE TEXT, all of them in their order.
func notes(t *testing.T, cfg *keepalived.Config, want []string) {
	t.Helper()
	same := len(cfg.Notes) == len(want)
	for i := range min(len(cfg.Notes), len(want)) {
		n := cfg.Notes[i]
		head, part, _ := strings.Cut(want[i], ": ")
		same = same && head == fmt.Sprintf("%d %s", n.Pos.Line, n.Kind) && strings.Contains(n.Text, part)
	}
	if !same {
		t.Errorf("notes\n%v\nwant\n%s", cfg.Notes, strings.Join(want, "\n"))
	}
}
