package policy

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
)

// processNames are the names, by import path, through which a program reaches its process.
var processNames = map[string][]string{
	"os":        {"Args", "Environ", "ExpandEnv", "Exit", "Getenv", "LookupEnv", "Setenv", "Unsetenv", "Clearenv"},
	"syscall":   {"Environ", "Exit", "Getenv", "Setenv", "Unsetenv"},
	"flag":      {"Parse", "CommandLine", "Args", "Arg", "NArg"},
	"log":       {"Fatal", "Fatalf", "Fatalln"},
	"os/signal": {"Notify", "NotifyContext", "Ignore", "Reset", "Stop"},
}

// process holds that arguments, environment and signals are read in one kind of place.
func process(s source) []violation {
	if s.isTest || slices.Contains(processUnits, s.unit) {
		return nil
	}
	named := map[string]string{} // the name in this file → import path
	for _, spec := range s.ast.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil || processNames[target] == nil {
			continue
		}
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		named[name] = target
	}
	var found []violation
	ast.Inspect(s.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && slices.Contains(processNames[named[id.Name]], sel.Sel.Name) {
			found = append(found, s.violation(sel, "process", "only commands use "+id.Name+"."+sel.Sel.Name,
				"take it as a parameter, return an error instead of ending the process, and let main in cmd/ do the rest"))
		}
		return true
	})
	return found
}
