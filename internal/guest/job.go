package guest

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed init.sh
var initScript []byte

// A plan is what init.sh has to know besides the command.
type plan struct {
	kernel         string   // uml, qemu or host
	run            string   // the run's directory, the same on the host and in the guest
	lower          string   // the directory that is the scratch root's lower layer
	overlay        string   // overlay module to load first, if any
	layers         []string // directories to make for more overlays
	modules        string   // the kernel's modules, where /lib/modules may lack them
	stdout, stderr string   // where the command's output goes
	serial         []string // those of them that are serial lines
	terminal       string   // stty arguments, where stdout is a terminal to type at
	ports          []string // virtio ports to copy /run/lab-PORT to
	mounts         []mount  // in the new root, parents first
}

// A mount is one line of fstab(5).
type mount struct{ what, where, kind, options string }

func (p plan) settings() string {
	var b strings.Builder
	for _, kv := range [][2]string{
		{"kernel", p.kernel}, {"run", p.run}, {"lower", p.lower}, {"overlay", p.overlay}, {"modules", p.modules},
		{"layers", strings.Join(p.layers, " ")}, {"serial", strings.Join(p.serial, " ")}, {"ports", strings.Join(p.ports, " ")},
		{"stdout", p.stdout}, {"stderr", p.stderr}, {"terminal", p.terminal},
	} {
		fmt.Fprintf(&b, "%s=%s\n", kv[0], quote(kv[1]))
	}
	return b.String()
}

func (p plan) fstab() string {
	escape := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)
	var b strings.Builder
	for _, m := range p.mounts {
		fmt.Fprintf(&b, "%s %s %s %s,X-mount.mkdir 0 0\n", escape.Replace(m.what), escape.Replace(m.where), m.kind, m.options)
	}
	return b.String()
}

// baseMounts are the file systems that any root needs, before the shares so that
// a share may lie under /run or /dev/shm. /proc is init.sh's own affair.
func baseMounts() []mount {
	return []mount{
		{"sysfs", "/sys", "sysfs", "defaults"},
		{"devtmpfs", "/dev", "devtmpfs", "defaults"},
		{"devpts", "/dev/pts", "devpts", "ptmxmode=666"},
		{"tmpfs", "/dev/shm", "tmpfs", "defaults"},
		{"tmpfs", "/run", "tmpfs", "mode=755"},
	}
}

// A share is a directory of the host that the guest sees at its own path.
type share struct {
	dir      string
	writable bool
}

// shares lists what of the host a guest sees, besides the scratch copy of a root
// that is the host's own. Parents come before children.
func (s Spec) shares(runDir string) []share {
	writable := map[string]bool{}
	if s.Root != "" {
		for _, d := range s.Readable {
			writable[d] = false
		}
	}
	for _, d := range append(s.Writable, runDir, s.Dir) {
		writable[d] = true
	}
	// The whole root is never written through, also when it is the working directory.
	delete(writable, "/")
	var out []share
	for d, w := range writable {
		out = append(out, share{d, w})
	}
	slices.SortFunc(out, func(a, b share) int { return strings.Compare(a.dir, b.dir) })
	return out
}

// oldRoot is where init.sh leaves the host's root until fstab is mounted.
const oldRoot = "/.host"

// bindMounts are the shares of a guest that sees the host's files below from.
func bindMounts(from string, shares []share) []mount {
	var out []mount
	for _, s := range shares {
		options := "bind,ro"
		if s.writable {
			options = "bind"
		}
		out = append(out, mount{from + s.dir, s.dir, "none", options})
	}
	return out
}

// quote makes s one word for sh, whatever bytes it holds.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// jobScript is the file that starts the command. A file, because a kernel
// command line holds neither a caller's environment nor a newline.
func jobScript(s Spec, kernel string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cd -- %s || exit 1\nexec env -i", quote(s.Dir))
	env := append(slices.Clip(s.Env), "LVSDNS_LAB="+kernel)
	if s.Link != nil {
		env = append(env, "LVSDNS_LAB_LINK="+guestDevice)
	}
	for _, kv := range env {
		b.WriteString(" " + quote(kv))
	}
	for _, arg := range s.Argv {
		b.WriteString(" " + quote(arg))
	}
	b.WriteString("\n")
	return b.String()
}

// writeRun fills the run's directory with all that the guest reads.
func writeRun(dir string, s Spec, p plan) error {
	if err := os.Mkdir(filepath.Join(dir, "root"), 0o755); err != nil {
		return err
	}
	// What udev or a boot script adds to a bare devtmpfs.
	if err := os.Mkdir(filepath.Join(dir, "dev"), 0o755); err != nil {
		return err
	}
	for name, target := range map[string]string{"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"} {
		if err := os.Symlink(target, filepath.Join(dir, "dev", name)); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name string
		data string
		mode os.FileMode
	}{
		{"init", string(initScript), 0o755},
		{"plan", p.settings(), 0o644},
		{"fstab", p.fstab(), 0o644},
		{"job", jobScript(s, p.kernel), 0o600},
	} {
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.data), f.mode); err != nil {
			return err
		}
	}
	return nil
}
