package labtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Systemd is a real systemd: the first process of a namespace of processes, with the network and the files of its host and a /run of its
// own. It knows no units but those that it is given.
type Systemd struct {
	*Process
	host  *Host
	units string
	pid   int // as the guest sees it
}

// begin is how that namespace begins: $1 is the directory of units, $2 that of the lab, which is in /run. Its cgroups are those of the
// guest: there is one systemd at a time.
const begin = `set -e
mount -t proc proc /proc
mount --bind "$2" /mnt
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p "$2"
mount --move /mnt "$2"
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/lock
export container=lab SYSTEMD_UNIT_PATH=$1
exec /lib/systemd/systemd --system --unit=lab.target --log-target=console --show-status=no
`

// HasSystemd reports whether a systemd is installed.
func HasSystemd() bool {
	_, err := os.Stat("/lib/systemd/systemd")
	return err == nil
}

// Systemd starts one, and waits until it takes orders.
func (h *Host) Systemd() *Systemd {
	h.lab.t.Helper()
	s := &Systemd{host: h, units: filepath.Join(h.dir, "units")}
	h.lab.must(os.MkdirAll(s.units, 0o755), "systemd")
	for _, target := range []string{"lab", "sysinit", "basic", "shutdown", "multi-user", "network", "network-online"} {
		s.write(target+".target", "[Unit]\nDefaultDependencies=no\n")
	}
	s.Process = h.Start("unshare", "--pid", "--mount", "--fork", "--kill-child", "sh", "-c", begin, "sh", s.units, h.lab.dir)
	h.lab.WaitFor("systemd takes orders", 30*time.Second, func() bool {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.PID()))
		if err != nil {
			return false
		}
		if _, err := fmt.Sscan(string(children), &s.pid); err != nil {
			return false
		}
		out, err := s.Ctl("is-system-running")
		return err == nil && strings.TrimSpace(out) == "running"
	})
	return s
}

// Unit installs a unit file under its own name.
func (s *Systemd) Unit(file string) {
	s.host.lab.t.Helper()
	text, err := os.ReadFile(file)
	s.host.lab.must(err, "install a unit")
	s.write(filepath.Base(file), string(text))
	_, err = s.Ctl("daemon-reload")
	s.host.lab.must(err, "install %s", file)
}

// Override adds lines to a unit, as "systemctl edit" does.
func (s *Systemd) Override(unit, lines string) {
	s.host.lab.t.Helper()
	s.write(filepath.Join(unit+".d", "override.conf"), lines)
	_, err := s.Ctl("daemon-reload")
	s.host.lab.must(err, "change %s", unit)
}

func (s *Systemd) write(name, text string) {
	file := filepath.Join(s.units, name)
	s.host.lab.must(os.MkdirAll(filepath.Dir(file), 0o755), "install a unit")
	s.host.lab.must(os.WriteFile(file, []byte(text), 0o644), "install a unit")
}

// Run runs a command where the units run.
func (s *Systemd) Run(name string, args ...string) (string, error) {
	return s.host.Run(s.host.lab.t.Context(), "nsenter", append([]string{"-t", fmt.Sprint(s.pid), "-m", "-p", name}, args...)...)
}

// Namespace is a process of the namespaces in which the units run, for nsenter(1).
func (s *Systemd) Namespace() int { return s.pid }

// Ctl runs systemctl and returns what it prints.
func (s *Systemd) Ctl(args ...string) (string, error) { return s.Run("systemctl", args...) }

// Show is a property of a unit, such as ActiveState.
func (s *Systemd) Show(unit, property string) string {
	s.host.lab.t.Helper()
	out, err := s.Ctl("show", "--value", "--property="+property, unit)
	s.host.lab.must(err, "show %s", unit)
	return strings.TrimSpace(out)
}
