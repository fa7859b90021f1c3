package drift_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/drift"
)

// TestKindsInDocs holds the table in docs/drift.md against the code.
func TestKindsInDocs(t *testing.T) {
	const path = "../../docs/drift.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("-->\n| kind | severity | meaning |\n|---|---|---|\n")
	for _, k := range drift.Kinds() {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", k, k.Severity(), k.Meaning())
	}
	before, rest, ok1 := strings.Cut(string(page), "-update -->")
	_, after, ok2 := strings.Cut(rest, "<!-- kinds end")
	if !ok1 || !ok2 {
		t.Fatalf("%s has lost the marks around the table of kinds", path)
	}
	golden(t, path, before+"-update "+table.String()+"<!-- kinds end"+after)
}
