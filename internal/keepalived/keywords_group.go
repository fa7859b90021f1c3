package keepalived

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// startGroup reads a whole virtual_server_group: its lines have no keywords
// but fwmark.
func startGroup(p *parser, words []string) {
	name, ok := p.word(words, 1)
	if !ok {
		return
	}
	g := Group{Pos: p.here, Name: name}
	if len(words) > 2 {
		p.note(Fatal, "a virtual_server_group has one name: take %s out", quote(strings.Join(words[2:], " ")))
	}
	mend, bare := "put the members of the group at "+p.here.String()+" between braces behind its name", false
	p.valuesOf(words, func(words []string) {
		if bare {
			if p.owned(words[0]) {
				p.lose(strings.Join(words, " "), mend, "%s stands where the block of the group %s should be", words[0], quote(name))
			}
			return
		}
		if e, ok := p.groupEntry(words); ok {
			g.Entries = append(g.Entries, e)
		}
	}, func() {
		bare = true
		p.keep(Note{Pos: p.here, Kind: Fatal, Text: fmt.Sprintf("the group %s has no block", quote(name)), Mend: mend})
	})
	if bare {
		return
	}
	v4, v6 := g.has(IPv4), g.has(IPv6)
	anyMark := slices.ContainsFunc(g.Entries, func(e GroupEntry) bool { return e.IsFWMark() && e.Family == "" })
	switch {
	case len(g.Entries) == 0:
		p.lose(strings.Join(words, " "), "give it a member, or take it out", "the group %s has no members: keepalived leaves it out", quote(name))
	case v4 && v6 && anyMark:
		p.lose(
			strings.Join(words, " "), "write inet or inet6 behind each mark",
			"the group %s has members of both families and a mark without one: keepalived leaves it out", quote(name),
		)
	case slices.ContainsFunc(p.cfg.Groups, func(o Group) bool { return o.Name == name }):
		p.note(Trap, "there is a group %s already, and keepalived uses the first", quote(name))
	default:
		p.cfg.Groups = append(p.cfg.Groups, g)
	}
}

// has reports whether a member of the group has this family for certain.
func (g *Group) has(family Family) bool {
	return slices.ContainsFunc(g.Entries, func(e GroupEntry) bool { return e.Family == family })
}

func (p *parser) groupEntry(words []string) (GroupEntry, bool) {
	if words[0] == "fwmark" {
		return p.groupMark(words)
	}
	e := GroupEntry{Pos: p.here}
	lost := strings.Join(words, " ")
	ok := false
	if e.First, ok = address(words[0]); !ok {
		p.loseMember(words, addressMend("", words[0]), "%s is not an IP address: keepalived leaves the line out", quote(words[0]))
		return e, false
	}
	if len(words) > 1 && strings.Trim(words[1], "0") != "" {
		n := readUnsigned(words[1], 1, 65535, true)
		if !p.acceptOr(lost, portMend, words, n) {
			return e, false
		}
		e.Port = uint16(n.v)
	}
	e.Family = familyOf(e.First)
	why := ""
	if _, mask, isMask := strings.Cut(words[0], "/"); isMask {
		e.Last, why = lastOf(e.First, mask)
	} else {
		e.Last, why = p.rangeEnd(e.First, words[0])
	}
	if why != "" {
		p.lose(
			lost, "write the range as FIRST-LAST or the network as ADDRESS/LENGTH",
			"%s: %s: keepalived leaves the line out", quote(words[0]), why,
		)
		return e, false
	}
	p.checkRange(e, words[0])
	return e, true
}

// checkRange warns of ranges that keepalived accepts and cannot add. It counts
// in the last byte of an IPv4 address, and in the last two of an IPv6 address.
func (p *parser) checkRange(e GroupEntry, written string) {
	switch {
	case e.First.Is4() && stem(e.First, 3) != stem(e.Last, 3):
		p.note(
			Fatal,
			"%s: a range of IPv4 addresses must end in the /24 where it begins, since keepalived counts in the last byte alone: write one line for each /24",
			quote(written),
		)
	case !e.First.Is4() && stem(e.First, 14) != stem(e.Last, 14):
		p.note(Trap, "%s: keepalived counts in the last 16 bits alone and adds %d addresses", quote(written), e.count())
	}
}

