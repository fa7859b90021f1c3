// Package policy answers one question: does the code still have the shape that
// docs/architecture.md draws? Its test parses every Go file, whatever the build tags, and fails
// with the rule, the place and the way to mend it. The rules as data are in table.go.
package policy

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// violation is one break of one rule.
type violation struct {
	file string
	line int
	rule string
	what string
	mend string
}

func (v violation) String() string {
	return fmt.Sprintf("%s:%d: %s: %s\n\tmend: %s", v.file, v.line, v.rule, v.what, v.mend)
}

// source is one parsed Go file.
type source struct {
	file   string // slash-separated, from the root of the repository
	unit   string // the dir of the unit that holds it, or "" if the table has no row for it
	isTest bool
	lines  int
	fset   *token.FileSet
	ast    *ast.File
}

func (s source) dir() string { return path.Dir(s.file) }

func (s source) violation(at ast.Node, rule, what, mend string) violation {
	return violation{s.file, s.fset.Position(at.Pos()).Line, rule, what, mend}
}

// check applies every rule that needs nothing but the files.
func check(root fs.FS) ([]violation, error) {
	sources, err := parse(root)
	if err != nil {
		return nil, err
	}
	found := append(packageComments(sources), commandFolders(sources)...)
	for _, s := range sources {
		found = append(found, imports(s)...)
		found = append(found, process(s)...)
		found = append(found, length(s)...)
		found = append(found, named(s)...)
	}
	found = append(found, calls(sources)...)
	for _, pkg := range byPackage(sources) {
		found = append(found, state(pkg)...)
	}
	slices.SortFunc(found, func(a, b violation) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
	return found, nil
}

// parse reads every Go file that go build could see. Folders that the go command ignores are left out.
func parse(root fs.FS) ([]source, error) {
	var sources []source
	fset := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && file != "." && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, file, text, parser.ParseComments)
		if err != nil {
			return err
		}
		sources = append(sources, source{
			file:   file,
			unit:   unitOf(path.Dir(file)),
			isTest: strings.HasSuffix(file, "_test.go"),
			lines:  strings.Count(string(text), "\n"),
			fset:   fset,
			ast:    f,
		})
		return nil
	})
	return sources, err
}

// byPackage groups the files of each package, its tests left out.
func byPackage(sources []source) map[string][]source {
	packages := map[string][]source{}
	for _, s := range sources {
		if !s.isTest {
			packages[s.dir()] = append(packages[s.dir()], s)
		}
	}
	return packages
}

// within reports whether the folder or import path p is base or below it.
func within(p, base string) bool { return p == base || strings.HasPrefix(p, base+"/") }

// unitOf finds the row for a folder: the longest that holds it.
func unitOf(dir string) string {
	best := ""
	for _, u := range units {
		if within(dir, u.dir) && len(u.dir) > len(best) {
			best = u.dir
		}
	}
	return best
}
