package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const conf = `virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo wrr
	lb_kind DR
	real_server 198.51.100.21 53 {
		weight 10
	}
}
`

// TestCommandLine looks at what needs no kernel.
func TestCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keepalived.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	fatal, err := filepath.Abs("../../internal/keepalived/testdata/parity/fatal-parameter.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		args   []string
		status int
		stdout string // the beginning
		stderr string // a part
	}{
		{"no command", nil, 1, "", "usage: lvsdns-fallback COMMAND"},
		{"help", []string{"--help"}, 0, "usage: lvsdns-fallback COMMAND", ""},
		{"check-config", []string{"check-config", "--config", "../../packaging/fallback.yaml"}, 0, "../../packaging/fallback.yaml: nothing is wrong with it\n", ""},
		{"check-config, no such file", []string{"check-config", "--config", file + "x"}, 1, "", "read settings: "},
		{"check-config, no such key", []string{"check-config", "--config", file}, 1, "", "lvsdns-fallback check-config: " + file},
		{"unknown command", []string{"flush"}, 1, "", `there is no command "flush"`},
		{"version", []string{"--version"}, 0, "lvsdns-fallback ", ""},
		{"help of plan", []string{"plan", "--help"}, 0, "usage: lvsdns-fallback plan", ""},
		{"unknown flag", []string{"plan", "--fix"}, 1, "", "flag provided but not defined: -fix"},
		{"argument", []string{"plan", "now"}, 1, "", `there is nothing to do with "now"`},
		{"output", []string{"plan", "--output", "xml"}, 1, "", `--output is "xml"; it must be text or json`},
		{"health", []string{"plan", "--health", "good"}, 1, "", `--health is "good"`},
		{"health without a dump", []string{"plan", "--health", "keepalived"}, 1, "", "--health keepalived and --state-dump need each other"},
		{"help of run", []string{"run", "--help"}, 0, "usage: lvsdns-fallback run", ""},
		{"help of hand-back", []string{"hand-back", "--help"}, 0, "usage: lvsdns-fallback hand-back", ""},
		{"help of status", []string{"status", "--help"}, 0, "usage: lvsdns-fallback status", ""},
		{"unknown setting of run", []string{"run", "--flor-percent", "3"}, 1, "", "--flor-percent: no such flag; did you mean --floor-percent?"},
		{"run with a bad value", []string{"run", "--config", "/dev/null", "--floor-percent", "300"}, 1, "", "--floor-percent: "},
		{"run without a configuration", []string{"run", "--config", "/dev/null", "--keepalived-config", "/nowhere.conf"}, 1, "", "nowhere.conf: no such file"},
		{"run with what keepalived refuses", []string{"run", "--config", "/dev/null", "--keepalived-config", fatal}, 1, "", "keepalived does not start with this configuration"},
		{"hand-back with an argument", []string{"hand-back", "now"}, 1, "", `there is nothing to do with "now"`},
		{"status with an argument", []string{"status", "now"}, 1, "", `there is nothing to do with "now"`},
		{"no configuration", []string{"plan", "--keepalived-config", "/nowhere.conf"}, 1, "", "nowhere.conf: no such file or directory; --keepalived-config says where it is"},
		{"no namespace", []string{"plan", "--keepalived-config", file, "--netns", "lvsdns-none"}, 1, "", "open the network namespace"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), test.args, &stdout, &stderr)
			if status != test.status || !strings.HasPrefix(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) ||
				(test.stderr == "") != (stderr.Len() == 0) {
				t.Errorf("status %d, want %d\nstdout: %s\nstderr: %s", status, test.status, stdout.String(), stderr.String())
			}
		})
	}
}
