package checker

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/miekg/dns"
)

// How much of what a server sends may stand in a reason.
const (
	shownRecords = 3
	shownBytes   = 100 // of each record
)

// mismatch says what came instead of the record that is wanted, and how to mend
// a pattern that fails by the case of letters alone: names are the same in
// either (RFC 4343), and servers keep the one in which they were written.
func mismatch(came []dns.RR, want *regexp.Regexp) string {
	if len(came) == 0 {
		return fmt.Sprintf("no answer matches %q: there is none", want)
	}
	reason := fmt.Sprintf("no answer matches %q, only: %s", want, shown(came))
	if anyCase, err := regexp.Compile("(?i)" + want.String()); err == nil && anyMatches(came, anyCase) {
		reason += "; it would without regard to case: put (?i) in front"
	}
	return reason
}

// shown lists the first of some records.
func shown(rrs []dns.RR) string {
	var list []string
	for _, rr := range rrs[:min(len(rrs), shownRecords)] {
		text := rrText(rr)
		if len(text) > shownBytes {
			text = text[:shownBytes] + "…"
		}
		list = append(list, text)
	}
	if more := len(rrs) - shownRecords; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}
