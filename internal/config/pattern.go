package config

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Pattern matches virtual servers by address or firewall mark. Make one with ParsePattern.
type Pattern struct {
	text   string
	prefix netip.Prefix // of a network
	glob   string       // of addresses or of decimal marks
	mark   bool         // glob is of marks
}

// unwritten is what no address has as [netip.Addr.String] writes it (RFC 5952).
var unwritten = regexp.MustCompile(`[A-F]|(^|[.:])0[0-9a-f]`)

// ParsePattern reads a network such as 192.0.2.0/24, an address with or without * such as 2001:db8::*, or a mark such as fwm:7 or fwm:*.
func ParsePattern(s string) (Pattern, error) {
	if mark, ok := strings.CutPrefix(s, "fwm:"); ok {
		_, err := strconv.ParseUint(strings.NewReplacer("*", "1", "?", "1").Replace(mark), 10, 32)
		if err != nil || mark[0] == '0' { // 0 is no mark, and no mark is written with a 0 in front
			return Pattern{}, want("a mark such as fwm:7 or fwm:*", s)
		}
		return Pattern{text: s, glob: mark, mark: true}, nil
	}
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return Pattern{}, want("a network such as 192.0.2.0/24", s)
		}
		if p != p.Masked() {
			return Pattern{}, fmt.Errorf("%q is an address within a network; the network is %q", s, p.Masked())
		}
		return Pattern{text: s, prefix: p}, nil
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		return Pattern{text: s, prefix: netip.PrefixFrom(addr, addr.BitLen())}, nil
	}
	if s == "" || !strings.ContainsAny(s, "*?") || strings.Trim(s, "0123456789abcdefABCDEF.:*?") != "" {
		return Pattern{}, want("a network such as 192.0.2.0/24, an address such as 2001:db8::*, or a mark such as fwm:7", s)
	}
	if unwritten.MatchString(s) {
		return Pattern{}, fmt.Errorf("%q matches no address: they are written in small letters, without zeros in front, such as 2001:db8::1", s)
	}
	return Pattern{text: s, glob: s}, nil
}

// Matches reports whether the pattern means the virtual server with this address, or with this mark if that is not 0.
func (p Pattern) Matches(vip netip.Addr, mark uint32) bool {
	switch {
	case p.mark:
		return mark != 0 && match(p.glob, strconv.FormatUint(uint64(mark), 10))
	case mark != 0 || !vip.IsValid():
		return false
	case p.glob != "":
		return match(p.glob, vip.String())
	default:
		return p.prefix.Contains(vip)
	}
}

// match never fails: ParsePattern lets no bracket and no backslash in.
func match(glob, s string) bool {
	ok, _ := path.Match(glob, s)
	return ok
}

// String is the pattern as it was written.
func (p Pattern) String() string { return p.text }
