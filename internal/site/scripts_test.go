package site_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

// TestScriptUsers has who may run scripts, and whose reports are taken.
func TestScriptUsers(t *testing.T) {
	const standard = "keepalived_script:x:100:100::/:\n"
	for _, tt := range []struct{ name, passwd, conf, want string }{
		{"nobody is named", "", "", "[0]"},
		{"the standard user", standard, "", "[100]"},
		{"script_user", standard, "global_defs {\n\tscript_user lvs\n}\n", "[300]"},
		{"script_user that does not exist", standard, "global_defs {\n\tscript_user gone\n}\n", "[]"},
		{"security without a user", "", "global_defs {\n\tenable_script_security\n}\n", "[]"},
		{"a check with a user of its own", "", "virtual_server 192.0.2.1 53 {\n\treal_server 192.0.2.21 53 {\n\t\tMISC_CHECK {\n\t\t\tmisc_path \"/usr/bin/lvsdns-check 192.0.2.21\"\n\t\t\tuser lvs\n\t\t}\n\t}\n}\n", "[0 300]"},
		{"a vrrp_script with a user of its own", standard, "vrrp_script up {\n\tscript \"/usr/bin/lvsdns-check 192.0.2.21\"\n\tuser lvs\n}\n", "[100 300]"},
	} {
		root := t.TempDir()
		os.Mkdir(filepath.Join(root, "etc"), 0o755)
		for name, text := range map[string]string{"passwd": "root:x:0:0::/:\nlvs:x:300:300::/:\n" + tt.passwd, "group": "root:x:0:\n"} {
			if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cfg, err := keepalived.Load("k", keepalived.Options{FS: fstest.MapFS{"k": {Data: []byte(tt.conf)}}})
		if err != nil {
			t.Fatal(err)
		}
		got := site.Keepalived{Root: root}.ScriptUsers(cfg)
		if slices.Sort(got); fmt.Sprint(got) != tt.want {
			t.Errorf("%s: %d, want %s", tt.name, got, tt.want)
		}
	}
}
