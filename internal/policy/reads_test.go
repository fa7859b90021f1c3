package policy

import (
	"go/ast"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const readingsAt = "## What is read from outside"

// TestReadings holds the table of docs/security.md against the code: each file that reads has a row, each row names what there is.
func TestReadings(t *testing.T) {
	root := os.DirFS(repository)
	document, err := fs.ReadFile(root, "docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readings(string(document), readingsAt)
	if err != nil {
		t.Fatal("docs/security.md: ", err)
	}
	sources, err := parse(root)
	if err != nil {
		t.Fatal(err)
	}
	reads := map[string][]string{}
	for _, s := range sources {
		if s.isTest || slices.ContainsFunc(apart, func(dir string) bool { return within(s.dir(), dir) }) {
			continue
		}
		if ways := readsOf(s); len(ways) > 0 {
			reads[s.file] = ways
		}
	}
	named := map[string]bool{}
	tests := testsIn(t, root)
	for _, r := range rows {
		dir := ""
		for _, file := range r.files {
			dir = path.Dir(file)
			switch {
			case reads[file] == nil:
				t.Errorf("docs/security.md:%d: %s reads nothing, or is not there: take it out", r.line, file)
			case named[file]:
				t.Errorf("docs/security.md:%d: %s has a row already", r.line, file)
			}
			named[file] = true
		}
		for _, name := range r.limits {
			if !slices.ContainsFunc(sources, func(s source) bool { return s.dir() == dir && !s.isTest && has(s, name) }) {
				t.Errorf("docs/security.md:%d: there is no %s in %s", r.line, name, dir)
			}
		}
		if len(r.limits) == 0 && !strings.Contains(r.text, ":") && !strings.Contains(r.text, "the kernel's") {
			t.Errorf("docs/security.md:%d: name the limit as it is called in %s, or write the reason behind a colon", r.line, dir)
		}
		for _, name := range r.tests {
			if !tests[name] {
				t.Errorf("docs/security.md:%d: there is no %s", r.line, name)
			}
		}
		if len(r.tests) == 0 && len(r.limits) > 0 {
			t.Errorf("docs/security.md:%d: a limit has a test at the limit: name it", r.line)
		}
	}
	for _, s := range sources {
		if ways := reads[s.file]; ways != nil && !named[s.file] {
			t.Errorf(
				"%s reads from outside (%s): give it a limit, a test at the limit, and a row in docs/security.md",
				s.file, strings.Join(ways, ", "),
			)
		}
	}
}

// has reports whether a file has that name in it.
func has(s source, name string) (found bool) {
	ast.Inspect(s.ast, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}

// testsIn has the names of all tests.
func testsIn(t *testing.T, root fs.FS) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	name := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && file != ".":
			return fs.SkipDir
		case !strings.HasSuffix(file, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, file)
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			all[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
