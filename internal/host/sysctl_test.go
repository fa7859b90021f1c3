package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestIPVSSysctls(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "proc/sys/net/ipv4/vs")
	if _, err := IPVSSysctls(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without IPVS: %v", err)
	}
	os.MkdirAll(dir, 0o755)
	for name, text := range map[string]string{
		"conntrack": "1\n", "sync_threshold": "3\t50\n", "est_cpulist": "0-3\n", "debug_level": "-1\n",
		"empty": "\n", "two": "1 2\n", "sync_qlen_max": "9223372036854775807\n",
	} {
		os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
	}
	got, err := IPVSSysctls(root)
	want := []Sysctl{{"conntrack", 1}, {"debug_level", -1}, {"sync_qlen_max", 9223372036854775807}, {"sync_threshold", 3}, {"sync_period", 50}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if set, missing := SysctlOr(got, "conntrack", -1), SysctlOr(got, "est_cpulist", -1); set != 1 || missing != -1 {
		t.Errorf("conntrack is %d, est_cpulist, which is no number, %d", set, missing)
	}
}

func TestAddresses(t *testing.T) {
	all, err := Addresses()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, func(a Address) bool { return a.Addr.IsLoopback() }) {
		t.Errorf("no loopback address among %v", all)
	}
}
