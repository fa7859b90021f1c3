package policy

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
)

// length holds the bounds on the length of a file. Generated files have none.
func length(s source) []violation {
	most := maxFileLines
	if s.unit == "cmd" && !s.isTest {
		most = maxCommandLines
	}
	if s.lines <= most || ast.IsGenerated(s.ast) {
		return nil
	}
	return []violation{{s.file, most + 1, "length", fmt.Sprintf("%d lines, and %d are the most", s.lines, most),
		"move what has a name of its own into a file or package of that name; a command keeps only its wiring"}}
}

// commandFolders holds the bounds on what a command has in all: otherwise it grows by files, and what it decides in them only a test of
// the whole process can reach.
func commandFolders(sources []source) []violation {
	lines, last := map[string]int{}, map[string]source{}
	for _, s := range sources {
		if s.unit == "cmd" && !s.isTest && !ast.IsGenerated(s.ast) {
			lines[s.dir()] += s.lines
			last[s.dir()] = s
		}
	}
	var found []violation
	for _, dir := range slices.Sorted(maps.Keys(lines)) {
		most, ok := wideCommands[dir]
		if !ok {
			most = maxCommandFolder
		}
		if lines[dir] > most {
			s := last[dir]
			found = append(found, s.violation(s.ast.Name, "folder", fmt.Sprintf("%s has %d lines, and %d are the most", dir, lines[dir], most),
				"what decides goes into a package with tests of its own; a command keeps only its wiring"))
		}
	}
	return found
}

// vague are names that fit any file.
var vague = []string{"common", "helper", "helpers", "misc", "other", "report", "rest", "stuff", "types", "util", "utils"}

// named holds that a file is called after what is in it: such a name is right for a package or a type of that name only.
func named(s source) []violation {
	name := strings.TrimSuffix(path.Base(s.file), ".go")
	if s.isTest || !slices.Contains(vague, name) || name == s.ast.Name.Name || slices.Contains(wellNamed, s.file) || hasType(s.ast, name) {
		return nil
	}
	return []violation{s.violation(s.ast.Name, "name", path.Base(s.file)+" says nothing of what is in it",
		"call it after its subject; what has several is several files")}
}

func hasType(f *ast.File, name string) (found bool) {
	for _, decl := range f.Decls {
		d, ok := decl.(*ast.GenDecl)
		for i := 0; ok && i < len(d.Specs); i++ {
			t, isType := d.Specs[i].(*ast.TypeSpec)
			found = found || isType && strings.EqualFold(t.Name.Name, name)
		}
	}
	return found
}

// packageComments holds that each package says once what it is for: godoc joins several comments
// into one muddle, and shows nothing for none.
func packageComments(sources []source) []violation {
	var found []violation
	for dir, pkg := range byPackage(sources) {
		var commented int
		for _, s := range pkg {
			if s.ast.Doc == nil {
				continue
			}
			if commented++; commented > 1 {
				found = append(found, s.violation(s.ast.Doc, "package comment", dir+" has a package comment in another file too", "keep one"))
			}
			if text := s.ast.Doc.Text(); !strings.HasPrefix(text, "Package "+s.ast.Name.Name+" ") &&
				(s.ast.Name.Name != "main" || !strings.HasPrefix(text, "Command ")) {
				found = append(found, s.violation(s.ast.Doc, "package comment", "the comment does not begin with the name of the package",
					`begin with "Package `+s.ast.Name.Name+`" or, for a program, "Command name"`))
			}
		}
		if commented == 0 {
			found = append(found, pkg[0].violation(pkg[0].ast, "package comment", dir+" does not say what it is for",
				"write one package comment that names the question the package answers"))
		}
	}
	return found
}
