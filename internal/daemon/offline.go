package daemon

import (
	"context"
	"os"
	"os/exec"
	"path"
	"strings"
)

// Offline reports whether the unit of this process may talk to no address at all: IPAddressDeny= without IPAddressAllow=
// (systemd.resource-control(5)). The kernel drops the packets then, and a process sees no more of it than that they do not arrive. What
// cannot be found out is false.
func (d *Daemon) Offline(ctx context.Context) bool {
	if !d.supervised {
		return false
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return false
	}
	unit := unitIn(string(text))
	if unit == "" {
		return false
	}
	out, err := exec.CommandContext(ctx, "systemctl", "show", "--property=IPAddressAllow", "--property=IPAddressDeny", "--", unit).Output()
	return err == nil && denied(string(out))
}

// unitIn finds the service in a /proc/PID/cgroup of cgroup v2; empty: there is none.
func unitIn(text string) string {
	for line := range strings.Lines(text) {
		if _, at, ok := strings.Cut(strings.TrimSpace(line), "::"); ok && path.Ext(at) == ".service" {
			return path.Base(at)
		}
	}
	return ""
}

// denied reads what systemctl shows of a unit's addresses.
func denied(text string) bool {
	deny, allow := "", ""
	for line := range strings.Lines(text) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
		case "IPAddressDeny":
			deny = value
		case "IPAddressAllow":
			allow = value
		}
	}
	return allow == "" && strings.Contains(deny, "/0")
}
