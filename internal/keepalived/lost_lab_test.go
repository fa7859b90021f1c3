//go:build lab

package keepalived_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestLostParity holds what is left against what real keepalived programs.
func TestLostParity(t *testing.T) {
	version := installed(t)
	for _, test := range lostCases {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keepalived.conf")
			if err := os.WriteFile(path, []byte(strings.Replace(lostText, test.old, test.new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			cfg, err := keepalived.Load(path, keepalived.Options{ConfigID: configID, Version: version})
			if err != nil {
				t.Fatal(err)
			}
			r := runKeepalived(t, path)
			for tries := 0; r.spoiled && tries < 3; tries++ {
				r = runKeepalived(t, path)
			}
			if !r.ready || r.broken {
				t.Fatalf("keepalived does not run:\n%s", r.log)
			}
			if compare(t, "lost", version, "table", render(cfg.Desired(keepalived.AtStart)), r.table); t.Failed() {
				t.Logf("keepalived's log:\n%s", r.log)
			}
		})
	}
}
