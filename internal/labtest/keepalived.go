package labtest

import (
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
// them ("daemon is already running") and exits with status 0.
func (k *Keepalived) Start() {
	k.host.lab.t.Helper()
	k.host.lab.WaitFor("the children of the keepalived before have ended", 2*time.Minute, func() bool { return !k.children() })
	k.Process = k.host.Start("keepalived", k.args...)
}

// children says whether a process that has one of the pid files is there.
func (k *Keepalived) children() bool {
	for _, file := range []string{"keepalived_vrrp.pid", "keepalived_checkers.pid", "keepalived_bfd.pid"} {
		text, err := os.ReadFile(filepath.Join(k.host.dir, file))
		if pid, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil && syscall.Kill(pid, 0) == nil {
			return true
		}
	}
	return false
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
