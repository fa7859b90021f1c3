package checker_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/checker"
)

var update = flag.Bool("update", false, "rewrite what is generated")

// TestOutcomesInDocs holds the table in docs/check.md against the code.
func TestOutcomesInDocs(t *testing.T) {
	const path = "../docs/check.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("-->\n| outcome | meaning |\n|---|---|\n")
	for _, o := range checker.Outcomes() {
		fmt.Fprintf(&table, "| `%s` | %s |\n", o, o.Meaning())
	}
	before, rest, ok1 := strings.Cut(string(page), "-update -->")
	_, after, ok2 := strings.Cut(rest, "<!-- outcomes end")
	if !ok1 || !ok2 {
		t.Fatalf("%s has lost the marks around the table of outcomes", path)
	}
	want := before + "-update " + table.String() + "<!-- outcomes end" + after
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("the table of outcomes in %s is not that of the code; run: go test ./checker -run TestOutcomesInDocs -update", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
