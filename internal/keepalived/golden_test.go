package keepalived_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

var update = flag.Bool("update", false, "write the goldens")

// configID is the -i that the configurations under testdata/parity expect.
const configID = "lab"

// TestGolden shows what every configuration of testdata/parity comes to: the
// notes, then the table. The lab test holds the same files against keepalived.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/parity/*.conf")
	if err != nil || len(files) < 40 {
		t.Fatalf("testdata/parity has %d files: %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			cfg, err := keepalived.Load(filepath.Base(name), keepalived.Options{
				FS: os.DirFS("testdata/parity"), ConfigID: configID, Version: "2.2.7",
			})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, n := range cfg.Notes {
				b.WriteString(n.String() + "\n")
			}
			b.WriteString("\n")
			for _, line := range render(cfg.Desired(keepalived.AtStart)) {
				b.WriteString(line + "\n")
			}
			golden(t, strings.TrimSuffix(name, ".conf")+".golden", b.String())
		})
	}
}

// golden compares a text with a file, or writes that file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := lineDiff(string(want), got); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", name, diff)
	}
}

// lineDiff is the lines around the first difference.
func lineDiff(want, got string) string {
	if want == got {
		return ""
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	start := 0
	for start < len(w) && start < len(g) && w[start] == g[start] {
		start++
	}
	endW, endG := len(w), len(g)
	for endW > start && endG > start && w[endW-1] == g[endG-1] {
		endW--
		endG--
	}
	var b strings.Builder
	for _, line := range w[start:endW] {
		b.WriteString("-" + line + "\n")
	}
	for _, line := range g[start:endG] {
		b.WriteString("+" + line + "\n")
	}
	return b.String()
}
