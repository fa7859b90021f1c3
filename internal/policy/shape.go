package policy

import (
	"fmt"
	"go/ast"
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
			if text := s.ast.Doc.Text(); !strings.HasPrefix(text, "Package "+s.ast.Name.Name+" ") && (s.ast.Name.Name != "main" || !strings.HasPrefix(text, "Command ")) {
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
