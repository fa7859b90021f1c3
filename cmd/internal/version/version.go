// Package version is the version that a program was built from.
package version

import (
	"cmp"
	"runtime/debug"
)

// linked is what the linker is told with -X: "git describe" of the commit. The Makefile does so.
var linked = ""

// Program is the version of the commit, such as v1.2.3 or v1.2.3-4-gabcdef0. A program that was built without the Makefile has
// what the go command knows of it; "devel" where that is nothing.
func Program() string {
	known := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		known = info.Main.Version
	}
	return cmp.Or(linked, known, "devel")
}
