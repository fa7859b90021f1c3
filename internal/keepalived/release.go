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

// The tables of keywords are those of these releases: between them keepalived has only gained keywords for virtual servers, and each that
// it gained after 2.2.7 has its version (install_keyword in keepalived/check).
const (
	firstKnown = "2.0.0"
	lastKnown  = "2.4.3"
)

// SkipsUnknown reports whether keepalived skips for certain what a [Note] calls unknown. A keepalived that is newer than these tables may
// know the keyword, and without a version there is no telling.
func (c *Config) SkipsUnknown() bool {
	by, ok := parseRelease(c.Version)
	last, _ := parseRelease(lastKnown)
	return ok && by.hasCome(firstKnown) && by <= last
}

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
