package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/hook"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// machine is a host for the program, which writes into files.
type machine struct {
	t     *testing.T
	paths hook.Paths
}

func newMachine(t *testing.T, files map[string]string) *machine {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	return &machine{t, below(dir)}
}

// run is the exit status, and what was said.
func (m *machine) run(args ...string) (status int, stdout, stderr string) {
	m.t.Helper()
	dir := m.t.TempDir()
	var files [2]*os.File
	for i, name := range []string{"stdout", "stderr"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			m.t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	p := program{stdout: files[0], stderr: files[1]}
	status = p.run(m.t.Context(), append(m.places(), args...))
	var texts [2]string
	for i, f := range files {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			m.t.Fatal(err)
		}
		texts[i] = strings.ReplaceAll(string(text), filepath.Dir(m.paths.Conf), "DIR")
	}
	return status, texts[0], texts[1]
}

// places are the flags that name this machine's files.
func (m *machine) places() []string {
	all := m.paths.Settle(notify.Event{}, false)
	return all[:len(all)-2]
}

func (m *machine) journal() *notify.Document {
	m.t.Helper()
	d, err := (&journal.Journal{StateDir: m.paths.StateDir, RunDir: m.paths.RunDir}).Read()
	if err != nil {
		m.t.Fatal(err)
	}
	return d
}

// TestCommandLine: each command line has a status, and one line where it is wrong.
func TestCommandLine(t *testing.T) {
	m := newMachine(t, nil)
	for _, tt := range []struct {
		args   string
		status int
		stderr string
	}{
		{"", 2, "no command; --help lists them"},
		{"slave", 2, `"slave" is neither a state nor a command; --help lists them`},
		{"--help", 0, ""},
		{"--version", 0, ""},
		{"show", 0, ""},
		{"show --output json", 0, ""},
		{"show --output yaml", 2, `show: --output: want text or json, not "yaml"`},
		{"show VI", 2, `show: "VI" is no flag; --help lists them`},
		{"show --what", 2, "show: flag provided but not defined: -what"},
		{"stopped now", 2, `stopped: "now" is no flag; --help lists them`},
		{"fifo", 2, "fifo: --vrrp is missing: the path that keepalived.conf has as vrrp_notify_fifo"},
		{"fifo --vrrp /a --lvs /a", 2, "fifo: --vrrp and --lvs are the same file: use vrrp_notify_fifo and lvs_notify_fifo, not notify_fifo for both"},
		{"fifo --vrrp /a x", 2, `fifo: "x" is no flag; --help lists them`},
		{"settle nonsense", 2, `settle: "nonsense" is no event: `},
		{"check-config --output json", 2, "check-config: flag provided but not defined: -output"},
	} {
		status, stdout, stderr := m.run(strings.Fields(tt.args)...)
		if status != tt.status || !strings.HasPrefix(strings.TrimPrefix(stderr, "lvsdns-notify: "), tt.stderr) || (stderr == "") != (tt.stderr == "") {
			t.Errorf("%q: status %d, %q; want %d, %q", tt.args, status, stderr, tt.status, tt.stderr)
		}
		if strings.Count(stderr, "\n") > 1 || status == 0 && stdout == "" {
			t.Errorf("%q: %q %q", tt.args, stdout, stderr)
		}
	}
	// Files may be named behind the command too.
	other := filepath.Join(t.TempDir(), "lib")
	if _, err := (&journal.Journal{StateDir: other, RunDir: other}).Update(func(d *notify.Document) {
		d.Add(notify.Event{Subject: notify.Subject{Kind: notify.Instance, Name: "ELSEWHERE"}, State: notify.Master})
	}); err != nil {
		t.Fatal(err)
	}
	if status, stdout, _ := m.run("show", "--state-dir", other); status != 0 || !strings.Contains(stdout, "ELSEWHERE") {
		t.Errorf("%d %s", status, stdout)
	}
}

