package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
	"github.com/lvsdns/lvsdns/notify/show"
)

// programVariable says where TestMain put the programs.
const programVariable = "LVSDNS_NOTIFY_UNDER_TEST"

func binary() string { return os.Getenv(programVariable) }

// TestMain builds the real programs: one becomes the other, and what counts is the status that the kernel reports.
func TestMain(m *testing.M) {
	if os.Getenv("LVSDNS_LAB") != "" {
		os.Exit(m.Run()) // in the lab the tests install what "make build" made, and there may be no Go
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "lvsdns-notify")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		build := exec.Command("go", "build", "-o", dir, ".", "../lvsdns-notify-act")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v: %v\n%s", build, err, out)
			return 1
		}
		if err := os.Setenv(programVariable, filepath.Join(dir, "lvsdns-notify")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// TestScript runs the stories in testdata/script, which have a command of their own:
//
//	hook STATUS [ARG...]  run lvsdns-notify with all its files below $WORK, which must end with that status
//
// $HOOK is the program, for scripts that need a shell.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOOK", binary())
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"hook": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) == 0 {
					ts.Fatalf("usage: hook STATUS [ARG...]")
				}
				got, err := 0, ts.Exec(binary(), append(places(ts.Getenv("WORK")), args[1:]...)...)
				var exit *exec.ExitError
				if errors.As(err, &exit) {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if strconv.Itoa(got) != args[0] {
					ts.Fatalf("status %d, want %s", got, args[0])
				}
			},
		},
	})
}

func places(dir string) []string {
	return []string{"--config", filepath.Join(dir, "notify.yaml"), "--keepalived-config=" + filepath.Join(dir, "keepalived.conf"),
		"--state-dir=" + filepath.Join(dir, "lib"), "--run-dir", filepath.Join(dir, "run")}
}

// TestManyHooks starts 200 real hooks at once, in random order and with random words: what is left is what is real, and nothing else is left.
func TestManyHooks(t *testing.T) {
	const many = 200
	dir := t.TempDir()
	// A name of its own, by which its processes are found, zombies too: those have no command line.
	name := fmt.Sprint("hook", os.Getpid())
	hook := filepath.Join(dir, name)
	for _, suffix := range []string{"", "-act"} {
		if err := os.Link(binary()+suffix, hook+suffix); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	file("keepalived.conf", `vrrp_instance HERE {
	interface lo
	virtual_ipaddress {
		127.0.0.1/8
	}
}
vrrp_instance ELSEWHERE {
	interface lo
	virtual_ipaddress {
		192.0.2.1/32
	}
}
`, 0o644)
	file("set", "#!/bin/sh\necho \"$1\" >"+dir+"/$LVSDNS_NAME.tmp.$$; mv "+dir+"/$LVSDNS_NAME.tmp.$$ "+dir+"/$LVSDNS_NAME.state\n", 0o755)
	rule := func(states, to string) string {
		return "  - states: [" + states + "]\n    actions: [{command: {run: [" + dir + "/set, " + to + "]}}]\n"
	}
	file("notify.yaml", "timeout: 1m\nrules:\n"+rule("master", "active")+rule("backup, fault, stop", "passive"), 0o644)
	var wg sync.WaitGroup
	for _, n := range rand.Perm(many) {
		wg.Go(func() {
			words := []string{[]string{"master", "backup", "fault", "stop"}[rand.IntN(4)], []string{"HERE", "ELSEWHERE"}[n%2]}
			cmd := exec.Command(hook, append(places(dir), words...)...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v %s", words, err, out)
			}
		})
	}
	wg.Wait()
	host := &journal.Journal{StateDir: filepath.Join(dir, "lib"), RunDir: filepath.Join(dir, "run")}
	// A hook for a stop leaves a process behind that may still be at it.
	for n := 0; ; n++ {
		a, _ := os.ReadFile(filepath.Join(dir, "HERE.state"))
		b, _ := os.ReadFile(filepath.Join(dir, "ELSEWHERE.state"))
		kept := ""
		for _, name := range []string{"notify.lock", "notify-turn.lock", "notify-next.lock"} {
			if lock, err := host.TryLock(name); lock == nil || err != nil {
				kept += fmt.Sprint(" ", name, " ", err)
			} else {
				lock.Release()
			}
		}
		alive := processes(t, name)
		if string(a) == "active\n" && string(b) == "passive\n" && kept == "" && len(alive) == 0 {
			break
		}
		if n > 600 {
			t.Fatalf("HERE is %q, ELSEWHERE %q, locks that are kept:%s, processes %q", a, b, kept, alive)
		}
		time.Sleep(50 * time.Millisecond)
	}
	d, err := host.Read()
	if err != nil {
		t.Fatal(err)
	}
	here, elsewhere := d.Record(notify.Subject{Kind: notify.Instance, Name: "HERE"}), d.Record(notify.Subject{Kind: notify.Instance, Name: "ELSEWHERE"})
	left, _ := filepath.Glob(filepath.Join(dir, "run/notify.d/*"))
	if d.Generation != many || here.State != notify.Master || elsewhere.State == notify.Master || len(left) != 0 {
		t.Errorf("%d events, %+v, %+v, left %v", d.Generation, here, elsewhere, left)
	}
	if out, err := exec.Command(binary(), append(places(dir), "show", "--output", "json")...).Output(); err != nil {
		t.Error(err)
	} else if s := (show.State{}); json.Unmarshal(out, &s) != nil || len(s.Subjects) != 2 || len(s.Events) == 0 || bytes.Contains(out, []byte("null")) {
		t.Errorf("%s", out)
	}
}

// processes are those whose program has this name, and their states: a zombie is Z.
func processes(t *testing.T, name string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(all) == 0 {
		t.Fatal("no processes in /proc", err)
	}
	var found []string
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte("("+name)) { // proc_pid_stat(5): the first 15 bytes of the name, in parentheses
			found = append(found, string(text[:min(len(text), 40)]))
		}
	}
	return found
}

// TestStopDoesNotWait has an action that takes longer than keepalived leaves a script that it runs because it stops: the hook ends, and
// is gone with its process group, and the action is done all the same.
func TestStopDoesNotWait(t *testing.T) {
	dir := t.TempDir()
	script := fmt.Sprintf("while ! test -e %[1]s/go; do sleep 0.1; done; echo done >%[1]s/done", dir)
	if err := os.WriteFile(filepath.Join(dir, "notify.yaml"), []byte("timeout: 5m\nrules:\n  - states: [stop]\n    actions: [{command: {run: [/bin/sh, -c, \""+script+"\"]}}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary(), append(places(dir), "stop", "VI")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Run(); err != nil { // no pipes: what it leaves behind would keep them open
		t.Error(err)
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
			return
		}
		if n > 1200 {
			t.Fatal("what was begun is not done")
		}
		time.Sleep(50 * time.Millisecond)
	}
}
