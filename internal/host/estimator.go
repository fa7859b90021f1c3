package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// EstimatorSysctls are the settings that can stop the kernel's IPVS counters
// (Documentation/networking/ipvs-sysctl.rst). A kernel that lacks a setting
// cannot be stopped by it.
type EstimatorSysctls struct {
	Off   bool // net.ipv4.vs.run_estimation is 0 (since Linux 5.15)
	NoCPU bool // net.ipv4.vs.est_cpulist names no processor (since Linux 6.3)
}

// ReadEstimatorSysctls reads them below root; empty: /.
func ReadEstimatorSysctls(root string) (EstimatorSysctls, error) {
	var e EstimatorSysctls
	off, err := sysctl(root, "run_estimation")
	if err != nil {
		return e, err
	}
	cpus, err := sysctl(root, "est_cpulist")
	if err != nil {
		return e, err
	}
	return EstimatorSysctls{Off: off == "0\n", NoCPU: cpus == "\n"}, nil
}

// sysctl reads net.ipv4.vs.<name>; "" if this kernel does not have it.
func sysctl(root, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join("/", root, "/proc/sys/net/ipv4/vs", name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read sysctl net.ipv4.vs.%s: %w", name, err)
	}
	return strings.TrimRight(string(text), " \n") + "\n", nil
}
