package packaging_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// examples are the files that operators copy, and how the program that reads each of them is asked whether it can. DIR is the directory
// of a copy.
var examples = map[string]struct{ program, how string }{
	"prometheus/prometheus.yml":   {"promtool", `promtool check config DIR/prometheus/prometheus.yml | grep "1 rule files found"`},
	"prometheus/alertmanager.yml": {"amtool", `amtool check-config DIR/prometheus/alertmanager.yml`},
	"icinga2/lvsdns.conf": {"icinga2", `printf 'include <itl>\ninclude "DIR/icinga2/lvsdns.conf"\n' >DIR/all.conf
		icinga2 daemon -C -c DIR/all.conf -D Configuration.RunAsUser=root \
			-D Configuration.RunAsGroup=root -D Configuration.VarsPath=DIR/vars \
			-D Configuration.CacheDir=DIR`},
	"zabbix/lvsdns.conf": {"zabbix_agentd", `printf 'Server=127.0.0.1\nLogType=console\nInclude=DIR/zabbix/lvsdns.conf\n' >DIR/agent.conf
		PROGRAMS
		zabbix_agentd -c DIR/agent.conf -t 'lvsdns.check[127.0.0.1:1,example.com]' | grep 't|2]' &&
			zabbix_agentd -c DIR/agent.conf -t 'lvsdns.reason[127.0.0.1:1,example.com]' |
			grep 'FAIL 127.0.0.1:1 example.com. SOA both'`},
	"telegraf/lvsdns.conf":             {"telegraf", `telegraf --test --config DIR/telegraf/lvsdns.conf`},
	"haproxy/haproxy.cfg":              {"haproxy", `haproxy -c -f DIR/haproxy/haproxy.cfg`},
	"haproxy/lvsdns-check":             {"sh", `sh -n DIR/haproxy/lvsdns-check && test -x DIR/haproxy/lvsdns-check`},
	"sysctl.d/lvsdns.conf":             {"awk", sysctls},
	"sysctl.d/lvsdns-real-server.conf": {"awk", strings.ReplaceAll(sysctls, "lvsdns.conf", "lvsdns-real-server.conf")},
	"modules-load.d/lvsdns.conf":       {"grep", `! grep -vxE '#.*|[a-z0-9_]+' DIR/modules-load.d/lvsdns.conf`},
	// The lab has keepalived read it: TestExampleOfKeepalived.
	"keepalived/keepalived.conf": {"grep", `grep -q 'misc_path "/usr/bin/lvsdns-check ' DIR/keepalived/keepalived.conf`},
	"README.md": {"sh", `! grep -oE '^\| [^|]+' DIR/README.md | tail -n +3 | tr -d '| ' | tr , '\n' |
		while read -r f; do test -e "DIR/$f" || echo "$f"; done | grep .`},
}

// sysctls: every line is a comment, or sets one number; that the kernel knows them is for the guide's test in the lab.
const sysctls = `! grep -vxE '|#.*|[a-z0-9_.]+ = [0-9]+' DIR/sysctl.d/lvsdns.conf`

// TestExamples has each example read by the program that it is for.
func TestExamples(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("examples")); err != nil {
		t.Fatal(err)
	}
	// What the package puts beside them.
	for from, to := range map[string]string{
		"../alerts/lvsdns.yml":        "prometheus/lvsdns.yml",
		"../dashboards/overview.json": "grafana/overview.json",
	} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, to)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	err := fs.WalkDir(os.DirFS("examples"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found++
		if examples[name].program == "" {
			t.Errorf("examples/%s: nothing says how it is checked", name)
		}
		return nil
	})
	if err != nil || found != len(examples) {
		t.Errorf("there are %d examples, and %d are checked: %v", found, len(examples), err)
	}
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(e.program); err != nil {
				t.Skipf("%s is not installed here: examples/%s is not read", e.program, name)
			}
			programs := ""
			if strings.Contains(e.how, "PROGRAMS") {
				programs = install(t, dir)
			}
			how := strings.NewReplacer("DIR", dir, "PROGRAMS", programs).Replace(e.how)
			if out, err := exec.Command("bash", "-o", "pipefail", "-c", how).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", how, err, out)
			}
		})
	}
}

// install builds lvsdns-check, and returns the line of a shell that has the copy of an example call it.
func install(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "lvsdns-check")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/lvsdns-check").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return fmt.Sprintf("sed -i 's|/usr/bin/lvsdns-check|%s|' %s/zabbix/lvsdns.conf", program, dir)
}
