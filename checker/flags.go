package checker

import "github.com/miekg/dns"

// HeaderFlags is a set of flags of the DNS header.
type HeaderFlags uint8

// The flags. To require or to forbid QR or TC means nothing: a packet without QR
// is no answer, and one with TC is asked for again.
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
	flag HeaderFlags
	name string
}{{QR, "qr"}, {AA, "aa"}, {TC, "tc"}, {RD, "rd"}, {RA, "ra"}, {AD, "ad"}, {CD, "cd"}}

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
