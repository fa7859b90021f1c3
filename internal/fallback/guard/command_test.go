package guard_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
)

// TestLongCommand has a process that may be keepalived, and a command line of megabytes, as any user can give one: it counts, and is
// not read.
func TestLongCommand(t *testing.T) {
	const limit = 64 << 10
	for _, test := range []struct {
		name, config string
		long         int
	}{
		{"at the limit", "/etc/k.conf", 0},
		{"beyond", "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			proc := t.TempDir()
			if err := os.Mkdir(filepath.Join(proc, "10"), 0o755); err != nil {
				t.Fatal(err)
			}
			line := "keepalived\x00-f\x00/etc/k.conf\x00-D\x00"
			line += strings.Repeat("x", limit-len(line)+test.long)
			for name, text := range map[string]string{"status": "Name:\tkeepalived\nState:\tS (sleeping)\nPPid:\t1\nUid:\t0\t0\t0\t0\n", "exe": "", "cmdline": line} {
				if err := os.WriteFile(filepath.Join(proc, "10", name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			all, err := guard.Processes(proc, "self")
			if err != nil || len(all) != 1 || test.config != "" && all[0].Config != test.config || test.config == "" && all[0].Config == "/etc/k.conf" {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

// procWith makes a /proc with one process of root's that was started as keepalived in a directory, with these options.
func procWith(t *testing.T, cwd string, options ...string) (proc string) {
	t.Helper()
	proc = t.TempDir()
	dir := filepath.Join(proc, "10")
	line := strings.Join(append([]string{"/usr/sbin/keepalived"}, options...), "\x00") + "\x00"
	if err := errors.Join(
		os.Mkdir(dir, 0o755),
		os.Symlink("/usr/sbin/keepalived", filepath.Join(dir, "exe")),
		os.Symlink(cwd, filepath.Join(dir, "cwd")),
		os.WriteFile(filepath.Join(dir, "status"), []byte("Name:\tkeepalived\nState:\tS (sleeping)\nPPid:\t1\nUid:\t0\t0\t0\t0\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "cmdline"), []byte(line), 0o644),
	); err != nil {
		t.Fatal(err)
	}
	return proc
}

// TestCommandLine has the options of keepalived as getopt_long(3) takes them in its main.c, and whether that one is in our way: it has our
// configuration or our pidfile, and a checker process.
func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	config, link, pidfile := filepath.Join(dir, "our.conf"), filepath.Join(dir, "link.conf"), filepath.Join(dir, "checkers.pid")
	if err := errors.Join(os.WriteFile(config, nil, 0o644), os.Symlink(config, link), os.WriteFile(pidfile, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		options []string
		rival   bool
	}{
		{"the default configuration, which is not ours", nil, false},
		{"ours", []string{"-f", config}, true},
		{"ours, in one word", []string{"-f" + config}, true},
		{"ours, behind other letters", []string{"-lDnf", config}, true},
		{"ours, behind the letter of a core dump", []string{"-mf", config}, true},
		{"ours, by the long option", []string{"--use-file", config}, true},
		{"ours, by the long option in one word", []string{"--use-file=" + config}, true},
		{"ours, by another name", []string{"-f", link}, true},
		{"ours, by a path that is not clean", []string{"-f", dir + "/./x/../our.conf"}, true},
		{"ours, from its own directory", []string{"-n", "-f", "our.conf"}, true},
		{"the last one counts", []string{"-f", config, "-f", "/etc/other.conf"}, false},
		{"an option without its value", []string{"-f"}, false},
		{"a value that looks like an option", []string{"-p", "-f", config}, false},
		{"our file as the value of another option", []string{"-p", config, "--vrrp_pid", config}, false},
		{"a log file whose name has letters of options", []string{"-f", config, "-g/f.log"}, true},
		{"a log file of its own choice, then ours", []string{"-g", "-f", config}, true},
		{"a core pattern whose name has letters of options", []string{"-f", config, "-M/Pf"}, true},
		{"our pidfile", []string{"-c", pidfile}, true},
		{"our pidfile from its own directory", []string{"-n", "--checkers_pid=checkers.pid"}, true},
		{"our pidfile by the long option", []string{"--checkers_pid", pidfile}, true},
		{"our pidfile as that of the VRRP process", []string{"-r", pidfile}, false},
		{"VRRP only", []string{"-f", config, "-P"}, false},
		{"VRRP only, by the long option", []string{"--vrrp", "-f", config}, false},
		{"VRRP only, among other letters", []string{"-lnDPf", config}, false},
		{"VRRP only, then all", []string{"--vrrp", "--all", "-f", config}, true},
		{"checkers only", []string{"-C", "-f", config}, true},
		{"all, then VRRP only", []string{"--all", "--vrrp", "-f", config}, false},
		{"a test of the configuration", []string{"-t", "-f", config}, false},
		{"a test with a log", []string{"-t/tmp/c.log", "-C", "-f", config}, false},
		{"a test by the long option", []string{"--config-test=/tmp/c.log", "-f", config}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			all, err := guard.Processes(procWith(t, dir, test.options...), "self")
			if err != nil || len(all) != 1 {
				t.Fatalf("%+v, %v", all, err)
			}
			if got := guard.Rival(all, config, pidfile) != nil; got != test.rival {
				t.Errorf("it is a rival: %t, want %t; it was read as %+v", got, test.rival, all[0])
			}
		})
	}
}