// TestCheck: what the settings ask for, what is wrong with them, and what nobody will ever do.
func TestCheck(t *testing.T) {
	rule := "rules:\n  - instances: [%s]\n    states: [master]\n    actions: [{sysctl: {key: net.x, value: 1}}, {conntrack: {}}]\n"
	for _, tt := range []struct {
		name, settings string
		status         int
		stdout, stderr string
	}{
		{"right", fmt.Sprintf(rule, "A"), 0, "DIR/notify.yaml: 1 rules with 2 actions, 0 agreements, 0 track files\n", ""},
		{"an instance that there is not", fmt.Sprintf(rule, "X"), 0, "DIR/notify.yaml: 1 rules with 2 actions, 0 agreements, 0 track files\nrules[1]: DIR/keepalived.conf has no vrrp_instance X\n", ""},
		{"a mistake", "timeoutt: 5s\n", 2, "", "timeoutt"},
		{"nothing", "", 0, "DIR/notify.yaml: 0 rules with 0 actions, 0 agreements, 0 track files\n", ""},
	} {
		m := newMachine(t, map[string]string{"notify.yaml": tt.settings, "keepalived.conf": twoInstances})
		status, stdout, stderr := m.run("check-config")
		if status != tt.status || stdout != tt.stdout || (stderr == "") != (tt.stderr == "") || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: %d, %q, %q", tt.name, status, stdout, stderr)
		}
	}
	m := newMachine(t, nil)
	if status, _, stderr := m.run("check-config"); status != 2 || !strings.Contains(stderr, "DIR/notify.yaml") {
		t.Errorf("a file that was named and is not there: %d, %q", status, stderr)
	}
}

// touch is a notify.yaml that leaves a file for each state.
func touch(dir string) string {
	rule := "  - states: [%s]\n    actions: [{command: {run: [/bin/touch, %s]}}]\n"
	return "rules:\n" + fmt.Sprintf(rule, "master", filepath.Join(dir, "master")) + fmt.Sprintf(rule, "backup, fault, stop", filepath.Join(dir, "passive"))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestSettle acts on an event that may not be in the journal, by the addresses that are here.
func TestSettle(t *testing.T) {
	here := "vrrp_instance HERE {\n\tinterface lo\n\tvirtual_ipaddress {\n\t\t127.0.0.1/8\n\t}\n}\n"
	e := notify.Event{Subject: notify.Subject{Kind: notify.Instance, Name: "HERE"}, State: notify.Backup, Source: notify.Script, Mark: notify.Mark{Born: time.Second, PID: 1}}
	for _, tt := range []struct {
		name, settings string // DIR is the directory
		said           bool
		status         int
		stderr         string
		acted          string
		noted          bool
	}{
		{"actions", "touch", false, 0, "", "master", false},
		{"actions that the hook could not note", "touch", true, 1, "", "master", true},
		{"no actions", "", false, 0, "", "", false},
		{"settings with a mistake", "rule: 1\n", false, 2, "no action is done: ", "", false},
		{"an action that fails", "rules:\n  - states: [master]\n    actions: [{command: {run: [/bin/sh, -c, \"echo secret; exit 3\"]}}]\n", false, 1, "secret", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t, map[string]string{"keepalived.conf": here})
			dir := filepath.Dir(m.paths.Conf)
			text := tt.settings
			if text == "touch" {
				text = touch(dir)
			}
			write(t, dir, map[string]string{"notify.yaml": text})
			args := m.paths.Settle(e, tt.said)
			status, _, stderr := m.run(args[len(m.places()):]...)
			if status != tt.status || (stderr == "") != (tt.stderr == "") || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("%d, %q; want %d, %q", status, stderr, tt.status, tt.stderr)
			}
			for _, name := range []string{"master", "passive"} {
				if exists(filepath.Join(dir, name)) != (name == tt.acted) {
					t.Errorf("want %q to be acted on, and %s: %t", tt.acted, name, exists(filepath.Join(dir, name)))
				}
			}
			d := m.journal()
			r := d.Record(e.Subject)
			if r == nil || r.State != notify.Master || (r.Said != "") != tt.noted || r.Disagree != tt.noted {
				t.Errorf("%+v", r)
			}
			for _, a := range d.Actions {
				if strings.Contains(a.Result, "secret") {
					t.Errorf("everybody may read %q", a.Result)
				}
			}
			if tt.status == 1 && !tt.said && !strings.Contains(stderr, "1 actions failed; lvsdns-notify show has them") {
				t.Errorf("%q", stderr)
			}
		})
	}
}

