package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker/command"
	"github.com/lvsdns/lvsdns/cmd/internal/checkmain"
)

// dieVariable makes this test binary a lvsdns-check with a planted death.
const dieVariable = "LVSDNS_CHECK_DIES_OF"

// TestMain builds the real programs: what counts is the status that the kernel
// reports, and a test binary's own is not the program's.
func TestMain(m *testing.M) {
	if how := os.Getenv(dieVariable); how != "" {
		os.Exit(checkmain.Run(command.Program{HandOver: deaths[how]}))
	}
	if os.Getenv("LVSDNS_LAB") != "" {
		os.Exit(m.Run()) // in the lab the tests install what "make build" made, and there may be no Go
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "lvsdns-check")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		build := exec.Command("go", "build", "-o", dir, ".", "../lvsdns-check-tls")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v: %v\n%s", build, err, out)
			return 1
		}
		if err := errors.Join(os.Chmod(dir, 0o755), os.Setenv(programVariable, filepath.Join(dir, "lvsdns-check"))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// programVariable says where TestMain put the program.
const programVariable = "LVSDNS_CHECK_UNDER_TEST"

func program() string { return os.Getenv(programVariable) }

// deaths are ends of a process that no recover sees. The hand-over is where a
// test can get code of its own into the program.
var deaths = map[string]func() error{
	"stack overflow": func() error {
		debug.SetMaxStack(1 << 20)
		return fmt.Errorf("depth %d", deeper(0))
	},
	"a panic elsewhere": func() error {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
			return err
		}
		go panic(fmt.Sprintf("planted, with cores of %d bytes", limit.Cur))
		select {}
	},
}

func deeper(n int) int {
	if n < 0 {
		return 0
	}
	return deeper(n+1) + 1
}

// started is a process of ours with a bound on its life.
func start(t *testing.T, cmd func(ctx context.Context) *exec.Cmd) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	c := cmd(ctx)
	c.WaitDelay = time.Second
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// ended waits for a process and says how it ended: "exit 1", "killed by
// aborted".
func ended(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	status := c.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return "killed by " + status.Signal().String()
	}
	return fmt.Sprintf("exit %d", status.ExitStatus())
}

// run runs the program to its end, with stdout and stderr in one text.
func run(t *testing.T, args ...string) (end, output string) {
	t.Helper()
	var text strings.Builder
	c := start(t, func(ctx context.Context) *exec.Cmd {
		c := exec.CommandContext(ctx, program(), args...)
		c.Stdout, c.Stderr = &text, &text
		return c
	})
	return ended(t, c), text.String()
}

// Without the right to ask as it is told, a check fails, and says which right.
func TestMarkNeedsARight(t *testing.T) {
	var output strings.Builder
	c := start(t, func(ctx context.Context) *exec.Cmd {
		c := exec.CommandContext(ctx, program(), "--mark", "7", "192.0.2.1")
		asNobody(t, c)
		c.Stdout, c.Stderr = &output, &output
		return c
	})
	const want = "FAIL 192.0.2.1:53 . SOA udp: local: mark 7: operation not permitted (it needs CAP_NET_ADMIN)\n"
	if got := ended(t, c); got != "exit 1" || output.String() != want {
		t.Errorf("%s: %q, want %q", got, output.String(), want)
	}
}

// A Go program ends with status 2 on a fatal error, and misc_dynamic reads that
// as "up, weight 0". This one ends by a signal instead, and leaves no core.
func TestFatalErrorIsNoStatus(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for how := range deaths {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var stderr strings.Builder
			c := start(t, func(ctx context.Context) *exec.Cmd {
				c := exec.CommandContext(ctx, "/bin/sh", "-c", `ulimit -c unlimited; exec "$0" "$@"`,
					self, "--transport", "tls", "--exit-mode", "misc-dynamic", "192.0.2.1")
				c.Dir, c.Env, c.Stderr = dir, append(os.Environ(), dieVariable+"="+how), &stderr
				return c
			})
			if got := ended(t, c); got != "killed by "+syscall.SIGABRT.String() {
				t.Errorf("%s\n%.300s", got, stderr.String())
			}
			if strings.Contains(stderr.String(), "planted") && !strings.Contains(stderr.String(), "with cores of 0 bytes") {
				t.Errorf("it may leave a core: %.300s", stderr.String())
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
