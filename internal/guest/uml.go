package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// uml is user-mode Linux: a kernel that is an ordinary program, whose root is the
// host's (hostfs).
func uml(s Spec, dir string) (boot, error) {
	ask := exec.Command("linux.uml", "--version")
	own := s.Root != "" && isFile(filepath.Join(s.Root, umlPath))
	if own {
		ask = exec.Command("chroot", s.Root, umlPath, "--version")
	}
	version, err := ask.Output()
	if err != nil {
		return boot{}, fmt.Errorf("ask linux.uml for its version (Debian package user-mode-linux): %w", err)
	}
	modules := filepath.Join("/usr/lib/uml/modules", strings.TrimSpace(string(version)))
	p := plan{
		kernel:  "uml",
		run:     dir,
		lower:   s.lower(),
		overlay: modules + "/kernel/fs/overlayfs/overlay.ko",
		modules: modules,
		stdout:  "/dev/ttyS0",
		stderr:  "/dev/ttyS1",
		serial:  []string{"/dev/ttyS0", "/dev/ttyS1"},
	}
	if s.Terminal != nil {
		p.serial = nil
		p.stderr = p.stdout
		p.terminal = "rows " + s.Terminal.Rows + " cols " + s.Terminal.Columns
	}
	args := umlArgs(s, dir)
	var net *os.File
	if s.Link != nil {
		if own {
			return boot{}, errors.New("a guest with a kernel of its own root has no link")
		}
		device, err := s.Link.tap()
		if err != nil {
			return boot{}, err
		}
		net, args = s.Link.ns, append(args, guestDevice+"=tuntap,"+device)
	}
	if !own {
		s.Readable = append(slices.Clip(s.Readable), modules)
		p.mounts = append(baseMounts(), bindMounts(oldRoot, s.shares(dir))...)
		return boot{
			argv: append([]string{"linux.uml"}, args...),
			env:  []string{"TMPDIR=" + memDir(s.MemMB)},
			net:  net,
			plan: p,
		}, nil
	}
	// The root's kernel matches its modules and wants its C library, and it cannot
	// be started by its loader, for it takes its memory's place from its own. So it
	// runs inside the root, with the host's root on /mnt in a mount namespace.
	const host = "/mnt"
	p.lower = "/"
	p.mounts = append(baseMounts(), bindMounts(oldRoot+host, s.shares(dir))...)
	const enter = `mount --make-rprivate / && mount --rbind / "$0/mnt" && mount --bind /proc "$0/proc" && exec chroot "$0" "$@"`
	return boot{
		argv:  append([]string{"/bin/sh", "-c", enter, s.Root, umlPath}, umlArgs(s, host+dir)...),
		env:   []string{"TMPDIR=" + host + memDir(s.MemMB)},
		clone: syscall.CLONE_NEWNS,
		plan:  p,
	}, nil
}

const umlPath = "/usr/bin/linux.uml"

func umlArgs(s Spec, dir string) []string {
	input := "null"
	if s.Terminal != nil {
		input = "fd:6"
	}
	return []string{
		"mem=" + strconv.Itoa(s.MemMB) + "M", "rootfstype=hostfs", "rw", "quiet",
		"uml_dir=" + dir, "umid=guest", // one place each, so that two guests never meet
		"con=null", "con0=null,fd:1", "ssl=null", "ssl0=" + input + ",fd:3", "ssl1=null,fd:4",
		"init=" + dir + "/init",
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// memDir picks the place for the file that is UML's memory: memory if there is
// enough of it (a container's /dev/shm often has 64 MB), else disk.
func memDir(mb int) string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err == nil && int64(fs.Bavail)*fs.Bsize >= int64(mb)<<20 {
		return "/dev/shm"
	}
	return os.TempDir()
}
