package command

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/miekg/dns"
)

// parseQuestion reads "NAME TYPE [RCODE…]", as in "www.example.com A" or
// "nothere.example.com A NXDOMAIN".
func parseQuestion(s string, class uint16) (checker.Question, error) {
	fields := strings.Fields(s)
	if len(fields) < 2 {
		return checker.Question{}, fmt.Errorf(`question %q needs a name and a type; write it as "NAME TYPE [RCODE…]"`, s)
	}
	name, err := parseName(fields[0])
	if err != nil {
		return checker.Question{}, err
	}
	qtype, err := parseType(fields[1])
	if err != nil {
		return checker.Question{}, err
	}
	q := checker.Question{Name: name, Type: qtype, Class: class}
	for _, f := range fields[2:] {
		rcodes, err := parseRcodes(f)
		if err != nil {
			return checker.Question{}, err
		}
		q.Rcodes = append(q.Rcodes, rcodes...)
	}
	return q, nil
}

// parseType reads a record type: its mnemonic in any case, or TYPEn (RFC 3597).
// Types that are no question about a record (OPT, AXFR, …) are refused.
func parseType(s string) (uint16, error) {
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

// parseClass reads a class by its mnemonic: IN, CH, HS or ANY.
func parseClass(s string) (uint16, error) {
	if c, ok := dns.StringToClass[strings.ToUpper(s)]; ok {
		return c, nil
	}
	return 0, fmt.Errorf("%q is no class; use IN, or CH for names such as version.bind", s)
}

// parseRcodes reads rcodes by name or number, separated by commas.
func parseRcodes(s string) ([]int, error) {
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
