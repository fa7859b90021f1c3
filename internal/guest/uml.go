package guest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// uml is user-mode Linux: a kernel that is an ordinary program, whose root is the
// host's (hostfs).
func uml(s Spec, dir string) (boot, error) {
	version, err := exec.Command("linux.uml", "--version").Output()
	if err != nil {
		return boot{}, fmt.Errorf("ask linux.uml for its version (Debian package user-mode-linux): %w", err)
	}
	modules := filepath.Join("/usr/lib/uml/modules", strings.TrimSpace(string(version)))
	return boot{
		argv: []string{
			"linux.uml", "mem=" + strconv.Itoa(s.MemMB) + "M", "rootfstype=hostfs", "rw", "quiet",
			"uml_dir=" + dir, "umid=guest", // one place each, so that two guests never meet
			"con=null", "con0=null,fd:1", "ssl=null", "ssl0=null,fd:3", "ssl1=null,fd:4",
			"init=" + filepath.Join(dir, "init"),
		},
		env: append(os.Environ(), "TMPDIR="+memDir(s.MemMB)),
		plan: plan{
			kernel:  "uml",
			run:     dir,
			lower:   s.lower(),
			overlay: filepath.Join(s.lower(), modules, "kernel/fs/overlayfs/overlay.ko"),
			modules: modules,
			stdout:  "/dev/ttyS0",
			stderr:  "/dev/ttyS1",
			serial:  []string{"/dev/ttyS0", "/dev/ttyS1"},
			mounts:  append(baseMounts(), bindMounts(s.shares(dir))...),
		},
	}, nil
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
