package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// needLab skips where no guest can boot.
func needLab(t *testing.T, programs ...string) {
	t.Helper()
	if kind := os.Getenv("LVSDNS_LAB"); kind != "" {
		t.Skipf("this is a %s guest already, and a guest in a guest is another matter", kind)
	}
	if os.Getuid() != 0 {
		t.Skip("a guest's files belong to root: run the tests as root")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed: run lab/setup.sh", p)
		}
	}
}

// build makes a lab-run to be run inside a guest. This test binary may carry the
// race detector, which has no room in a user-mode kernel.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "lab-run")
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// A lab is one start of lab-run, with a temporary directory of its own.
type lab struct {
	*exec.Cmd
	tmp    string
	dir    string // working directory
	stderr bytes.Buffer
}

func newLab(t *testing.T, args ...string) *lab {
	t.Helper()
	l := &lab{Cmd: exec.Command(os.Args[0], args...), tmp: t.TempDir(), dir: t.TempDir()}
	l.Dir = l.dir
	l.Env = append(os.Environ(), "LAB_RUN_AS_MAIN=1", "TMPDIR="+l.tmp)
	l.Stderr = &l.stderr
	// A process that outlives lab-run would hold stderr open for ever.
	l.WaitDelay = 20 * time.Second
	return l
}

// output runs lab-run to its end.
func (l *lab) output(t *testing.T) (status int, stdout string) {
	t.Helper()
	out, err := l.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("lab-run: %v\n%s", err, &l.stderr)
	}
	l.checkGone(t)
	return l.ProcessState.ExitCode(), string(out)
}

// checkGone fails the test if a process or a file of the run is still there
// after a grace time.
func (l *lab) checkGone(t *testing.T) {
	t.Helper()
	var left []string
	for range 100 {
		left, _ = filepath.Glob(filepath.Join(l.tmp, "*"))
		cmdlines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, f := range cmdlines {
			if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), l.tmp) {
				left = append(left, fmt.Sprintf("%s: %q", f, b))
			}
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("left behind by lab-run:\n%s", strings.Join(left, "\n"))
}

// startAndWait starts lab-run and returns when the guest's command has said "up".
func (l *lab) startAndWait(t *testing.T) {
	t.Helper()
	r, err := l.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Process.Kill() })
	up := make([]byte, 3)
	if _, err := io.ReadFull(r, up); err != nil || string(up) != "up\n" {
		_ = l.Process.Kill()
		_ = l.Wait()
		t.Fatalf("the guest said %q (%v)\n%s", up, err, &l.stderr)
	}
}
