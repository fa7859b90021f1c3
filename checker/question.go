package checker

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// Question is one question and the rcodes that pass as its answer.
type Question struct {
	Name   string // fully qualified
	Type   uint16
	Class  uint16
	Rcodes []int // which rcodes pass; none means NOERROR
}

// String returns "NAME TYPE", with the class when it is not IN.
func (q Question) String() string {
	if q.Class != dns.ClassINET {
		return q.Name + " " + dns.Class(q.Class).String() + " " + q.TypeName()
	}
	return q.Name + " " + q.TypeName()
}

// TypeName returns the question's type by its mnemonic, TYPEn without one.
func (q Question) TypeName() string { return dns.Type(q.Type).String() }

// passes reports whether an rcode is one of those that pass.
func (q Question) passes(rcode int) bool {
	if len(q.Rcodes) == 0 {
		return rcode == dns.RcodeSuccess
	}
	for _, r := range q.Rcodes {
		if r == rcode {
			return true
		}
	}
	return false
}

// wanted returns the rcodes that pass, as text.
func (q Question) wanted() string {
	if len(q.Rcodes) == 0 {
		return "NOERROR"
	}
	names := make([]string, len(q.Rcodes))
	for i, r := range q.Rcodes {
		names[i] = RcodeName(r)
	}
	return strings.Join(names, " or ")
}

// ParseQuestion reads "NAME TYPE [RCODE…]", as in "www.example.com A" or
// "nothere.example.com A NXDOMAIN".
func ParseQuestion(s string, class uint16) (Question, error) {
	fields := strings.Fields(s)
	if len(fields) < 2 {
		return Question{}, fmt.Errorf(`question %q needs a name and a type; write it as "NAME TYPE [RCODE…]"`, s)
	}
	name, err := ParseName(fields[0])
	if err != nil {
		return Question{}, err
	}
	qtype, err := ParseType(fields[1])
	if err != nil {
		return Question{}, err
	}
	q := Question{Name: name, Type: qtype, Class: class}
	for _, f := range fields[2:] {
		rcodes, err := ParseRcodes(f)
		if err != nil {
			return Question{}, err
		}
		q.Rcodes = append(q.Rcodes, rcodes...)
	}
	return q, nil
}

// ParseType reads a record type: its mnemonic in any case, or TYPEn (RFC 3597).
// Types that are no question about a record (OPT, AXFR, …) are refused.
func ParseType(s string) (uint16, error) {
	upper := strings.ToUpper(s)
	t, ok := dns.StringToType[upper]
	if !ok {
		if digits, found := strings.CutPrefix(upper, "TYPE"); found {
			n, err := strconv.ParseUint(digits, 10, 16)
			t, ok = uint16(n), err == nil
		}
	}
	if !ok {
		return 0, fmt.Errorf("%q is no record type; use for example SOA, A, AAAA, NS or TXT", s)
	}
	switch t {
	case dns.TypeNone, dns.TypeOPT, dns.TypeTSIG, dns.TypeTKEY, dns.TypeAXFR, dns.TypeIXFR:
		return 0, fmt.Errorf("type %s is not a question that a check can ask; use for example SOA, A, AAAA, NS or TXT", upper)
	}
	return t, nil
}

// ParseClass reads a class by its mnemonic: IN, CH, HS or ANY.
func ParseClass(s string) (uint16, error) {
	if c, ok := dns.StringToClass[strings.ToUpper(s)]; ok {
		return c, nil
	}
	return 0, fmt.Errorf("%q is no class; use IN, or CH for names such as version.bind", s)
}

// ParseRcodes reads rcodes by name or number, separated by commas.
func ParseRcodes(s string) ([]int, error) {
	var rcodes []int
	for part := range strings.SplitSeq(s, ",") {
		r, err := parseRcode(strings.ToUpper(strings.TrimSpace(part)))
		if err != nil {
			return nil, err
		}
		rcodes = append(rcodes, r)
	}
	return rcodes, nil
}

func parseRcode(s string) (int, error) {
	if s == "BADVERS" {
		return dns.RcodeBadVers, nil
	}
	if r, ok := dns.StringToRcode[s]; ok {
		return r, nil
	}
	// An rcode has 12 bits: 4 in the header, 8 in the OPT record (RFC 6891 section 6.1.3).
	if n, err := strconv.ParseUint(strings.TrimPrefix(s, "RCODE"), 10, 12); err == nil {
		return int(n), nil
	}
	return 0, fmt.Errorf("%q is no rcode; use for example NOERROR, NXDOMAIN or REFUSED", s)
}

// RcodeName returns an rcode by name, RCODEn for one without a name.
func RcodeName(r int) string {
	if r == dns.RcodeBadVers {
		return "BADVERS" // the other reading of 16, BADSIG, only occurs inside TSIG
	}
	if name, ok := dns.RcodeToString[r]; ok {
		return name
	}
	return "RCODE" + strconv.Itoa(r)
}
