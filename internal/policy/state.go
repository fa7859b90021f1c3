package policy

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// constructors make values that nobody can change: a package-level var may be made by one of them.
var constructors = []string{
	"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer",
	"netip.MustParseAddr", "netip.MustParsePrefix", "netip.AddrFrom4", "netip.AddrFrom16",
}

// state holds that a package keeps nothing between calls: no init, and package-level variables only
// as constants that Go cannot write as const. Such a variable has a value from the start and nothing
// in its package writes to it.
func state(pkg []source) []violation {
	var found []violation
	vars := map[string]*ast.ValueSpec{}
	for _, s := range pkg {
		for _, decl := range s.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "init" && d.Recv == nil {
					found = append(found, s.violation(d, "init", "a package does work before main begins",
						"write a function and call it where its result is needed"))
				}
			case *ast.GenDecl:
				if d.Tok != token.VAR || d.Doc != nil && strings.HasPrefix(d.Doc.List[len(d.Doc.List)-1].Text, "//go:embed ") {
					continue
				}
				for _, spec := range d.Specs {
					v := spec.(*ast.ValueSpec)
					for _, name := range v.Names {
						vars[name.Name] = v
					}
					if !constant(v) {
						found = append(found, s.violation(v, "state", "the package-level variable "+v.Names[0].Name+" is not a fixed table, sentinel error or compiled expression",
							"make it a field of a value that the caller owns, or use a composite literal or one of the constructors listed in internal/policy/state.go"))
					}
				}
			}
		}
	}
	for _, s := range pkg {
		for _, id := range written(s.ast) {
			if v, ok := vars[id.Name]; ok && (id.Obj == nil || id.Obj.Decl == v) {
				found = append(found, s.violation(id, "state", "the package-level variable "+id.Name+" is written to",
					"make it a field of a value that the caller owns"))
			}
		}
	}
	return found
}

// constant reports whether a variable has a value that looks fixed.
func constant(v *ast.ValueSpec) bool {
	if v.Names[0].Name == "_" {
		return true // An assertion that a type has an interface's methods.
	}
	return len(v.Values) > 0 && !slices.ContainsFunc(v.Values, func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.UnaryExpr:
			return e.Op == token.AND
		case *ast.CallExpr:
			_, conversion := e.Fun.(*ast.ArrayType)
			return !conversion && !slices.Contains(constructors, dotted(e.Fun))
		}
		return false
	})
}

func dotted(e ast.Expr) string {
	if sel, ok := e.(*ast.SelectorExpr); ok {
		if id, ok := sel.X.(*ast.Ident); ok {
			return id.Name + "." + sel.Sel.Name
		}
	}
	return ""
}

// written lists the variables that a file assigns to, in whole or in part, or takes the address of.
func written(f *ast.File) []*ast.Ident {
	var ids []*ast.Ident
	add := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if id := rootOf(e); id != nil {
				ids = append(ids, id)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				add(n.Lhs...)
			}
		case *ast.IncDecStmt:
			add(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				add(n.Key, n.Value)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				add(n.X)
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (id.Name == "delete" || id.Name == "clear" || id.Name == "copy") {
				add(n.Args[0])
			}
		}
		return true
	})
	return ids
}

// rootOf is the variable at the bottom of an expression such as v.field[i].
func rootOf(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}
