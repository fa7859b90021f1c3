package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// choose finds the kind of guest that the Spec asks for. The host's own kernel is
// best where it has IPVS: it is what users run, and there is nothing to boot.
func choose(s Spec) (func(s Spec, dir string) (boot, error), error) {
	switch s.Kernel {
	case "uml":
		return uml, nil
	case "qemu":
		return qemu, nil
	case "host":
		return host, nil
	case "", "auto":
	default:
		return nil, fmt.Errorf("no kernel %q: choose uml, qemu, host or auto", s.Kernel)
	}
	if hostHasIPVS() {
		return host, nil
	}
	for _, k := range []struct {
		program string
		boot    func(Spec, string) (boot, error)
	}{{"linux.uml", uml}, {"qemu-system-x86_64", qemu}} {
		if _, err := exec.LookPath(k.program); err == nil {
			return k.boot, nil
		}
	}
	return nil, errors.New("no kernel with IPVS here: run lab/setup.sh, which installs one that runs as a program")
}

// hostHasIPVS asks the running kernel, and modprobe for what it could load.
func hostHasIPVS() bool {
	if os.Getuid() != 0 {
		return false
	}
	if _, err := os.Stat("/proc/net/ip_vs"); err == nil {
		return true
	}
	return exec.Command("modprobe", "-nq", "ip_vs").Run() == nil
}
