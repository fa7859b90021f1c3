package docscheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/promcheck"
)

// TestExamplesAreTheDocuments: what a page shows is what the package has as an example, but for comments.
func TestExamplesAreTheDocuments(t *testing.T) {
	root, err := promcheck.Root()
	if err != nil {
		t.Fatal(err)
	}
	blocks := documents(t)
	for example, file := range map[string]string{
		"haproxy/haproxy.cfg":              "docs/haproxy.md",
		"haproxy/lvsdns-check":             "docs/haproxy.md",
		"sysctl.d/lvsdns.conf":             "docs/forwarding.md",
		"sysctl.d/lvsdns-real-server.conf": "docs/forwarding.md",
	} {
		text, err := os.ReadFile(filepath.Join(root, "packaging", "examples", example))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, b := range blocks {
			found = found || b.File == file && settings(b.Text) == settings(string(text))
		}
		if !found {
			t.Errorf("%s shows no block with what is in packaging/examples/%s", file, example)
		}
	}
}

// settings are the lines of a file without comments.
func settings(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && (!strings.HasPrefix(line, "#") || strings.HasPrefix(line, "#!")) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}
