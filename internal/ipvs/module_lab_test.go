//go:build lab

package ipvs

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestModuleLifeCycle: IPVS goes and comes back under a client that keeps its socket, and reading never loads it.
func TestModuleLifeCycle(t *testing.T) {
	requireLab(t)
	if ipvsModules(t) == nil {
		t.Skip("IPVS is built into this kernel: it can't be unloaded")
	}
	ipvsadm(t, "", "-A", "-f", "7", "-s", "rr")
	c := labClient(t)
	services := func() int {
		t.Helper()
		table, err := c.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(table.Entries)
	}
	if n := services(); n != 1 {
		t.Fatalf("%d services, want 1", n)
	}

	ipvsadm(t, "", "-C")
	unload(t)
	t.Cleanup(func() { modprobe(t, "ip_vs") })
	_, err := c.Snapshot(t.Context())
	_, _, procErr := Proc("").Table()
	for _, err := range []error{err, procErr, c.NewService(t.Context(), Service{ServiceKey: Mark(IPv4, 7)})} {
		if !errors.Is(err, ErrAbsent) {
			t.Errorf("without the module: %v", err)
		}
	}
	if found := ipvsModules(t); found != nil {
		t.Errorf("looking for IPVS has loaded %v", found)
	}

	for range 2 { // a family gets another number each time
		modprobe(t, "ip_vs")
		if n := services(); n != 0 {
			t.Errorf("%d services in a module just loaded", n)
		}
		unload(t)
	}
}

// ipvsModules lists the loaded modules of IPVS, users before what they use.
func ipvsModules(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("/proc/modules")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(b)) {
		name, _, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(name, "ip_vs_"), name == "xt_ipvs":
			found = append([]string{name}, found...)
		case name == "ip_vs":
			found = append(found, name)
		}
	}
	return found
}

// unload removes the modules of IPVS. The kernel needs a moment to let go of deleted services.
func unload(t *testing.T) {
	t.Helper()
	var out []byte
	for range 50 {
		modules := ipvsModules(t)
		if modules == nil {
			return
		}
		out, _ = exec.Command("rmmod", modules...).CombinedOutput()
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("unload IPVS: %s", out)
}

func modprobe(t *testing.T, name string) {
	t.Helper()
	if out, err := exec.Command("modprobe", name).CombinedOutput(); err != nil {
		t.Errorf("modprobe %s: %v: %s", name, err, out)
	}
}
