package plan_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/fallback/probe"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

func blocks(t *testing.T, text, version string) []plan.Block {
	t.Helper()
	c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text)}}, ConfigID: "x", Version: version})
	if err != nil {
		t.Fatal(err)
	}
	b, err := plan.Blocks(c, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	probes(t, c, b)
	return b
}

// probes asserts that run can make a probe of each check that is not blocked.
func probes(t *testing.T, c *keepalived.Config, b []plan.Block) {
	t.Helper()
	for _, k := range health.New(c, keepalived.State{}, health.Options{}).Checks() {
		if slices.ContainsFunc(b, func(b plan.Block) bool { return b.Virtual == k.Virtual }) {
			continue
		}
		if _, err := probe.New(k, probe.Options{}); err != nil {
			t.Errorf("not blocked: %v", err)
		}
	}
}

// TestUnknownKeywords: of a keepalived whose keywords are known it is certain that it skips the others, and they block nothing. Else a virtual server
// is blocked, and named once however many there are.
func TestUnknownKeywords(t *testing.T) {
	text, err := os.ReadFile("../../keepalived/testdata/parity/unknown-old.conf")
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]int{"": 1, "1.2.13": 1, "2.0.0": 0, "2.0.19": 0, "2.2.7": 0, "2.3.3": 0, "2.4.3": 0, "2.4.4": 1, "3.0.0": 1} {
		b := blocks(t, string(text), version)
		if len(b) != want {
			t.Errorf("%q: %d blocks, want %d: %v", version, len(b), want, b)
		}
		if want == 0 {
			continue
		}
		if b[0].Pos.Line != 9 || strings.Count(b[0].Text, "/k.conf:") != 2 || !strings.Contains(b[0].Text, "; and 17 more: ") || strings.Count(b[0].Text, "that is not certain") != 1 || strings.Contains(b[0].Text, "\n") {
			t.Errorf("%q: %s: %s", version, b[0].Pos, b[0].Text)
		}
	}
	// A keyword of a later release is none of an earlier one, and blocks neither.
	if b := blocks(t, strings.Replace(conf, "TCP_CHECK {", "SSL_GET {\n url {\n path /\n tls_compliant\n}\n", 1), "2.2.7"); len(b) > 0 {
		t.Errorf("tls_compliant of 2.2.8: %v", b)
	}
}

