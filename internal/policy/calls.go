package policy

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
)

// sole is a function that one unit alone calls, besides its own package and tests.
type sole struct {
	pkg, name string
	unit      string
	mend      string
}

// soles lists what must be decided in one place.
var soles = []sole{
	{"internal/keepalived", "Load", "internal/site", "have a site.Keepalived read it: with the lines of its id, by the rules of the version that runs, and from below its root"},
}

// calls holds that what is decided in one place is decided there, in one line.
func calls(sources []source) []violation {
	var found []violation
	for _, c := range soles {
		once := false
		for _, s := range sources {
			if s.isTest || s.dir() == c.pkg {
				continue
			}
			for _, at := range callsOf(s, c) {
				if s.unit == c.unit && !once {
					once = true
					continue
				}
				found = append(found, s.violation(at, "one place", path.Base(c.pkg)+"."+c.name+" is called in one line of "+c.unit+" alone", c.mend))
			}
		}
	}
	return found
}

// callsOf are the places where a file has a function, whatever it calls the package.
func callsOf(s source, c sole) (places []ast.Node) {
	var names []string
	for _, spec := range s.ast.Imports {
		if target, err := strconv.Unquote(spec.Path.Value); err == nil && target == module+"/"+c.pkg {
			if spec.Name != nil {
				names = append(names, spec.Name.Name)
			} else {
				names = append(names, path.Base(c.pkg))
			}
		}
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == c.name {
			if id, ok := sel.X.(*ast.Ident); ok && slices.Contains(names, id.Name) {
				places = append(places, sel)
			}
		}
		return true
	})
	return places
}
