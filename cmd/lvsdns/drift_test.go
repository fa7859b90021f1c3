package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/cmd/internal/version"
)

const conf = `global_defs {
	script_user nobody
	enable_script_security
}
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo wrr
	lb_kind DR
	alpha
	real_server 198.51.100.21 53 {
		weight 10
		MISC_CHECK {
			misc_path "/usr/bin/check 198.51.100.21"
		}
	}
}
`

// newer has a word that came with keepalived 2.3.0.
var newer = strings.Replace(conf, "global_defs {", "global_defs {\n\tuse_symlink_paths", 1)

// hostID is what keepalived on this host takes for its --config-id.
func hostID(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(name, ".")
	return id
}

// procTable is /proc/net/ip_vs with that configuration.
const procTable = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  C0000201:0035 wrr  
  -> C6336415:0035      Route   10     0          0         
`

// tree is a root directory with a director's files.
func tree(t *testing.T, changed map[string]string) string {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		"etc/keepalived/keepalived.conf": conf,
		"etc/passwd":                     "nobody:x:65534:65534::/:\n",
		"etc/group":                      "",
		"usr/bin/check":                  "#!/bin/sh\n",
		"usr/bin/other":                  "#!/bin/sh\n",
		"usr/sbin/keepalived":            "Keepalived v2.2.7 (01/16,2022)",
		"proc/net/ip_vs":                 procTable,
		"proc/net/dev":                   "\n",
	}
	for name, text := range changed {
		files[name] = text
	}
	for name, text := range files {
		if text == "" && name != "etc/group" {
			continue
		}
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"", "usr", "usr/bin", "usr/bin/check"} { // whatever the umask
		_ = os.Chmod(filepath.Join(root, dir), 0o755)
	}
	return root
}

func TestDrift(t *testing.T) {
	const clean = "nothing to mend: the kernel has what the configuration orders, as far as that can be said without keepalived's state dump\n"
	for _, test := range []struct {
		name   string
		files  map[string]string
		flags  []string
		status int
		stdout string // the beginning
		stderr string
	}{
		{name: "clean", status: 0, stdout: clean},
		{name: "info alone", files: map[string]string{"proc/net/ip_vs": strings.SplitAfter(procTable, "wrr  \n")[0]}, status: 0,
			stdout: "info:\n  real_server_down: udp 192.0.2.1:53: real server 198.51.100.21:53 (/etc/keepalived/keepalived.conf:10) is not in the kernel: "},
		{name: "warning", files: map[string]string{"proc/net/ip_vs": strings.Replace(procTable, "wrr", "rr", 1)}, status: 2,
			stdout: "warning:\n  scheduler: virtual server udp 192.0.2.1:53 (/etc/keepalived/keepalived.conf:5) has scheduler rr in the kernel and wrr in the configuration: "},
		{name: "script missing", files: map[string]string{"usr/bin/check": ""}, status: 2,
			stdout: "critical:\n  script_missing: udp 192.0.2.1:53: real server 198.51.100.21:53 (/etc/keepalived/keepalived.conf:10) is checked by /usr/bin/check (/etc/keepalived/keepalived.conf:13), but /usr/bin/check does not exist: "},
		{name: "no IPVS", files: map[string]string{"proc/net/ip_vs": ""}, status: 2,
			stdout: "critical:\n  virtual_server_missing: ", stderr: "no IPVS in this kernel (module ip_vs is not loaded): taken for an empty table\n"},
		{name: "no configuration", files: map[string]string{"etc/keepalived/keepalived.conf": ""}, status: 1,
			stderr: "lvsdns drift: read keepalived's configuration: stat /etc/keepalived/keepalived.conf: no such file or directory; --keepalived-config says where it is\n"},
		{name: "no such configuration", flags: []string{"--keepalived-config", "nonexistent/keepalived.conf"}, status: 1,
			stderr: "lvsdns drift: read keepalived's configuration: stat nonexistent/keepalived.conf: no such file or directory; --keepalived-config says where it is\n"},
		{name: "no dump", flags: []string{"--state-dump", "/nowhere/keepalived_check.data"}, status: 1,
			stderr: "lvsdns drift: read keepalived's state dump: open /nowhere/keepalived_check.data: no such file or directory\n"},
		{name: "another dump", flags: []string{"--state-dump", "/dev/null"}, status: 1,
			stderr: "lvsdns drift: /dev/null is not the keepalived_check.data that keepalived writes after SIGUSR1: no dump, or not its beginning: there are no global definitions\n"},
		{name: "virtual server lost", files: map[string]string{"etc/keepalived/keepalived.conf": strings.Replace(conf, "192.0.2.1 53", "192.0.2.1:53", 1), "proc/net/ip_vs": strings.SplitAfter(procTable, "InActConn\n")[0]}, status: 2,
			stdout: "critical:\n  configuration_lost: /etc/keepalived/keepalived.conf:5: \"virtual_server 192.0.2.1:53\" is lost as a whole: "},
		{name: "bad output", flags: []string{"--output", "xml"}, status: 1, stderr: "lvsdns drift: --output is \"xml\"; it must be text or json\n"},
		{name: "unknown flag", flags: []string{"--fix"}, status: 1, stderr: "lvsdns drift: flag provided but not defined: -fix\n"},
		{name: "argument", flags: []string{"192.0.2.1"}, status: 1, stderr: "lvsdns drift: there is nothing to do with \"192.0.2.1\"; lvsdns drift takes flags only\n"},
		{name: "signal to elsewhere", flags: []string{"--signal"}, status: 1, stderr: "lvsdns drift: --signal asks the keepalived of this host; leave out --root\n"},
		{name: "lines of this host", files: map[string]string{"etc/keepalived/keepalived.conf": strings.Replace(conf, "weight 10", "@"+hostID(t)+" weight 10", 1)}, status: 0, stdout: clean},
		{name: "lines of another host", files: map[string]string{"etc/keepalived/keepalived.conf": strings.Replace(conf, "weight 10", "weight 10\n@other weight 20", 1)}, status: 0, stdout: clean},
		{name: "lines by --config-id", files: map[string]string{"etc/keepalived/keepalived.conf": strings.Replace(conf, "weight 10", "weight 10\n@other weight 20", 1)}, flags: []string{"--config-id", "other"}, status: 2,
			stdout: "warning:\n  weight: udp 192.0.2.1:53: real server 198.51.100.21:53 (/etc/keepalived/keepalived.conf:10) has weight 10 in the kernel and should have 20: "},
		{name: "word of a newer version", files: map[string]string{"etc/keepalived/keepalived.conf": newer}, status: 2,
			stdout: "warning:\n  configuration_ignored: /etc/keepalived/keepalived.conf:2: keepalived does not know \"use_symlink_paths\" here before 2.3.0 and skips the line (in global_defs)"},
		{name: "word of this version", files: map[string]string{"etc/keepalived/keepalived.conf": newer, "usr/sbin/keepalived": "Keepalived v2.3.3 (03/30,2025)"}, status: 0, stdout: clean},
		{name: "word by --keepalived-version", files: map[string]string{"etc/keepalived/keepalived.conf": newer}, flags: []string{"--keepalived-version", "2.3.3"}, status: 0, stdout: clean},
		{name: "no version", files: map[string]string{"etc/keepalived/keepalived.conf": newer, "usr/sbin/keepalived": ""}, status: 0, stdout: clean,
			stderr: "/usr/bin: the configuration is read by the rules of the newest; --keepalived-version sets it\n"},
		{name: "bad version", flags: []string{"--keepalived-version", "two"}, status: 1, stderr: "lvsdns drift: read keepalived's configuration: its version is \"two\"; want one such as 2.2.7\n"},
		{name: "flows outlive their server", files: map[string]string{"proc/sys/net/ipv4/vs/expire_nodest_conn": "0\n", "proc/sys/net/ipv4/vs/expire_quiescent_template": "0\n"}, status: 2,
			stdout: "warning:\n  flows_outlive_server: sysctl net.ipv4.vs.expire_nodest_conn is 0, and a virtual server takes UDP: "},
		{name: "help", flags: []string{"--help"}, status: 0, stdout: "usage: lvsdns drift [flags]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"drift", "--root", tree(t, test.files)}, test.flags...)
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), args, &stdout, &stderr)
			if status != test.status || !strings.HasPrefix(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) ||
				test.stderr == "" && stderr.Len() > 0 || test.stdout == "" && stdout.Len() > 0 {
				t.Errorf("status %d, want %d\nstdout: %s\nstderr: %s", status, test.status, stdout.String(), stderr.String())
			}
		})
	}
}

// TestRelative: names are relative to where the operator stands, includes to the file that has them.
func TestRelative(t *testing.T) {
	root := tree(t, map[string]string{"etc/keepalived/keepalived.conf": "include nothing.conf\nvirtual_server_group g {\n", "proc/net/ip_vs": ""})
	t.Chdir(filepath.Join(root, "etc"))
	for _, tt := range []struct{ config, stdout, stderr string }{
		{"keepalived/keepalived.conf", ": no file \"nothing.conf\": keepalived goes on without it", ""},
		{"keepalived.conf", "", "stat keepalived.conf: no such file or directory; --keepalived-config says where it is\n"},
		{"keepalived", "", "keepalived is not a regular file\n"},
	} {
		var stdout, stderr bytes.Buffer
		run(t.Context(), []string{"drift", "--keepalived-config", tt.config}, &stdout, &stderr)
		if !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
			t.Errorf("%s:\nstdout: %s\nstderr: %s", tt.config, stdout.String(), stderr.String())
		}
	}
}

// TestNobodyToAsk: without a keepalived to ask, all that can be compared is.
func TestNobodyToAsk(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "keepalived.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), []string{"drift", "--signal", "--keepalived-config", file, "--pid-file", filepath.Join(dir, "none.pid")}, &stdout, &stderr)
	if status != 2 || !strings.Contains(stdout.String(), "  state_dump_absent: ") || !strings.Contains(stdout.String(), "  virtual_server_missing: ") ||
		!strings.Contains(stderr.String(), "none.pid: no such file or directory: going on without it; --pid-file says") {
		t.Errorf("status %d\nstdout: %s\nstderr: %s", status, stdout.String(), stderr.String())
	}
}

func TestDriftJSON(t *testing.T) {
	root := tree(t, map[string]string{"proc/net/ip_vs": strings.Replace(procTable, "Route   10", "Route   11", 1)})
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"drift", "--root", root, "--output", "json"}, &stdout, &stderr); status != 2 {
		t.Errorf("status %d: %s", status, stderr.String())
	}
	var got struct {
		Differences []map[string]any
		Summary     map[string]int
		Kernel      string
		Belief      *bool
		Version     string `json:"keepalived_version"`
		ConfigID    string `json:"config_id"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil || len(got.Differences) != 1 {
		t.Fatalf("%v\n%s", err, stdout.String())
	}
	if n, ok := got.Summary["scheduler"]; got.Summary["weight"] != 1 || n != 0 || !ok || got.Kernel != "proc" || got.Belief == nil || *got.Belief || got.Version != "2.2.7" || got.ConfigID != hostID(t) {
		t.Errorf("%s", stdout.String())
	}
	for key, want := range map[string]any{
		"kind": "weight", "severity": "warning", "vip": "192.0.2.1", "vport": "53", "proto": "udp", "fwmark": "", "family": "ipv4",
		"rip": "198.51.100.21", "rport": "53", "file": "/etc/keepalived/keepalived.conf", "line": 10.0,
		"mend": "ipvsadm -e -u 192.0.2.1:53 -r 198.51.100.21:53 -g -w 10",
	} {
		if got.Differences[0][key] != want {
			t.Errorf("%s: %v, want %v", key, got.Differences[0][key], want)
		}
	}
}

func TestCommands(t *testing.T) {
	for _, test := range []struct {
		name, stdout, stderr string
		args                 []string
		status               int
	}{
		{name: "none", stderr: usage, status: 1},
		{name: "help", args: []string{"--help"}, stdout: usage},
		{name: "version", args: []string{"--version"}, stdout: "lvsdns " + version.Program() + "\n"},
		{name: "unknown", args: []string{"fly"}, stderr: "lvsdns: there is no command \"fly\"; lvsdns --help lists them\n", status: 1},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(t.Context(), test.args, &stdout, &stderr); status != test.status || stdout.String() != test.stdout || stderr.String() != test.stderr {
			t.Errorf("%s: status %d\nstdout: %s\nstderr: %s", test.name, status, stdout.String(), stderr.String())
		}
	}
}