// TestUncertainAlone: what cannot be done for one virtual server leaves that one alone, and no other.
func TestUncertainAlone(t *testing.T) {
	server := func(vip, check string) string {
		return "virtual_server " + vip + " {\n protocol TCP\n lb_kind NAT\n real_server 10.0.0.1 80 {\n" + check + "\n}\n}\n"
	}
	const fine = "TCP_CHECK {\n}"
	long := strings.Repeat("x", 64)
	for _, test := range []struct{ name, check, why string }{
		{"BFD", "BFD_CHECK {\n name b\n}", "BFD_CHECK: the BFD session belongs to keepalived"},
		{"a regex of PCRE", "HTTP_GET {\n url {\n path /\n regex \"a(?=b)\"\n}\n}", "regex: only what RE2 knows"},
		{"an option of PCRE", "HTTP_GET {\n url {\n path /\n regex a\n regex_options caseless\n}\n}", "regex_options: this option"},
		{"a name that cannot be asked for", "DNS_CHECK {\n name " + long + ".example.com\n}", "DNS_CHECK: name"},
		{"a long name", "DNS_CHECK {\n name " + strings.Repeat("xy.", 90) + "\n}", "longer than 255"},
		{"an unknown word", "colour blue", `"colour"`},
		{"a random value", "weight ${_RANDOM}", "_RANDOM"},
		// Fine for keepalived, and for us.
		{"options without a regex", "HTTP_GET {\n url {\n path /\n regex_options caseless\n}\n}", ""},
		{"a file without a file", "FILE_CHECK {\n track_file without\n}", ""},
		{"a file that nobody names", "FILE_CHECK {\n}", ""},
		{"a script without a path", "MISC_CHECK {\n}", ""},
		{"a script that cannot be read", "MISC_CHECK {\n misc_path \"\"\n}", ""},
		{"BFD without a name", "BFD_CHECK {\n}", ""},
		{"BFD of nobody", "BFD_CHECK {\n name nobody\n}", ""},
		{"a page without url", fine + "\nHTTP_GET {\n}", ""},
		{"a page without path", fine + "\nSSL_GET {\n url {\n}\n}", ""},
		{"a link-local address", "TCP_CHECK {\n connect_ip fe80::1\n}", ""},
		{"an old host of SMTP", "SMTP_CHECK {\n host {\n connect_ip 10.0.0.2\n}\n}", ""},
		{"a wrong name", "DNS_CHECK {\n name ..\n type XX\n}", ""},
		{"no reply", "UDP_CHECK {\n require_reply xyz\n payload q\n}", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, block := range map[string]string{"as printed": "192.0.2.2 80", "another form": "2001:DB8:0::2 080", "no port": "192.0.2.2"} {
				text := "bfd_instance b {\n neighbor_ip 10.0.0.1\n source_ip 10.0.0.2\n}\ntrack_file without {\n weight 1\n}\n" + server("192.0.2.1 80", fine)
				check := test.check
				if strings.Contains(block, ":") {
					check += "\n lvs_method TUN"
				}
				text += server(block, check) + server("192.0.2.3 80", fine)
				b := blocks(t, text, "")
				if test.why == "" {
					if len(b) > 0 {
						t.Errorf("%s: blocked: %v", name, b)
					}
					continue
				}
				if len(b) != 1 || b[0].Virtual.RealServers[0].Pos.Line != 19 || !strings.Contains(b[0].Text, test.why) {
					t.Errorf("%s: %v", name, b)
				}
			}
		})
	}
}

// TestNotesElsewhere: a note about a virtual server that keepalived leaves out blocks none, and one about all blocks all.
func TestNotesElsewhere(t *testing.T) {
	const two = "virtual_server 192.0.2.2 53 {\n protocol TCP\n lb_kind NAT\n real_server 10.0.0.1 53 {\n}\n}\n"
	group := "virtual_server_group G {\n 192.0.2.4 53\n 192.0.2.${_RANDOM} 53\n}\n" + strings.ReplaceAll(two, "192.0.2.2 53", "group G")
	for _, test := range []struct {
		name, text string
		want       int
	}{
		{"one that is left out", "virtual_server 192.0.2.9 53 {\n colour blue\n}\n" + conf + two, 0},
		{"a group", group + conf + two, 1},
		{"settings for all", "global_defs {\n lvs_timeouts tcp ${_RANDOM}\n}\n" + conf + two, 2},
		{"an instance", "vrrp_instance v {\n interface eth0\n priority ${_RANDOM}\n}\n" + conf + two, 0},
		{"one of two of the same name", conf + strings.NewReplacer("UDP", "TCP", "lb_kind DR", "colour blue").Replace(conf), 1},
		{"a mark", strings.Replace(two, "192.0.2.2 53", "fwmark 5", 1) + strings.NewReplacer("192.0.2.2 53", "fwmark 6", "lb_kind NAT", "colour blue").Replace(two), 1},
	} {
		if b := blocks(t, test.text, ""); len(b) != test.want {
			t.Errorf("%s: %d blocks, want %d: %v", test.name, len(b), test.want, b)
		}
	}
}

// TestEveryFixture: what plan takes, run takes too.
func TestEveryFixture(t *testing.T) {
	files, err := filepath.Glob("../../keepalived/testdata/parity/*.conf")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, name := range files {
		for _, version := range []string{"", "2.2.7", "2.3.3"} {
			c, err := keepalived.Load(filepath.Base(name), keepalived.Options{FS: os.DirFS(filepath.Dir(name)), ConfigID: "lab", Version: version})
			if err != nil {
				t.Fatal(err)
			}
			if b, err := plan.Blocks(c, plan.Options{}); err == nil {
				probes(t, c, b)
			}
		}
	}
}
