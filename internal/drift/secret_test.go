package drift_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

// TestSecrets has configurations with a secret in each place where a difference could quote it: whoever reaches the exporter reads them.
func TestSecrets(t *testing.T) {
	for name, check := range map[string]string{
		"a check":                   `MISC_CHECK { misc_path "/bin/check --key secret" }`,
		"outside the quotes":        `MISC_CHECK { misc_path /bin/check --key secret --more secret }`,
		"one word outside":          `MISC_CHECK { misc_path /bin/check secret }`,
		"an open quote":             `MISC_CHECK { misc_path "/bin/check 'secret }`,
		"no command":                `MISC_CHECK { misc_path "'secret" }`,
		"twice":                     "MISC_CHECK { misc_path \"/bin/check secret\"\n misc_path \"/bin/check secret\" }",
		"a sequence":                `~SEQ(i) MISC_CHECK { misc_path "/bin/check secret" }`,
		"a sequence without quotes": `~SEQ(i) MISC_CHECK { misc_path /bin/check secret }`,
		"a hook":                    `notify_up "/bin/hook secret" x y z`,
		"two hooks":                 "notify_up \"/bin/hook secret\"\n notify_up \"/bin/hook secret\"",
		"an unknown word":           `misc_pat "/bin/check secret"`,
		"no room":                   `MISC_CHECK { misc_path "/bin/lvsdns-check --timeout 9s --tsig secret 198.51.100.21"` + "\n misc_timeout 1 }",
	} {
		t.Run(name, func(t *testing.T) {
			text := "virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind DR\nreal_server 198.51.100.21 53 {\n" + check + "\n}\n}\n" +
				"vrrp_instance V {\nauthentication {\nauth_type PASS\nauth_pass secretsecretsecret\n}\nnotify \"/bin/hook secret\n}\n"
			cfg, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text)}}})
			if err != nil {
				t.Fatal(err)
			}
			for _, state := range []host.ScriptState{host.ScriptFine, host.ScriptMissing, host.ScriptNotExecutable, host.ScriptInsecure, host.ScriptUserUnknown} {
				in := drift.Input{Config: cfg, Scripts: map[host.ScriptID]host.Script{}}
				for _, id := range site.ScriptsOf(cfg) {
					in.Scripts[id] = host.Script{State: state, Reason: "of something"}
				}
				for _, d := range drift.Compare(in) {
					if said := d.Text + d.Mend; strings.Contains(said, "secret") {
						t.Errorf("%s: %s", d.Kind, said)
					}
				}
			}
			for _, n := range cfg.Notes {
				if said := n.String() + n.Lost + n.Mend; strings.Contains(said, "secret") {
					t.Errorf("note: %s", said)
				}
			}
		})
	}
}
