package checker

import (
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
