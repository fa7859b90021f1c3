package guard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/guard"
)

// TestLongCommand has a process that may be keepalived, and a command line of megabytes, as any user can give one: it counts, and is
// not read.
func TestLongCommand(t *testing.T) {
	const limit = 64 << 10
	for _, test := range []struct {
		name, config string
		long         int
	}{
		{"at the limit", "/etc/k.conf", 0},
		{"beyond", "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			proc := t.TempDir()
			if err := os.Mkdir(filepath.Join(proc, "10"), 0o755); err != nil {
				t.Fatal(err)
			}
			line := "keepalived\x00-f\x00/etc/k.conf\x00-D\x00"
			line += strings.Repeat("x", limit-len(line)+test.long)
			for name, text := range map[string]string{"status": "Name:\tkeepalived\nState:\tS (sleeping)\nPPid:\t1\nUid:\t0\t0\t0\t0\n", "exe": "", "cmdline": line} {
				if err := os.WriteFile(filepath.Join(proc, "10", name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			all, err := guard.Processes(proc, "self")
			if err != nil || len(all) != 1 || test.config != "" && all[0].Config != test.config || test.config == "" && all[0].Config == "/etc/k.conf" {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}
