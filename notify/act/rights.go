package act

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
)

// Rights are what a process may do.
type Rights struct {
	User         int
	Capabilities uint64                  // that are in force, by their numbers in capabilities(7)
	Offline      func() bool             // whether its unit lets it talk to no address
	Writable     func(path string) error // access(2)
}

// Capabilities of capabilities(7), by their numbers in linux/capability.h.
const (
	capDACOverride = 1
	capKill        = 5
	capSetGID      = 6
	capSetUID      = 7
	capNetAdmin    = 12
	capNetRaw      = 13
)

func (r Rights) has(all ...int) bool {
	return !slices.ContainsFunc(all, func(n int) bool { return r.Capabilities>>n&1 == 0 })
}

// The drop-ins of the packaged unit, which takes away what most actions do not need.
const (
	userDropIn    = "install lvsdns-notify-fifo-users.conf as /etc/systemd/system/lvsdns-notify-fifo.service.d/users.conf"
	networkDropIn = "install lvsdns-notify-fifo-network.conf as /etc/systemd/system/lvsdns-notify-fifo.service.d/network.conf"
)

// Lacks says, a line each, what rules, agreements and track files ask for that this process may not do, and what mends it. What is not
// there yet is no matter.
func (r Rights) Lacks(rules []Rule, agreements []Agreement, files []TrackFile) (lines []string) {
	say := func(bad bool, format string, args ...any) {
		if line := fmt.Sprintf(format, args...); bad && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	socket := func(path string) {
		err := r.Writable(path)
		say(errors.Is(err, fs.ErrPermission), "the socket %s belongs to another user, whom this process cannot pass (CAP_DAC_OVERRIDE): %s", path, userDropIn)
	}
	for _, rule := range rules {
		for _, step := range rule.Steps {
			switch a := step.Action.(type) {
			case Command:
				say(a.User != "" && !r.has(capSetUID, capSetGID, capKill), "commands with a user need CAP_SETUID, CAP_SETGID and CAP_KILL: %s", userDropIn)
			case Webhook:
				say(r.Offline(), "webhooks need the network, and the unit has IPAddressDeny=any: %s", networkDropIn)
			case HAProxy:
				socket(a.Socket)
			case Sysctl:
				err := r.Writable(a.path())
				say(!a.Assert && errors.Is(err, syscall.EROFS), "sysctl %s cannot be written here: add ReadWritePaths=%s to the unit", a.Key, filepath.Dir(a.path()))
				say(!a.Assert && errors.Is(err, fs.ErrPermission), "sysctl %s needs root, and CAP_NET_ADMIN below net: run this as root, or by the packaged unit", a.Key)
			case Announce:
				say(!r.has(capNetRaw), "announce needs CAP_NET_RAW: run this as root, or by the packaged unit")
			case Sync, Conntrack:
				say(!r.has(capNetAdmin), "ipvs-sync and conntrack need CAP_NET_ADMIN: run this as root, or by the packaged unit")
			case Unit:
				say(r.User != 0, "systemctl needs root: run this as root, or by the packaged unit")
			}
		}
	}
	for _, a := range agreements {
		if a.Socket != "" {
			socket(a.Socket)
		}
		say((a.Table != nil || a.Daemons != nil) && !r.has(capNetAdmin), "agreements about IPVS need CAP_NET_ADMIN: run this as root, or by the packaged unit")
	}
	for _, f := range files {
		dir := filepath.Dir(f.Path)
		err := r.Writable(dir)
		say(errors.Is(err, syscall.EROFS), "track-file %s cannot be written here: add ReadWritePaths=%s to the unit", f.Path, dir)
		say(errors.Is(err, fs.ErrPermission), "the directory of track-file %s belongs to another user, whom this process cannot pass (CAP_DAC_OVERRIDE): %s", f.Path, userDropIn)
	}
	return lines
}