// stem is the text of the first bytes of an address.
func stem(a netip.Addr, n int) string { return string(a.AsSlice()[:n]) }

func (p *parser) groupMark(words []string) (GroupEntry, bool) {
	e := GroupEntry{Pos: p.here}
	w, ok := p.word(words, 1)
	if !ok {
		return e, false
	}
	lost := strings.Join(words, " ")
	n := readUnsigned(w, 0, maxUint32, true)
	if !p.acceptOr(lost, markMend, words, n) {
		return e, false
	}
	if e.FWMark = uint32(n.v); n.v == 0 {
		p.keep(p.lostNote(Trap, lost, markMend, markZero))
	}
	if len(words) > 2 {
		switch words[2] {
		case "inet":
			e.Family = IPv4
		case "inet6":
			e.Family = IPv6
		default:
			p.lose(
				lost, "write inet or inet6, or nothing, behind the mark",
				"fwmark: %s is neither inet nor inet6: keepalived leaves the line out", quote(words[2]),
			)
			return e, false
		}
	}
	return e, true
}

// lastOf is the last address of a network. The first must be the network's own.
func lastOf(first netip.Addr, mask string) (netip.Addr, string) {
	n, rest, _ := scanUint(mask)
	if rest != "" || mask == "" || n == 0 || n > uint64(first.BitLen()) {
		return first, "the mask is not valid"
	}
	prefix := netip.PrefixFrom(first, int(n))
	if prefix.Masked().Addr() != first {
		return first, "the address has bits beyond the mask"
	}
	b := first.AsSlice()
	for i := int(n); i < first.BitLen(); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(b)
	return last, ""
}

// rangeEnd reads what follows the dash: an address, or its last part.
func (p *parser) rangeEnd(first netip.Addr, s string) (last netip.Addr, why string) {
	_, end, isRange := strings.Cut(s, "-")
	if !isRange {
		return first, ""
	}
	separator, base, most := ".", 10, uint64(255)
	if !first.Is4() {
		separator, base, most = ":", 16, 0xffff
	}
	if strings.Contains(end, separator) {
		last, ok := address(end)
		switch {
		case !ok:
			return first, "the end is not an IP address"
		case last.Is4() != first.Is4():
			return first, "the ends have two families"
		case last.Compare(first) < 0:
			return first, "the end is before the start"
		}
		return last, ""
	}
	digits := strings.IndexFunc(end, func(c rune) bool { return !isBaseDigit(byte(c), base) })
	if digits < 0 {
		digits = len(end)
	}
	n, err := strconv.ParseUint("0"+end[:digits], base, 64)
	if err != nil || n > most {
		return first, "the end is too large"
	}
	if digits < len(end) {
		p.note(Adjusted, "%s: keepalived ignores %s", quote(s), quote(end[digits:]))
	}
	b := first.AsSlice()
	if first.Is4() {
		b[3] = byte(n)
	} else {
		b[14], b[15] = byte(n>>8), byte(n)
	}
	if last, _ = netip.AddrFromSlice(b); last.Compare(first) <= 0 {
		return first, "the end is not behind the start"
	}
	return last, ""
}

func isBaseDigit(c byte, base int) bool { return isDigit(c) || base == 16 && hexDigit(c) >= 0 }

// count is the number of services that keepalived makes of a range; 0 for an
// IPv4 range that it cannot add.
func (e GroupEntry) count() int {
	switch {
	case e.IsFWMark():
		return 1
	case !e.First.Is4():
		a, b := e.First.As16(), e.Last.As16()
		return 1 + (int(b[14])<<8+int(b[15])-int(a[14])<<8-int(a[15]))&0xffff
	case stem(e.First, 3) != stem(e.Last, 3):
		return 0
	default:
		a, b := e.First.As4(), e.Last.As4()
		return 1 + int(b[3]) - int(a[3])
	}
}
