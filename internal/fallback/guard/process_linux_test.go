package guard_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
	"github.com/lvsdns/lvsdns/internal/stranger"
)

// TestCalledKeepalived: a user without rights can call a program keepalived, also one that runs as root because of its mode (setuid), and
// be in nobody's way. The process ID in a pidfile of root's may be his by now.
func TestCalledKeepalived(t *testing.T) {
	dir := stranger.Dir(t)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		user   uint32
		mode   os.FileMode // of a copy called keepalived; 0: a link of that name to a program of another
		counts bool
	}{
		{"root's", 0, 0o755, true},
		{"a stranger's", stranger.ID, 0o755, false},
		{"a stranger's that runs as root", stranger.ID, 0o755 | os.ModeSetuid, false},
		{"another program of root's", 0, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			program := filepath.Join(dir, "keepalived")
			if test.mode == 0 {
				err = os.Symlink(sleep, program)
			} else {
				err = errors.Join(os.WriteFile(program, content, 0o700), os.Chmod(program, test.mode))
			}
			if err != nil {
				t.Fatal(err)
			}
			defer os.Remove(program)
			cmd := exec.Command(program, "60")
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: test.user, Gid: test.user}}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
			all, err := guard.Processes("/proc", "self")
			if err != nil {
				t.Fatal(err)
			}
			if found := slices.ContainsFunc(all, func(p guard.Process) bool { return p.PID == cmd.Process.Pid }); found != test.counts {
				t.Errorf("it is in the list: %t, want %t", found, test.counts)
			}
			o := guard.Options{Lock: filepath.Join(dir, "lock"), PIDFile: filepath.Join(dir, "pid")}
			if err := os.WriteFile(o.PIDFile, fmt.Appendf(nil, "%d\n", cmd.Process.Pid), 0o644); err != nil {
				t.Fatal(err)
			}
			h, err := guard.Acquire(o)
			if errors.Is(err, guard.ErrHeld) != test.counts || err == nil == test.counts {
				t.Errorf("the table: %v", err)
			}
			if err == nil {
				h.Release()
			}
		})
	}
}
