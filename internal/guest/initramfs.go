package guest

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed initramfs.sh
var initramfsScript []byte

// initramfs builds QEMU's first file system: busybox, the modules that it takes
// to reach the host's root, and what to do. It takes 20 ms, so it is built anew
// each time and never stale.
func initramfs(moduleDir, settings string) ([]byte, error) {
	// Debian's busybox-static; the other package's needs libraries.
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return nil, fmt.Errorf("read busybox (Debian package busybox-static): %w", err)
	}
	files, err := moduleFiles(moduleDir, "virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay", "virtio-rng")
	if err != nil {
		return nil, err
	}
	var a cpio
	for _, dir := range []string{"bin", "modules"} {
		a.add(dir, 0o040755, nil)
	}
	a.add("bin/busybox", 0o100755, busybox)
	a.add("init", 0o100755, initramfsScript)
	a.add("settings", 0o100644, []byte(settings))
	for i, f := range files {
		data, err := readModule(f)
		if err != nil {
			return nil, err
		}
		a.add(fmt.Sprintf("modules/%02d-%s", i, filepath.Base(f)), 0o100644, data)
	}
	a.add("TRAILER!!!", 0, nil)
	return a.Bytes(), nil
}

// cpio is an archive in the "newc" format, the one that the kernel unpacks
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type cpio struct {
	bytes.Buffer
	inode int
}

func (c *cpio) add(name string, mode int, data []byte) {
	c.inode++
	// ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
	fmt.Fprintf(c, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		c.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0, name)
	c.pad()
	c.Write(data)
	c.pad()
}

func (c *cpio) pad() {
	for c.Len()%4 != 0 {
		c.WriteByte(0)
	}
}

// moduleFiles lists the files of the named modules with all that they need, in
// the order to load them. Modules built into the kernel have no file.
func moduleFiles(moduleDir string, names ...string) ([]string, error) {
	dep, err := os.ReadFile(filepath.Join(moduleDir, "modules.dep"))
	if err != nil {
		return nil, fmt.Errorf("read the kernel's list of modules: %w", err)
	}
	needs, file := map[string][]string{}, map[string]string{}
	for line := range strings.Lines(string(dep)) {
		path, deps, _ := strings.Cut(line, ":")
		needs[path] = strings.Fields(deps)
		name, _, _ := strings.Cut(filepath.Base(path), ".ko")
		file[name] = path
	}
	var out []string
	var load func(path string)
	load = func(path string) {
		for _, d := range needs[path] {
			load(d)
		}
		if full := filepath.Join(moduleDir, path); !slices.Contains(out, full) {
			out = append(out, full)
		}
	}
	for _, n := range names {
		if file[n] != "" {
			load(file[n])
		}
	}
	return out, nil
}

// readModule unpacks what newer releases pack, so that any busybox can load it.
func readModule(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".xz") {
		return data, err
	}
	cmd := exec.Command("xz", "-dc")
	cmd.Stdin = io.Reader(bytes.NewReader(data))
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("unpack %s with xz: %w", path, err)
	}
	return out, nil
}
