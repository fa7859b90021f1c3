package guest

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
)

// host is no other kernel but namespaces of this one: its network, mounts and
// processes are the run's own.
func host(s Spec, dir string) (boot, error) {
	if s.Terminal != nil {
		return boot{}, errNoTerminal
	}
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return boot{}, fmt.Errorf("read the host's mounts: %w", err)
	}
	p := plan{
		kernel: "host",
		run:    dir,
		lower:  s.lower(),
		stdout: "/proc/self/fd/3",
		stderr: "/proc/self/fd/4",
	}
	if s.Root == "" {
		// A lower layer ends at its file system's borders: one more overlay each.
		for i, where := range submounts(string(mountinfo)) {
			upper, work := fmt.Sprintf("sub%d/upper", i), fmt.Sprintf("sub%d/work", i)
			p.layers = append(p.layers, upper, work)
			scratch := oldRoot + dir + "/root/"
			p.mounts = append(p.mounts, mount{"overlay", where, "overlay",
				fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", oldRoot+where, scratch+upper, scratch+work)})
		}
	}
	p.mounts = append(p.mounts, baseMounts()...)
	p.mounts = append(p.mounts, bindMounts(oldRoot, s.shares(dir))...)
	b := boot{
		argv:  []string{dir + "/init"},
		clone: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		plan:  p,
	}
	if s.Link != nil {
		if err := s.Link.veth(); err != nil {
			return boot{}, err
		}
		b.net = s.Link.inner
		b.clone &^= syscall.CLONE_NEWNET
	}
	return b, nil
}

// submounts finds, in the text of /proc/self/mountinfo (proc(5)), the directories
// below / that hold a file system for files.
func submounts(mountinfo string) []string {
	forFiles := []string{
		"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs", "tmpfs", "overlay", "nfs", "nfs4", "9p",
		"virtiofs", "hostfs",
	}
	var out []string
	lines := bufio.NewScanner(strings.NewReader(mountinfo))
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(kind) < 1 || !slices.Contains(forFiles, kind[0]) {
			continue
		}
		where := unescape.Replace(fields[4])
		info, err := os.Stat(where)
		switch {
		case where == "/", err != nil, !info.IsDir(), ownedByGuest(where):
		case !slices.Contains(out, where):
			out = append(out, where)
		}
	}
	slices.Sort(out)
	return out
}

// unescape undoes what the kernel does to paths in mountinfo (proc(5)).
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// ownedByGuest tells the directories that baseMounts puts something new on.
func ownedByGuest(dir string) bool {
	for _, top := range []string{"/proc", "/sys", "/dev", "/run"} {
		if dir == top || strings.HasPrefix(dir, top+"/") {
			return true
		}
	}
	return false
}
