//go:build lab

package capture

import (
	"os/exec"
	"testing"
)

// TestDevicesInGuest is TestDevices on a kernel that has VLANs and bonds.
func TestDevicesInGuest(t *testing.T) {
	if out, err := exec.Command("modprobe", "-a", "8021q", "bonding").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	devices(t)
}
