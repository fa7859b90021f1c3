package command

import (
	"fmt"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
)

// parseHeaderFlags reads a list such as "aa,ra".
func parseHeaderFlags(s string) (checker.HeaderFlags, error) {
	const choices = checker.AA | checker.RD | checker.RA | checker.AD | checker.CD
	var set checker.HeaderFlags
next:
	for part := range strings.SplitSeq(s, ",") {
		for flag := checker.HeaderFlags(1); flag <= choices; flag <<= 1 {
			if names := (flag & choices).Names(); len(names) == 1 && strings.EqualFold(strings.TrimSpace(part), names[0]) {
				set |= flag
				continue next
			}
		}
		return 0, fmt.Errorf("%q is no header flag; use aa, ra, ad, rd or cd", part)
	}
	return set, nil
}

// parseTransport reads a transport by its name.
func parseTransport(s string) (checker.Transport, error) {
	for t := checker.UDP; t <= checker.HTTPS; t++ {
		if s == t.String() {
			return t, nil
		}
	}
	return checker.UDP, fmt.Errorf("%q is no transport; use udp, tcp, both, tls or https", s)
}
