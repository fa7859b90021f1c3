package checker_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
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

// The sentences of the library name no flag: a program that has none reads them
// too. A command line says how its flags are spelt.
func TestNoFlagsInSentences(t *testing.T) {
	flag := regexp.MustCompile(`--[a-z]`)
	read := 0
	for _, pattern := range []string{"*.go", "encrypted/*.go", "fault/*.go", "internal/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			read++
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && flag.MatchString(text.Value) {
					t.Errorf("%s: %s", set.Position(text.Pos()), text.Value)
				}
				return true
			})
		}
	}
	if read < 20 {
		t.Errorf("only %d files were read", read)
	}
}
