package command

import (
	"cmp"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/miekg/dns"
)

func rcodeNames(rcodes []int, between string) string {
	names := make([]string, len(rcodes))
	for i, r := range rcodes {
		names[i] = checker.RcodeName(r)
	}
	return strings.Join(names, between)
}

func TestParseQuestion(t *testing.T) {
	for typed, want := range map[string]string{
		"example.com SOA":                      "example.com. SOA, NOERROR",
		"  example.com\t soa ":                 "example.com. SOA, NOERROR",
		". NS":                                 ". NS, NOERROR",
		"example.com TYPE65 ":                  "example.com. HTTPS, NOERROR",
		"example.com type65280":                "example.com. TYPE65280, NOERROR",
		"example.com ANY":                      "example.com. ANY, NOERROR",
		"gone.example.com A NXDOMAIN":          "gone.example.com. A, NXDOMAIN",
		"gone.example.com A nxdomain noerror":  "gone.example.com. A, NXDOMAIN or NOERROR",
		"gone.example.com A NXDOMAIN,REFUSED":  "gone.example.com. A, NXDOMAIN or REFUSED",
		"gone.example.com A NXDOMAIN, REFUSED": "", // the list ends in nothing
	} {
		q, err := parseQuestion(typed, dns.ClassINET)
		if want == "" {
			if wantErr := `"" is no rcode; use for example NOERROR, NXDOMAIN or REFUSED`; err == nil || err.Error() != wantErr {
				t.Errorf("parseQuestion(%q): %v, want %s", typed, err, wantErr)
			}
			continue
		}
		if got := q.String() + ", " + cmp.Or(rcodeNames(q.Rcodes, " or "), "NOERROR"); err != nil || got != want {
			t.Errorf("parseQuestion(%q) = %s, %v; want %s", typed, got, err, want)
		}
	}
	if q, err := parseQuestion("version.bind TXT", dns.ClassCHAOS); err != nil || q.String() != "version.bind. CH TXT" {
		t.Errorf("in class CH: %s, %v", q, err)
	}
}

func TestParseQuestionRefuses(t *testing.T) {
	const form = ` needs a name and a type; write it as "NAME TYPE [RCODE…]"`
	for typed, want := range map[string]string{
		"":                        `question ""` + form,
		"example.com":             `question "example.com"` + form,
		"A example.com":           `name "A" is a record type; put the name first (--name NAME --type A), or write "A." if that is its name`,
		"example.com example.net": `"example.net" is no record type; use for example SOA, A, AAAA, NS or TXT`,
		"example.com A NODATA":    `"NODATA" is no rcode; use for example NOERROR, NXDOMAIN or REFUSED`,
	} {
		if _, err := parseQuestion(typed, dns.ClassINET); err == nil || err.Error() != want {
			t.Errorf("parseQuestion(%q)\n got %v\nwant %s", typed, err, want)
		}
	}
}

func TestParseType(t *testing.T) {
	for typed, want := range map[string]uint16{
		"A": 1, "ns": 2, "Soa": 6, "TXT": 16, "AAAA": 28, "SRV": 33, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65,
		"ANY": 255, "TYPE1": 1, "type65280": 65280, "TYPE65535": 65535,
	} {
		if got, err := parseType(typed); err != nil || got != want {
			t.Errorf("parseType(%q) = %d, %v; want %d", typed, got, err, want)
		}
	}
	const example = "; use for example SOA, A, AAAA, NS or TXT"
	for typed, want := range map[string]string{
		"":          `"" is no record type` + example,
		"AAA":       `"AAA" is no record type` + example,
		"IN":        `"IN" is no record type` + example,
		"TYPE":      `"TYPE" is no record type` + example,
		"TYPE65536": `"TYPE65536" is no record type` + example,
		"TYPE-1":    `"TYPE-1" is no record type` + example,
		"axfr":      "type AXFR is not a question that a check can ask" + example,
		"IXFR":      "type IXFR is not a question that a check can ask" + example,
		"OPT":       "type OPT is not a question that a check can ask" + example,
		"TSIG":      "type TSIG is not a question that a check can ask" + example,
		"TKEY":      "type TKEY is not a question that a check can ask" + example,
		"TYPE0":     "type TYPE0 is not a question that a check can ask" + example,
		"TYPE252":   "type TYPE252 is not a question that a check can ask" + example,
	} {
		if got, err := parseType(typed); err == nil || err.Error() != want {
			t.Errorf("parseType(%q) = %d\n got %v\nwant %s", typed, got, err, want)
		}
	}
}

func TestParseClass(t *testing.T) {
	for typed, want := range map[string]uint16{"IN": 1, "ch": 3, "Hs": 4, "ANY": 255} {
		if got, err := parseClass(typed); err != nil || got != want {
			t.Errorf("parseClass(%q) = %d, %v; want %d", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "A", "INET"} {
		want := `"` + typed + `" is no class; use IN, or CH for names such as version.bind`
		if got, err := parseClass(typed); err == nil || err.Error() != want {
			t.Errorf("parseClass(%q) = %d, %v; want %s", typed, got, err, want)
		}
	}
}

func TestParseRcodes(t *testing.T) {
	for typed, want := range map[string]string{
		"NOERROR":            "NOERROR",
		"noerror,NXDOMAIN":   "NOERROR NXDOMAIN",
		"NOERROR, NXDOMAIN ": "NOERROR NXDOMAIN",
		"0,3":                "NOERROR NXDOMAIN",
		"RCODE5":             "REFUSED",
		"NOTIMP":             "NOTIMP",
		"BADVERS":            "BADVERS",
		"16":                 "BADVERS",
		"BADCOOKIE":          "BADCOOKIE",
		"rcode3841":          "RCODE3841",
		"4095":               "RCODE4095",
	} {
		rcodes, err := parseRcodes(typed)
		if got := rcodeNames(rcodes, " "); err != nil || got != want {
			t.Errorf("parseRcodes(%q) = %s, %v; want %s", typed, got, err, want)
		}
	}
	for typed, bad := range map[string]string{
		"": "", "NOERROR,": "", "NODATA": "NODATA", "noerror nxdomain": "NOERROR NXDOMAIN", "4096": "4096", "-1": "-1",
	} {
		want := `"` + bad + `" is no rcode; use for example NOERROR, NXDOMAIN or REFUSED`
		if rcodes, err := parseRcodes(typed); err == nil || err.Error() != want {
			t.Errorf("parseRcodes(%q) = %v, %v; want %s", typed, rcodes, err, want)
		}
	}
}
