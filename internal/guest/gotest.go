package guest

import (
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A test binary writes to these paths; "go help testflag" lists them, and
// cmd/go adds testlogfile, gocoverdir and fuzzcachedir on its own.
var (
	outputFiles = []string{"testlogfile", "coverprofile", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace"}
	outputDirs  = []string{"outputdir", "gocoverdir", "fuzzcachedir", "artifacts"}
)

// TestFlags reads, from the arguments that "go test" gives to a test binary, the
// directories that the binary writes to and the -test.timeout, 0 if there is none.
func TestFlags(args []string) (writable []string, timeout time.Duration) {
	for _, arg := range args {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimLeft(arg, "-"), "test."), "=")
		switch {
		case !ok || value == "" || !strings.HasPrefix(arg, "-"):
		case name == "timeout":
			timeout, _ = time.ParseDuration(value)
		case slices.Contains(outputFiles, name) && filepath.IsAbs(value):
			writable = append(writable, filepath.Dir(value))
		case slices.Contains(outputDirs, name) && filepath.IsAbs(value):
			writable = append(writable, value)
		}
	}
	return writable, timeout
}
