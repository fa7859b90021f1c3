package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Sysctl is a kernel setting that is a number.
type Sysctl struct {
	Name  string
	Value int64
}

// IPVSSysctls reads all of net.ipv4.vs that are numbers, below root (empty: /), sorted by name. sync_threshold holds two
// numbers; the second is called sync_period, as in the kernel's Documentation/networking/ipvs-sysctl.rst.
// Without IPVS the error is fs.ErrNotExist.
func IPVSSysctls(root string) ([]Sysctl, error) {
	dir := filepath.Join("/", root, "proc/sys/net/ipv4/vs")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list sysctls: %w", err)
	}
	var all []Sysctl
	var errs []error
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // The module went away just now.
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("read sysctl: %w", err))
			continue
		}
		all = append(all, parseSysctl(e.Name(), string(text))...)
	}
	return all, errors.Join(errs...)
}

// SysctlOr finds a setting among those of [IPVSSysctls]. A kernel that does not have it, or does not tell, gives other.
func SysctlOr(all []Sysctl, name string, other int64) int64 {
	for _, s := range all {
		if s.Name == name {
			return s.Value
		}
	}
	return other
}

// parseSysctl gives nothing for what is no number, such as a list of processors.
func parseSysctl(name, text string) []Sysctl {
	names := []string{name}
	if name == "sync_threshold" {
		names = append(names, "sync_period")
	}
	words := strings.Fields(text)
	if len(words) != len(names) {
		return nil
	}
	var all []Sysctl
	for i, word := range words {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil
		}
		all = append(all, Sysctl{names[i], n})
	}
	return all
}
