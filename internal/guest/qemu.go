package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// p9 are the 9p mount options of all shares; cache=mmap lets a program map a file
// for writing (Documentation/filesystems/9p.rst).
const p9 = "trans=virtio,version=9p2000.L,msize=262144"

// qemu boots Debian's own kernel in a machine of software: two CPUs, an eBPF JIT,
// BTF, nftables, and slower than the others. The kernel is the host's in any root. Not by KVM: where a machine is itself a
// guest, KVM may be there and yet hang at boot.
func qemu(s Spec, dir string) (boot, error) {
	if s.Terminal != nil {
		return boot{}, errNoTerminal
	}
	version, err := newestKernel("/")
	if err != nil {
		return boot{}, err
	}
	modules := "/lib/modules/" + version
	s.Readable = append(slices.Clip(s.Readable), modules)
	image, err := initramfs(modules, fmt.Sprintf("run=%s\np9=%s,cache=mmap\n", quote(dir), p9))
	if err != nil {
		return boot{}, err
	}
	initrd := filepath.Join(dir, "initramfs")
	if err := os.WriteFile(initrd, image, 0o644); err != nil {
		return boot{}, err
	}
	b := boot{
		argv: []string{
			"qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
			"-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
			"-m", strconv.Itoa(s.MemMB),
			"-kernel", "/boot/vmlinuz-" + version, "-initrd", initrd,
			"-append", "console=ttyS0 quiet panic=-1",
			"-chardev", "file,id=console,path=/dev/fd/1", "-serial", "chardev:console",
			"-device", "virtio-serial-pci", // the first virtio device, hence vport0
			"-chardev", "file,id=stdout,path=/dev/fd/3", "-device", "virtserialport,nr=1,chardev=stdout",
			"-chardev", "file,id=stderr,path=/dev/fd/4", "-device", "virtserialport,nr=2,chardev=stderr",
			"-device", "virtio-rng-pci",
		},
		plan: plan{
			kernel: "qemu",
			run:    dir,
			stdout: "/run/lab-vport0p1",
			stderr: "/run/lab-vport0p2",
			ports:  []string{"/dev/vport0p1", "/dev/vport0p2"},
			mounts: baseMounts(),
		},
	}
	if s.Link != nil {
		device, err := s.Link.tap()
		if err != nil {
			return boot{}, err
		}
		b.net = s.Link.ns
		b.argv = append(b.argv, "-netdev", "tap,id=link,ifname="+device+",script=no,downscript=no", "-device", "virtio-net-pci,netdev=link")
	}
	b.share("root", s.lower(), false)
	b.share("run", dir, true)
	for i, sh := range s.shares(dir) {
		if sh.dir == dir {
			continue // the initramfs has mounted it
		}
		tag := fmt.Sprintf("share%d", i)
		b.share(tag, sh.dir, sh.writable)
		options := p9 + ",cache=mmap"
		if !sh.writable {
			options += ",ro"
		}
		b.plan.mounts = append(b.plan.mounts, mount{tag, sh.dir, "9p", options})
	}
	return b, nil
}

// share adds a 9p export. QEMU wants commas in a value doubled.
func (b *boot) share(tag, dir string, writable bool) {
	readonly := "on"
	if writable {
		readonly = "off"
	}
	b.argv = append(b.argv, "-virtfs", fmt.Sprintf("local,path=%s,mount_tag=%s,security_model=passthrough,readonly=%s,multidevs=remap",
		strings.ReplaceAll(dir, ",", ",,"), tag, readonly))
}

// newestKernel finds the newest kernel under root that has IPVS.
func newestKernel(root string) (string, error) {
	images, _ := filepath.Glob(filepath.Join(root, "boot/vmlinuz-*"))
	var versions []string
	for _, image := range images {
		version := strings.TrimPrefix(filepath.Base(image), "vmlinuz-")
		dep, err := os.ReadFile(filepath.Join(root, "lib/modules", version, "modules.dep"))
		if err == nil && strings.Contains(string(dep), "/ip_vs.ko") {
			versions = append(versions, version)
		}
	}
	if len(versions) == 0 {
		return "", errors.New("no kernel with IPVS in " + filepath.Join(root, "boot") + ": run lab/setup.sh qemu")
	}
	return slices.MaxFunc(versions, func(a, b string) int { return strings.Compare(sortKey(a), sortKey(b)) }), nil
}

var digits = regexp.MustCompile(`\d+`)

// sortKey makes 6.1.0-9 come before 6.1.0-56.
func sortKey(version string) string {
	return digits.ReplaceAllStringFunc(version, func(n string) string { return fmt.Sprintf("%8s", n) })
}
