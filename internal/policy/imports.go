package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// imports holds the direction of dependencies and the home of each third-party module.
func imports(s source) []violation {
	if s.unit == "" {
		return []violation{s.violation(s.ast.Name, "layout", "the folder "+s.dir()+" is not in the dependency table",
			"put the code where docs/architecture.md has a place for it, or add a row to internal/policy/table.go")}
	}
	var found []violation
	for _, spec := range s.ast.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // The parser has already refused a path like this.
		}
		if inner, ok := strings.CutPrefix(target, module+"/"); ok {
			if to := unitOf(inner); !mayImport(s, to) {
				found = append(found, s.violation(spec, "direction", fmt.Sprintf("%s may not import %s", s.unit, inner),
					"declare here the small interface that you call and let cmd hand the value in; if the direction itself is wrong, change the row of "+s.unit+" in internal/policy/table.go"))
			}
			continue
		}
		// The standard library has no dot in its first element.
		if first, _, _ := strings.Cut(target, "/"); strings.Contains(first, ".") && !atHome(s, target) {
			found = append(found, s.violation(spec, "home", fmt.Sprintf("%s may not import the module of %s", s.unit, target),
				"call the package that has this module in its row of homes in internal/policy/table.go; a new module gets a row with one home"))
		}
	}
	return found
}

func mayImport(s source, to string) bool {
	return to == s.unit || unitMay(s.unit, to) || s.isTest && slices.Contains(testHelpers, to)
}

func unitMay(from, to string) bool {
	return slices.ContainsFunc(units, func(u unit) bool { return u.dir == from && slices.Contains(u.may, to) })
}

func atHome(s source, target string) bool {
	i := slices.IndexFunc(homes, func(h home) bool { return within(target, h.module) })
	return i >= 0 && (s.isTest || slices.Contains(homes[i].units, s.unit))
}
