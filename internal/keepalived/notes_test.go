package keepalived_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// checkedText has reload_check_config, a virtual server and an instance, and room for a mistake in each block.
const checkedText = `global_defs {
	reload_check_config
	# G
}
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	# V
	real_server 10.0.0.1 53 {
		weight 1
		# R
	}
}
vrrp_instance A {
	interface eth0
	virtual_router_id 1
	# I
}
# O
`

// TestCheckedMistakes has what reload_check_config makes fatal: all that keepalived reports by report_config_error(), and nothing that it
// only logs by log_message() or passes over (start_check() in check_daemon.c of 2.2.7, whose -t has the status 0 for the rows that go on).
func TestCheckedMistakes(t *testing.T) {
	const servers = "{\n protocol UDP\n lb_algo rr\n lb_kind DR\n real_server 10.0.0.1 53 { weight 1\n }\n}\n"
	for _, tt := range []struct {
		name, at, text string
		fatal          string // line and part of the text; empty: it runs
	}{
		{name: "nothing"},
		{name: "an unknown word of the virtual server", at: "# V", text: "nat_mask 255.0.0.0", fatal: "9 nat_mask"},
		{name: "an unknown word of a real server", at: "# R", text: "colour red", fatal: "12 colour"},
		{name: "a weight that is none", at: "# R", text: "weight much", fatal: "12 much"},
		{name: "an unknown word of the instance", at: "# I", text: "colour red", fatal: "18 colour"},
		{name: "an unknown word of global_defs", at: "# G", text: "colour red", fatal: "3 colour"},
		{name: "an unknown word outside", at: "# O", text: "colour red", fatal: "20 colour"},
		{
			name: "of two mistakes that of the parent", at: "# O", text: "colour red\nvirtual_server 192.0.2.2 53 {\n colour blue\n}",
			fatal: "20 colour",
		},
		// Found after reading.
		{name: "a quorum above the weights", at: "# V", text: "quorum 2", fatal: "5 quorum 2"},
		{name: "a virtual server without servers", at: "# O", text: "virtual_server 192.0.2.2 53 {\n}", fatal: "20 no real servers"},
		{name: "the same real server twice", at: "# V", text: "real_server 10.0.0.1 53 {\n}", fatal: "11 the same"},
		// link_vsg_to_vs() in ipwrapper.c only logs.
		{name: "a group that is not there", at: "# O", text: "virtual_server group H " + servers},
		{
			name: "a group of another family", at: "# O",
			text: "virtual_server_group H {\n 2001:db8::1 53\n}\nvirtual_server group H " + servers,
		},
		{
			name: "a group of both families", at: "# O",
			text: "virtual_server_group H {\n 192.0.2.2 53\n 2001:db8::1 53\n}\nvirtual_server group H " + servers,
		},
		// Without a word.
		{name: "a flag that a no switches on", at: "# V", text: "alpha no"},
		{name: "a file that is not there", at: "# O", text: "include none.conf"},
		{name: "thresholds that the kernel refuses", at: "# R", text: "lthreshold 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := checkedText
			if tt.at != "" {
				text = strings.Replace(text, tt.at, tt.text, 1)
			}
			cfg := load(t, text)
			fatal := ""
			for _, n := range cfg.Notes {
				if isFatal(n) {
					fatal += fmt.Sprintf("%d %s", n.Pos.Line, n.Text)
				}
			}
			line, word, _ := strings.Cut(tt.fatal, " ")
			if (fatal == "") != (tt.fatal == "") || !strings.HasPrefix(fatal, line) || !strings.Contains(fatal, word) {
				t.Errorf("fatal: %q, want %q: %v", fatal, tt.fatal, cfg.Notes)
			}
			if strings.Count(fatal, "reload_check_config (/etc/keepalived/keepalived.conf:2)") > 1 {
				t.Errorf("more than the first mistake is fatal: %s", fatal)
			}
		})
	}
}

// TestNoteText has the places and kinds as an operator reads them.
func TestNoteText(t *testing.T) {
	for _, tt := range []struct {
		note    keepalived.Note
		want    string
		touches bool
	}{
		{
			keepalived.Note{Pos: keepalived.Pos{File: "/a", Line: 3}, Kind: keepalived.Trap, Text: "a trap", Block: "vrrp_instance A"},
			"/a:3: trap: a trap (in vrrp_instance A)", false,
		},
		{keepalived.Note{Kind: keepalived.File, Text: "no file"}, "default: file: no file", true},
		{
			keepalived.Note{Kind: keepalived.Unresolved, Text: "x", Block: "virtual_server_group G"},
			"default: unresolved: x (in virtual_server_group G)", true,
		},
		{keepalived.Note{Kind: keepalived.Fatal, Text: "x", Block: "global_defs"}, "default: fatal: x (in global_defs)", true},
		{keepalived.Note{Text: "x", Block: "vrrp_script virtual_server"}, "default: NoteKind(0): x (in vrrp_script virtual_server)", false},
		{keepalived.Note{Kind: keepalived.Unresolved + 1, Text: "x"}, "default: NoteKind(8): x", true},
		{keepalived.Note{Kind: -1, Text: "x"}, "default: NoteKind(-1): x", true},
	} {
		if got := tt.note.String(); got != tt.want || tt.note.TouchesLVS() != tt.touches {
			t.Errorf("%q, touches LVS: %t; want %q, %t", got, tt.note.TouchesLVS(), tt.want, tt.touches)
		}
	}
}
