package guard

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a parent that stands for keepalived does: programs of that name are a shell and sleep(1).
const (
	works = `while :; do "$SLEEP" 600 & echo $! >"$PIDFILE"; wait $!; done`                      // its checker, again whenever that dies
	whole = `"$SLEEP" 600 & echo $! >"$VRRP"; ` + works                                          // with a VRRP process
	twice = `"$SLEEP" 600 & echo $! >"$VRRP"; "$SLEEP" 600 & echo $! >"$PIDFILE"; wait $!; wait` // two, and none again
	alone = `"$SLEEP" 600; :`                                                                    // no checker process, but a child
)

// director is a host with programs called keepalived, and their configuration and pidfiles.
type director struct {
	Options
	shell, sleep, vrrp string
}

func newDirector(t *testing.T) director {
	t.Helper()
	dir := t.TempDir()
	d := director{
		Options: Options{
			Lock: filepath.Join(dir, "run/fallback.lock"), PIDFile: filepath.Join(dir, "checkers.pid"), Config: filepath.Join(dir, "our.conf"),
		},
		shell: filepath.Join(dir, "sh/keepalived"), sleep: filepath.Join(dir, "sleep/keepalived"), vrrp: filepath.Join(dir, "vrrp.pid"),
	}
	d.write(t, d.Config, "")
	for program, name := range map[string]string{"sh": d.shell, "sleep": d.sleep} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err := errors.Join(err, os.Mkdir(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// start starts a keepalived with a configuration, and returns its process ID. It ends with the test, its children too.
func (d director) start(t *testing.T, script, config string) int {
	t.Helper()
	cmd := exec.Command(d.shell, "-c", script, "-f", config)
	cmd.Env = append(os.Environ(), "SLEEP="+d.sleep, "PIDFILE="+d.PIDFile, "VRRP="+d.vrrp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// runs starts a keepalived of ours and waits until its checker process is there.
func (d director) runs(t *testing.T, script string) (parent, checker int) {
	t.Helper()
	parent = d.start(t, script, d.Config)
	until(t, "its checker process is there", func() bool { return d.checker(parent) != 0 })
	return parent, d.checker(parent)
}

// frozen starts a keepalived of ours that an operator has frozen.
func (d director) frozen(t *testing.T) (parent, checker int) {
	t.Helper()
	parent, checker = d.runs(t, works)
	signal(t, parent, syscall.SIGSTOP)
	until(t, "it is frozen", func() bool { return look(parent).State == 'T' })
	return parent, checker
}

func (d director) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// in is the process that a pidfile names.
func in(t *testing.T, pidfile string) int {
	t.Helper()
	text, err := os.ReadFile(pidfile)
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

func signal(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatalf("signal %s to process %d: %v", s, pid, err)
	}
}

// end ends a process; its parent may be frozen, and then it stays as a zombie.
func end(t *testing.T, pid int) {
	t.Helper()
	signal(t, pid, syscall.SIGKILL)
	until(t, "it has ended", func() bool { return dead(pid) })
}

func dead(pid int) bool {
	p := look(pid)
	return p.User == -1 || p.State == 'Z'
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("it does not come to this: %s", what)
}

// holder is the process that has the lock of an lvsdns-fallback.
func (d director) holder(t *testing.T) int {
	t.Helper()
	pid, err := Holder(d.Lock)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// fill puts the numbers of processes in the place of the words PARENT and CHECKER.
func fill(text string, parent, checker int) string {
	return strings.NewReplacer("PARENT", fmt.Sprint(parent), "CHECKER", fmt.Sprint(checker)).Replace(text)
}
