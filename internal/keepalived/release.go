package keepalived

import (
	"strconv"
	"strings"
)

// release is a version of keepalived as one number.
type release int

const (
	v228 release = 2*1_000_000 + 2*1_000 + 8
	v230 release = 2*1_000_000 + 3*1_000
	v232 release = 2*1_000_000 + 3*1_000 + 2
	v234 release = 2*1_000_000 + 3*1_000 + 4
	v240 release = 2*1_000_000 + 4*1_000

	newest release = 2*1_000_000 + 999*1_000
)

// parseRelease reads 2.2.7 or v2.2.7.
func parseRelease(s string) (release, bool) {
	n := release(0)
	for i, part := range strings.SplitN(strings.TrimPrefix(s, "v"), ".", 3) {
		v, err := strconv.ParseUint(part, 10, 16)
		if err != nil || v > 999 {
			return 0, false
		}
		for range 2 - i {
			v *= 1000
		}
		n += release(v)
	}
	return n, true
}

// hasCome reports whether what arrived with a version is in this release.
func (r release) hasCome(since string) bool {
	n, _ := parseRelease(since)
	return n <= r
}
