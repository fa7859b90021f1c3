// Package version is the version that a program was built from.
package version

import (
	"cmp"
	"runtime/debug"
)

// Program is the module's version, such as v1.2.3, as the linker knows it; "devel" where it does not.
func Program() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return cmp.Or(info.Main.Version, "devel")
	}
	return "devel"
}
