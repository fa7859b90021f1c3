package labtest

import (
	"os"
	"strconv"
	"strings"
)

// release is Debian's number, 12 for bookworm. Some name servers of a later one
// refuse what an earlier one needs. Unknown counts as the first that is supported.
func release() int {
	data, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return 12
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_ID="); ok {
			if n, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil {
				return n
			}
		}
	}
	return 12
}
