package site_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The parts of a keepalived.conf, each a virtual server 192.0.2.N and a vrrp_instance, and what stands in front of their lines.
var parts = []struct{ name, before string }{
	{"plain", ""},
	{"own", "@ID "},
	{"other", "@other "},
	{"but-other", "@^other "},
	{"before-2.4", "$MINE "}, // a definition stands for a condition, which means nothing since then
}

// conf has all parts for a host, below a head.
func conf(head, id string) string {
	var b strings.Builder
	b.WriteString(head + "$MINE=@^nobody\n")
	for i, p := range parts {
		before := strings.Replace(p.before, "ID", id, 1)
		for _, line := range []string{
			fmt.Sprintf("virtual_server 192.0.2.%d 53 {", i), "lb_algo rr", "lb_kind DR", "protocol UDP", "real_server 198.51.100.1 53 {", "}", "}",
			"vrrp_instance " + p.name + " {", "interface lo", fmt.Sprintf("virtual_router_id %d", i+1), "virtual_ipaddress {", fmt.Sprintf("192.0.2.%d", i), "}", "}",
		} {
			b.WriteString(before + line + "\n")
		}
	}
	return b.String()
}

// program is one that reads keepalived.conf.
type program struct {
	name string
	root string // its flag for another root; empty: it has none
	ask  func(t *testing.T, run func(args ...string) *exec.Cmd) string
	flag map[string]string // what it calls --config-id and --keepalived-version
}

// TestPrograms has one file system, and asks every program what its keepalived.conf says. Each of them runs in it, and those that can look at
// it from outside too.
func TestPrograms(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a file system of its own takes root")
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "../../cmd/lvsdns", "../../cmd/lvsdns-exporter", "../../cmd/lvsdns-fallback", "../../cmd/lvsdns-notify-act")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(name, ".")
	const here, newer = "plain own but-other before-2.4", "plain own but-other"
	version := func(v string) string { return "Keepalived v" + v + " " }
	// running is a keepalived, by its pid file.
	running := func(files map[string]string, pidFile, pid, v string) map[string]string {
		files[pidFile], files["proc/"+pid+"/exe"] = pid+"\n", version(v)
		files["proc/"+pid+"/status"] = "Name:\tkeepalived\nUid:\t0\t0\t0\t0\n"
		return files
	}
	installed := func(v string) map[string]string { return map[string]string{"usr/sbin/keepalived": version(v)} }
	for _, tt := range []struct {
		name  string
		head  string
		files map[string]string
		flags map[string]string // by their names in lvsdns drift
		want  string
	}{
		{"installed", "", installed("2.3.4"), nil, here},
		{"installed, and newer", "", installed("2.4.3"), nil, newer},
		{"not installed", "", nil, nil, newer},
		{"upgraded, and not started anew", "", running(installed("2.4.3"), "run/keepalived.pid", "77", "2.3.4"), nil, here},
		{"with a directory for its pid files", "use_pid_dir\n", running(installed("2.4.3"), "run/keepalived/keepalived.pid", "77", "2.3.4"), nil, here},
		{"one of several", "instance a\n", running(running(installed("2.4.3"), "run/keepalived.pid", "78", "2.4.3"), "run/keepalived/keepalived_a.pid", "77", "2.3.4"), nil, here},
		{"one of several, which does not run", "instance a\n", running(installed("2.4.3"), "run/keepalived.pid", "78", "2.3.4"), nil, newer},
		{"in a network namespace", "net_namespace n\n", running(running(installed("2.4.3"), "run/keepalived/keepalived.pid", "78", "2.4.3"), "run/keepalived/n/keepalived.pid", "77", "2.3.4"), nil, here},
		{"by an id", "", installed("2.3.4"), map[string]string{"config-id": "other"}, "plain other before-2.4"},
		{"by a version", "", installed("2.4.3"), map[string]string{"keepalived-version": "2.3.4"}, here},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, map[string]string{"etc/keepalived/keepalived.conf": "include conf.d/*.conf\n", "etc/keepalived/conf.d/a.conf": conf(tt.head, id), "etc/passwd": "", "etc/group": ""})
			write(t, root, tt.files)
			write(t, root, map[string]string{"etc/lvsdns/notify.yaml": notifySettings(tt.flags), "run/netns/n": "", "proc/net/dev": "\n"})
			namespace(t, filepath.Join(root, "run/netns/n"))
			for _, p := range programs {
				var flags []string
				for name, value := range tt.flags {
					if as := p.flag[name]; as != "" {
						flags = append(flags, "--"+as+"="+value)
					}
				}
				inside := func(args ...string) *exec.Cmd {
					text, err := os.ReadFile(filepath.Join(bin, p.name))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(root, p.name), text, 0o755); err != nil {
						t.Fatal(err)
					}
					cmd := exec.CommandContext(t.Context(), "/"+p.name, append(args, flags...)...)
					cmd.SysProcAttr, cmd.Dir = &syscall.SysProcAttr{Chroot: root, Pdeathsig: syscall.SIGKILL}, "/"
					return cmd
				}
				outside := func(args ...string) *exec.Cmd {
					cmd := exec.CommandContext(t.Context(), filepath.Join(bin, p.name), append(append(args, flags...), p.root+"="+root)...)
					cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
					return cmd
				}
				if got := p.ask(t, inside); got != tt.want {
					t.Errorf("%s: %s, want %s", p.name, got, tt.want)
				}
				if p.root == "" {
					continue
				}
				if got := p.ask(t, outside); got != tt.want {
					t.Errorf("%s %s: %s, want %s", p.name, p.root, got, tt.want)
				}
			}
		})
	}
}

