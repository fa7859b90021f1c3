package host

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFlowSysctls(t *testing.T) {
	for _, test := range []struct {
		name              string
		removed, template string // "": the kernel does not have it
		want              FlowSysctls
	}{
		{"no IPVS", "", "", FlowSysctls{}},
		{"the defaults", "0\n", "0\n", FlowSysctls{true, true}},
		{"both set", "1\n", "1\n", FlowSysctls{}},
		{"one of them", "1\n", "0\n", FlowSysctls{KeepsQuiescent: true}},
		{"the other", "0\n", "1\n", FlowSysctls{KeepsRemoved: true}},
	} {
		root := t.TempDir()
		dir := filepath.Join(root, "proc/sys/net/ipv4/vs")
		os.MkdirAll(dir, 0o755)
		for name, text := range map[string]string{"expire_nodest_conn": test.removed, "expire_quiescent_template": test.template} {
			if text != "" {
				os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
			}
		}
		if got, err := ReadFlowSysctls(root); err != nil || got != test.want {
			t.Errorf("%s: %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
	root := t.TempDir()
	os.MkdirAll(filepath.Join(root, "proc/sys/net/ipv4/vs/expire_quiescent_template"), 0o755)
	if got, err := ReadFlowSysctls(root); err == nil || got != (FlowSysctls{}) {
		t.Errorf("unreadable: %+v, %v", got, err)
	}
}