// TestStopped: systemd says that keepalived has ended. Those of whom it has said something have stopped; addresses that it has left are still here.
func TestStopped(t *testing.T) {
	m := newMachine(t, map[string]string{"keepalived.conf": strings.Replace(twoInstances, "interface eth0\n\tvirtual_ipaddress {\n\t\t203.0.113.1", "interface lo\n\tvirtual_ipaddress {\n\t\t127.0.0.1", 1)})
	dir := filepath.Dir(m.paths.Conf)
	write(t, dir, map[string]string{"notify.yaml": touch(dir)})
	j := &journal.Journal{StateDir: m.paths.StateDir, RunDir: m.paths.RunDir, Boot: journal.BootID()}
	if _, err := j.Update(func(d *notify.Document) {
		for _, name := range []string{"A", "B"} {
			d.Add(notify.Event{Subject: notify.Subject{Kind: notify.Instance, Name: name}, State: notify.Master, Mark: notify.Mark{Born: 1, PID: 1}})
		}
	}); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := m.run("stopped"); status != 0 || stderr != "" {
		t.Errorf("%d, %q", status, stderr)
	}
	d := m.journal()
	a, b := d.Record(notify.Subject{Kind: notify.Instance, Name: "A"}), d.Record(notify.Subject{Kind: notify.Instance, Name: "B"})
	if a.Said != notify.Stop || a.State != notify.Master || !a.Disagree || b.Said != notify.Stop || b.State != notify.Stop || b.Disagree {
		t.Errorf("A said %s, is %s, %t; B said %s, is %s, %t", a.Said, a.State, a.Disagree, b.Said, b.State, b.Disagree)
	}
	if !exists(filepath.Join(dir, "master")) || !exists(filepath.Join(dir, "passive")) {
		t.Error("nothing was done")
	}
}

// TestEnded is the exit status of all that may go wrong at once.
func TestEnded(t *testing.T) {
	trouble, mistake := errors.New("trouble"), errors.New("mistake")
	for _, tt := range []struct {
		failed        int
		err, settings error
		said          bool
		want          int
		lines         string
	}{
		{0, nil, nil, false, 0, ""},
		{0, nil, nil, true, 1, ""}, // The hook has said what is wrong.
		{2, nil, nil, false, 1, "2 actions failed; lvsdns-notify show has them"},
		{0, trouble, nil, false, 1, "trouble"},
		{1, trouble, nil, true, 1, "trouble|1 actions failed; lvsdns-notify show has them"},
		{0, nil, mistake, false, 2, "no action is done: mistake"},
		{1, trouble, mistake, true, 2, "trouble|1 actions failed; lvsdns-notify show has them|no action is done: mistake"},
	} {
		f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
		if err != nil {
			t.Fatal(err)
		}
		got := program{stderr: f}.ended(tt.failed, tt.err, tt.settings, tt.said)
		f.Close()
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.ReplaceAll(strings.TrimSuffix(strings.ReplaceAll(string(text), "lvsdns-notify: ", ""), "\n"), "\n", "|")
		if got != tt.want || lines != tt.lines {
			t.Errorf("%+v: %d, %q", tt, got, lines)
		}
	}
}

// TestEndedByContext: one who is told to end before it had the turn says so.
func TestEndedByContext(t *testing.T) {
	m := newMachine(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("told to end"))
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lock, err := journal.TryLock(m.paths.RunDir, "notify-turn.lock")
	if err != nil || lock == nil {
		t.Fatal(lock, err)
	}
	defer lock.Release()
	if status := (program{stderr: f}).settle(ctx, m.paths, nil); status != 1 {
		t.Errorf("status %d", status)
	}
}