var programs = []program{
	{"lvsdns", "--root", askDrift, map[string]string{"config-id": "config-id", "keepalived-version": "keepalived-version"}},
	{"lvsdns-exporter", "--sources.root", askExporter, map[string]string{"config-id": "keepalived.config-id", "keepalived-version": "keepalived.version"}},
	{"lvsdns-fallback", "", askFallback, map[string]string{"config-id": "config-id", "keepalived-version": "keepalived-version"}},
	{"lvsdns-notify-act", "", askNotify, nil}, // by its settings
}

// askDrift takes the virtual servers that the kernel lacks, which has none.
func askDrift(t *testing.T, run func(...string) *exec.Cmd) string {
	cmd := run("drift", "--output=json")
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	var found struct {
		Differences []struct{ Kind, VIP string }
	}
	out := output(t, cmd)
	if err := json.Unmarshal(out, &found); err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	var vips []string
	for _, d := range found.Differences {
		if d.Kind == "virtual_server_missing" {
			vips = append(vips, d.VIP)
		}
	}
	return byAddress(vips)
}

// askFallback takes the virtual servers that it would write.
func askFallback(t *testing.T, run func(...string) *exec.Cmd) string {
	cmd := run("plan", "--output=json")
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	var plan struct {
		Steps []struct{ Action, VIP string }
	}
	out := output(t, cmd)
	if err := json.Unmarshal(out, &plan); err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	var vips []string
	for _, s := range plan.Steps {
		if s.Action == "add_service" {
			vips = append(vips, s.VIP)
		}
	}
	return byAddress(vips)
}

// askExporter takes the instances of its page.
func askExporter(t *testing.T, run func(...string) *exec.Cmd) string {
	cmd := run("--web.listen-address=127.0.0.1:0", "--checks.socket=", "--log.format=json")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, log)
		_ = cmd.Wait()
	}()
	address := ""
	for lines := bufio.NewScanner(log); address == "" && lines.Scan(); {
		var record struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &record) == nil && record.Msg == "Listening on" {
			address = record.Address
		}
	}
	response, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		if strings.Contains(string(page), `lvsdns_vrrp_state{kind="instance",name="`+p.name+`",`) {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, " ")
}

// askNotify has rules for all instances, and takes those of which it does not say that keepalived.conf has none.
func askNotify(t *testing.T, run func(...string) *exec.Cmd) string {
	out := string(output(t, run("check-config")))
	if !strings.Contains(out, "1 rules with 1 actions") {
		return out
	}
	var names []string
	for _, p := range parts {
		if !strings.Contains(out, "has no vrrp_instance "+p.name+"\n") {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, " ")
}

func notifySettings(flags map[string]string) string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return fmt.Sprintf("keepalived: {config-id: %q, version: %q}\nrules:\n- instances: [%s]\n  states: [master]\n  actions: [{command: {run: [/bin/true]}}]\n",
		flags["config-id"], flags["keepalived-version"], strings.Join(names, ", "))
}

// output is what a command writes; of one that fails what it complains of, too.
func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if len(out) == 0 {
		return []byte(fmt.Sprintf("%v %s", err, complaints.String()))
	}
	return out
}

var numbered = regexp.MustCompile(`^192\.0\.2\.(\d)$`)

// byAddress names the parts whose virtual servers these are.
func byAddress(vips []string) string {
	var names []string
	for i, p := range parts {
		if slices.ContainsFunc(vips, func(vip string) bool {
			m := numbered.FindStringSubmatch(vip)
			return m != nil && m[1] == fmt.Sprint(i)
		}) {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, " ")
}

// namespace makes a file stand for a network namespace, as ip-netns(8) does.
func namespace(t *testing.T, file string) {
	t.Helper()
	if err := syscall.Mount("/proc/self/ns/net", file, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("mount a network namespace: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(file, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
