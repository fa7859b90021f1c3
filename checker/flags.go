package checker

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// HeaderFlags is a set of flags of the DNS header.
type HeaderFlags uint8

// The flags that a check can require or forbid, and QR and TC, which the
// report shows but which are never a choice.
const (
	QR HeaderFlags = 1 << iota
	AA
	TC
	RD
	RA
	AD
	CD
)

// flagNames is in the order in which dig prints flags.
var flagNames = []struct {
	flag   HeaderFlags
	name   string
	choice bool // may stand in --require and --forbid
}{
	{QR, "qr", false}, {AA, "aa", true}, {TC, "tc", false}, {RD, "rd", true},
	{RA, "ra", true}, {AD, "ad", true}, {CD, "cd", true},
}

// Names returns the flags of the set by name, in the order that dig prints.
func (f HeaderFlags) Names() []string {
	names := []string{}
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// ParseHeaderFlags reads a list such as "aa,ra".
func ParseHeaderFlags(s string) (HeaderFlags, error) {
	var set HeaderFlags
next:
	for part := range strings.SplitSeq(s, ",") {
		for _, n := range flagNames {
			if n.choice && strings.EqualFold(strings.TrimSpace(part), n.name) {
				set |= n.flag
				continue next
			}
		}
		return 0, fmt.Errorf("%q is no header flag; use aa, ra, ad, rd or cd", part)
	}
	return set, nil
}

func flagsOf(h dns.MsgHdr) HeaderFlags {
	var set HeaderFlags
	for _, f := range []struct {
		on   bool
		flag HeaderFlags
	}{
		{h.Response, QR}, {h.Authoritative, AA}, {h.Truncated, TC}, {h.RecursionDesired, RD},
		{h.RecursionAvailable, RA}, {h.AuthenticatedData, AD}, {h.CheckingDisabled, CD},
	} {
		if f.on {
			set |= f.flag
		}
	}
	return set
}
