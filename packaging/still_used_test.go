package packaging_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStillUsed: what is said before the programs go away, and that nothing is where keepalived does not run them.
func TestStillUsed(t *testing.T) {
	const (
		last   = " Change the file and reload keepalived.\n"
		passes = " still runs lvsdns-check. keepalived counts a check that it cannot run as passed, so dead name servers get clients." + last
		idle   = " still runs lvsdns-notify. At the next failover nothing of /etc/lvsdns/notify.yaml is done." + last
		check  = "\tmisc_path \"/usr/bin/lvsdns-check --name example.com 192.0.2.1\"\n"
		place  = "lvsdns: DIR/keepalived.conf:" // DIR is that of keepalived's files
	)
	for name, c := range map[string]struct{ conf, more, want string }{ // more is conf.d/dns.conf
		"no keepalived":     {},
		"another check":     {conf: "misc_path \"/usr/bin/dig 192.0.2.1\"\n"},
		"another program":   {conf: "misc_path /opt/lvsdns-checker\n"},
		"comments":          {conf: "#" + check + "! " + check},
		"a check":           {conf: "# comment\n" + check, want: place + "2" + passes},
		"without arguments": {conf: "misc_path /usr/bin/lvsdns-check\n", want: place + "1" + passes},
		"several":           {conf: check + "\n" + check + check, want: place + "1 (and 2 more)" + passes},
		"an included file":  {conf: "include conf.d/*\n", more: check, want: "lvsdns: DIR/conf.d/dns.conf:1" + passes},
		"over TLS":          {conf: "misc_path \"/usr/bin/lvsdns-check-tls 192.0.2.1\"\n", want: place + "1" + passes},
		"a hook":            {conf: "notify_master \"/usr/bin/lvsdns-notify master\"\n", want: place + "1" + idle},
		"both":              {conf: check + "notify /usr/bin/lvsdns-notify\n", want: place + "1" + passes + place + "2" + idle},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "etc/keepalived")
			for file, text := range map[string]string{"keepalived.conf": c.conf, "conf.d/dns.conf": c.more} {
				if text == "" {
					continue
				}
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var stdout, stderr bytes.Buffer
			cmd := exec.Command("sh", "-c", read(t, "still-used.sh"), "still-used", root)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil || stdout.Len() > 0 {
				t.Errorf("%v, and %q on standard output", err, stdout.String())
			}
			if want := strings.ReplaceAll(c.want, "DIR", dir); stderr.String() != want {
				t.Errorf("it says\n%swant\n%s", stderr.String(), want)
			}
		})
	}
}
