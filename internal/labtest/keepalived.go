package labtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Keepalived is a stock keepalived on a director.
type Keepalived struct {
	*Process
	conf string
	args []string
}

// Keepalived writes conf and starts keepalived with it. The log holds all details.
func (h *Host) Keepalived(conf string) *Keepalived {
	h.lab.t.Helper()
	file := func(name string) string { return filepath.Join(h.dir, name) }
	k := &Keepalived{conf: file("keepalived.conf")}
	k.args = []string{
		"--dont-fork", "--log-console", "--log-detail",
		"--use-file=" + k.conf,
		// Two keepalived in one guest must not take each other for themselves.
		"--pid=" + file("keepalived.pid"),
		"--vrrp_pid=" + file("keepalived_vrrp.pid"),
		"--checkers_pid=" + file("keepalived_checkers.pid"),
		"--bfd_pid=" + file("keepalived_bfd.pid"), // 2.3.3 locks it, used or not
	}
	k.write(h, conf)
	k.Process = h.Start("keepalived", k.args...)
	return k
}

// Start starts keepalived again after Stop or Kill, when its children have ended, as a service manager does: it refuses to run beside
// them ("daemon is already running") and exits with status 0. A child that does not end by itself is killed, as systemd does after
// TimeoutStopSec, and the test's log shows what it did instead.
func (k *Keepalived) Start() {
	lab := k.host.lab
	lab.t.Helper()
	for end := time.Now().Add(time.Minute); len(k.children()) > 0 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
	}
	for _, pid := range k.children() {
		lab.t.Logf("process %d of the keepalived before does not end:", pid)
		for _, file := range []string{"cmdline", "wchan", "syscall", "stack", "status"} {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
			lab.t.Logf("%s: %.2000s", file, text)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	lab.WaitFor("the children of the keepalived before have ended", time.Minute, func() bool { return len(k.children()) == 0 })
	k.Process = k.host.Start("keepalived", k.args...)
}

// children are the processes that have one of the pid files.
func (k *Keepalived) children() (pids []int) {
	for _, file := range []string{"keepalived_vrrp.pid", "keepalived_checkers.pid", "keepalived_bfd.pid"} {
		text, err := os.ReadFile(filepath.Join(k.host.dir, file))
		if pid, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil && syscall.Kill(pid, 0) == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Reload gives keepalived another configuration.
func (k *Keepalived) Reload(conf string) {
	k.host.lab.t.Helper()
	k.write(k.host, conf)
	k.Signal(syscall.SIGHUP)
}

// Kill ends the parent process at once; its children then remove the IPVS table and the
// VIPs by themselves (PR_SET_PDEATHSIG).
func (k *Keepalived) Kill() {
	k.host.lab.t.Helper()
	k.Signal(syscall.SIGKILL)
	k.wait(10 * time.Second)
}

func (k *Keepalived) write(h *Host, conf string) {
	h.lab.t.Helper()
	h.lab.must(os.WriteFile(k.conf, []byte(conf), 0o644), "host %s: keepalived.conf", h.Name)
}
