package labtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Systemd is a real systemd: the first process of a namespace of processes, with the network and the files of its host and a /run of its
// own. It knows no units but those that it is given; that of a Machine knows those of packages too.
type Systemd struct {
	*Process
	host  *Host
	units string
	pid   int // as the guest sees it
}

// begin is how that namespace begins: $1 is where units are looked for, $2 the directory of the lab, which is in /run, $3 that of the
// host, and the others are directories of which it has its own. What it writes there is in the memory of the guest.
const begin = `set -e
units=$1 lab=$2 host=$3
shift 3
mount -t proc proc /proc
for own; do
	mkdir -p "$host/files$own/upper" "$host/files$own/work"
	mount -t overlay -o "lowerdir=$own,upperdir=$host/files$own/upper,workdir=$host/files$own/work" overlay "$own"
done
mount --bind "$lab" /mnt
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p "$lab"
mount --move /mnt "$lab"
mkdir -p /run/lock
# A tree of cgroups of its own, as in a container.
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/${host##*/}"
echo 0 >"/sys/fs/cgroup/${host##*/}/cgroup.procs"
umount /sys/fs/cgroup
export container=lab SYSTEMD_UNIT_PATH=$units
exec unshare --cgroup sh -c 'mount -t cgroup2 none /sys/fs/cgroup &&
	exec /lib/systemd/systemd --system --unit=lab.target --log-target=console --show-status=no'
`

// HasSystemd reports whether a systemd is installed.
func HasSystemd() bool {
	_, err := os.Stat("/lib/systemd/systemd")
	return err == nil
}

// Systemd starts one, and waits until it takes orders.
func (h *Host) Systemd() *Systemd {
	h.lab.t.Helper()
	return h.systemd("")
}

// Machine is Systemd with the host's own /etc, /usr and /var, and with the units of packages: a command of an administrator does here what
// it does on a director. The journal is kept. No unit of a package is started by itself.
func (h *Host) Machine() *Systemd {
	h.lab.t.Helper()
	s := h.systemd(":", "/etc", "/usr", "/var") // the empty path at the end is the one of systemd (systemd(1))
	_, err := s.Ctl("start", "systemd-journald.service", "systemd-journald-dev-log.socket")
	h.lab.must(err, "systemd's journal")
	return s
}

func (h *Host) systemd(more string, own ...string) *Systemd {
	h.lab.t.Helper()
	s := &Systemd{host: h, units: filepath.Join(h.dir, "units")}
	h.lab.must(os.MkdirAll(s.units, 0o755), "systemd")
	for _, target := range []string{"lab", "sysinit", "basic", "shutdown", "multi-user", "network", "network-online"} {
		s.write(target+".target", "[Unit]\nDefaultDependencies=no\n")
	}
	args := []string{"--pid", "--mount", "--fork", "--kill-child", "sh", "-c", begin, "sh", s.units + more, h.lab.dir, h.dir}
	s.Process = h.Start("unshare", append(args, own...)...)
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
