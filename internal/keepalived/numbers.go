package keepalived

import (
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"strings"
	"time"
)

// number is a value as keepalived reads it. A complaint with ok means that the
// value is used all the same.
type number struct {
	v         uint64
	ok        bool
	complaint string
	trap      string // what keepalived reads without a word
}

// readUnsigned reads a decimal number. With lenient, text behind the number is
// reported and ignored, and a word without digits is 0.
func readUnsigned(s string, least, most uint64, lenient bool) number {
	s = strings.TrimLeft(s, whitespace)
	if digits, negative := strings.CutPrefix(s, "-"); negative {
		return readNegative(s, digits, least, most, lenient)
	}
	v, rest, overflow := scanUint(strings.TrimPrefix(s, "+"))
	n := number{v: v, ok: v >= least && v <= most && !overflow}
	switch {
	case rest != "":
		n.ok = n.ok && lenient
		n.complaint = quote(s) + " is not a number"
		if n.ok {
			n.complaint = fmt.Sprintf("%s is not a number: keepalived reads %d", quote(s), v)
		}
	case !n.ok:
		n.complaint = fmt.Sprintf("%s is not between %d and %d", s, least, most)
	}
	return n
}

// readNegative reads what follows a minus. With lenient it is taken from 2^64, and what is in range then is used: -0, and a minus without
// digits (read_unsigned_func() in keepalived's lib/parser.c, with strtoul(3)).
func readNegative(s, digits string, least, most uint64, lenient bool) number {
	v, _, overflow := scanUint(digits)
	n := number{v: -v, complaint: quote(s) + " is negative"}
	if n.ok = lenient && !overflow && n.v >= least && n.v <= most; n.ok {
		n.complaint += fmt.Sprintf(": keepalived reads %d", n.v)
	}
	return n
}

// readSigned reads a decimal number that may have a sign. Text behind the number is reported and ignored.
func readSigned(s string, most uint64) (v int64, n number) {
	digits := strings.TrimLeft(s, whitespace)
	sign := int64(1)
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		digits, sign = rest, -1
	} else {
		digits = strings.TrimPrefix(digits, "+")
	}
	abs, rest, overflow := scanUint(digits)
	n = number{v: abs, ok: abs <= most && !overflow}
	switch {
	case !n.ok:
		n.complaint = fmt.Sprintf("%s is not between -%d and %d", s, most, most)
	case rest != "" || digits == "":
		n.complaint = fmt.Sprintf("%s is not a number: keepalived reads %d", quote(s), sign*int64(abs))
	}
	return sign * int64(abs), n
}

// scanUint reads the digits at the start of a text.
func scanUint(s string) (v uint64, rest string, overflow bool) {
	i := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		hi, lo := bits.Mul64(v, 10)
		sum, carry := bits.Add64(lo, uint64(s[i]-'0'), 0)
		overflow = overflow || hi != 0 || carry != 0
		v = sum
	}
	return v, s[i:], overflow
}

// microseconds reads seconds with up to six decimal places. Text behind the
// number is reported and ignored.
func microseconds(s string, least, most uint64) number {
	if strings.HasPrefix(s, "-") {
		return number{complaint: quote(s) + " is negative"}
	}
	whole, fraction, _ := strings.Cut(s, ".")
	round, complaint := uint64(0), ""
	if len(fraction) > 6 {
		if fraction[6] >= '5' {
			round = 1
		}
		fraction, complaint = fraction[:6], fmt.Sprintf("%s has more than six decimal places: keepalived rounds it", s)
	}
	v, rest, overflow, negative := strtoull(whole + fraction + strings.Repeat("0", 6-len(fraction)))
	if v += round; overflow {
		return number{complaint: quote(s) + " is too large"}
	}
	n := number{v: v, ok: v >= least && v <= most, complaint: complaint}
	if negative && n.ok {
		n.trap = fmt.Sprintf("%s is negative, and with a blank in front keepalived takes it for a time without end", quote(s))
	}
	switch {
	case !n.ok:
		n.complaint = quote(s) + " is out of range"
	case rest != "":
		n.complaint = fmt.Sprintf("%s is not a number: keepalived reads %v", quote(s), duration(v))
	}
	return n
}

// strtoull is that of C with base 10: blanks and a sign may stand in front, and
// a minus is taken from 2^64. A text without digits is all rest.
func strtoull(s string) (v uint64, rest string, overflow, negative bool) {
	digits := strings.TrimLeft(s, whitespace)
	digits, negative = strings.CutPrefix(digits, "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	if digits == "" || !isDigit(digits[0]) {
		return 0, s, false, false
	}
	if v, rest, overflow = scanUint(digits); negative {
		v = -v
	}
	return v, rest, overflow, negative
}

func duration(us uint64) time.Duration {
	if us > math.MaxInt64/1000 {
		return math.MaxInt64
	}
	return time.Duration(us) * time.Microsecond
}

// truth reads on, true, yes, off, false and no.
func truth(s string) (v, ok bool) {
	switch s {
	case "on", "true", "yes":
		return true, true
	case "off", "false", "no":
		return false, true
	}
	return false, false
}

// address reads an IP address. What follows a dash or a slash is not looked at:
// keepalived does the same, for ranges. But a colon anywhere asks for IPv6 (inet_stosockaddr() in its lib/utils.c).
func address(s string) (netip.Addr, bool) {
	six := strings.Contains(s, ":")
	if i := strings.IndexByte(s, '-'); i >= 0 {
		s = s[:i]
	} else if i := strings.IndexByte(s, '/'); i >= 0 {
		s = s[:i]
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == "" && a.Is4() != six
}

// familyOf is the family of an address, as its text was written.
func familyOf(a netip.Addr) Family {
	switch {
	case !a.IsValid():
		return ""
	case a.Is4():
		return IPv4
	default:
		return IPv6
	}
}
