package checker

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestParseName(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	for typed, want := range map[string]string{
		".":                      ".",
		"example.com":            "example.com.",
		"example.com.":           "example.com.",
		"Example.COM":            "Example.COM.",
		"com.":                   "com.",
		"A.":                     "A.",
		"_dns.resolver.arpa":     "_dns.resolver.arpa.",
		"*.example.com":          "*.example.com.",
		"xn--bcher-kva.example":  "xn--bcher-kva.example.",
		"1.2.0.192.in-addr.arpa": "1.2.0.192.in-addr.arpa.",
		label63 + ".example":     label63 + ".example.",
		// 255 bytes on the wire: three labels of 63 and one of 61, and the root.
		strings.Repeat(label63+".", 3) + label63[:61]: strings.Repeat(label63+".", 3) + label63[:61] + ".",

		// Written in another way than it comes back: the answer's question must
		// be equal, or a healthy server fails.
		`\097.example`:        "a.example.",
		`first\.last.example`: `first\.last.example.`,
		"it's.example":        `it\'s.example.`,
		"a@b.example":         `a\@b.example.`,
		`a\032b.example`:      `a\ b.example.`,
		`\255.example`:        `\255.example.`,
		`example.com\.`:       `example.com\..`,
	} {
		if got, err := ParseName(typed); err != nil || got != want {
			t.Errorf("ParseName(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
}

// What people mistype: what is wrong, where, and how to mend it.
func TestParseNameRefuses(t *testing.T) {
	label64 := strings.Repeat("a", 64)
	name256 := strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("b", 62)
	for typed, want := range map[string]string{
		"":                                      `the name is empty; write "." for the root, or a name such as example.com`,
		"example com":                           `name "example com" has white space in it; remove it (to ask several questions use --question more than once)`,
		" example.com":                          `name " example.com" has white space in it; remove it (to ask several questions use --question more than once)`,
		"example.com\n":                         `name "example.com\n" has white space in it; remove it (to ask several questions use --question more than once)`,
		"bücher.example":                        `name "bücher.example" is not ASCII; write its form in the DNS: xn--bcher-kva.example`,
		"bücher":                                `name "bücher" is not ASCII; write its form in the DNS: xn--bcher-kva`,
		"例え.テスト":                                `name "例え.テスト" is not ASCII; write its form in the DNS: xn--r8jz45g.xn--zckzah`,
		"\u202eabc.example":                     `name "\u202eabc.example" is not ASCII and no valid internationalised name; write its xn-- form`,
		"\xff.example":                          `name "\xff.example" is not ASCII and no valid internationalised name; write its xn-- form`,
		"A":                                     `name "A" is a record type; put the name first (--name NAME --type A), or write "A." if that is its name`,
		"aaaa":                                  `name "aaaa" is a record type; put the name first (--name NAME --type AAAA), or write "aaaa." if that is its name`,
		"SOA":                                   `name "SOA" is a record type; put the name first (--name NAME --type SOA), or write "SOA." if that is its name`,
		"localhost":                             `name "localhost" has no dot; write the whole name (localhost.example.com), or "localhost." if it is a top-level name`,
		label64 + ".example":                    `name "` + label64 + `.example": label "` + label64 + `" has 64 bytes, at most 63 are allowed; shorten it`,
		name256:                                 `name "` + name256 + `" has 256 bytes on the wire, at most 255 are allowed; shorten it`,
		"www..example.com":                      `name "www..example.com" has an empty label (two dots, or a dot in front); remove the dot`,
		".example.com":                          `name ".example.com" has an empty label (two dots, or a dot in front); remove the dot`,
		"example.com..":                         `name "example.com.." has an empty label (two dots, or a dot in front); remove the dot`,
		`a.b\`:                                  `name "a.b\\" is no domain name; write it as in a zone file`,
		`a\.b..c`:                               `name "a\\.b..c" is no domain name; write it as in a zone file`,
		"..":                                    `name ".." has an empty label (two dots, or a dot in front); remove the dot`,
		strings.Repeat(`\097`, 64) + ".example": `name "` + strings.Repeat(`\\097`, 64) + `.example" is no domain name; write it as in a zone file`,
	} {
		if got, err := ParseName(typed); err == nil || err.Error() != want {
			t.Errorf("ParseName(%q) = %q\n got %v\nwant %s", typed, got, err, want)
		}
	}
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
		q, err := ParseQuestion(typed, dns.ClassINET)
		if want == "" {
			if wantErr := `"" is no rcode; use for example NOERROR, NXDOMAIN or REFUSED`; err == nil || err.Error() != wantErr {
				t.Errorf("ParseQuestion(%q): %v, want %s", typed, err, wantErr)
			}
			continue
		}
		if got := q.String() + ", " + q.wanted(); err != nil || got != want {
			t.Errorf("ParseQuestion(%q) = %s, %v; want %s", typed, got, err, want)
		}
	}
	if q, err := ParseQuestion("version.bind TXT", dns.ClassCHAOS); err != nil || q.String() != "version.bind. CH TXT" {
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
		if _, err := ParseQuestion(typed, dns.ClassINET); err == nil || err.Error() != want {
			t.Errorf("ParseQuestion(%q)\n got %v\nwant %s", typed, err, want)
		}
	}
}

func TestParseType(t *testing.T) {
	for typed, want := range map[string]uint16{
		"A": 1, "ns": 2, "Soa": 6, "TXT": 16, "AAAA": 28, "SRV": 33, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65,
		"ANY": 255, "TYPE1": 1, "type65280": 65280, "TYPE65535": 65535,
	} {
		if got, err := ParseType(typed); err != nil || got != want {
			t.Errorf("ParseType(%q) = %d, %v; want %d", typed, got, err, want)
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
		if got, err := ParseType(typed); err == nil || err.Error() != want {
			t.Errorf("ParseType(%q) = %d\n got %v\nwant %s", typed, got, err, want)
		}
	}
}

func TestParseClass(t *testing.T) {
	for typed, want := range map[string]uint16{"IN": 1, "ch": 3, "Hs": 4, "ANY": 255} {
		if got, err := ParseClass(typed); err != nil || got != want {
			t.Errorf("ParseClass(%q) = %d, %v; want %d", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "A", "INET"} {
		want := `"` + typed + `" is no class; use IN, or CH for names such as version.bind`
		if got, err := ParseClass(typed); err == nil || err.Error() != want {
			t.Errorf("ParseClass(%q) = %d, %v; want %s", typed, got, err, want)
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
		rcodes, err := ParseRcodes(typed)
		var names []string
		for _, r := range rcodes {
			names = append(names, RcodeName(r))
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("ParseRcodes(%q) = %s, %v; want %s", typed, got, err, want)
		}
	}
	for typed, bad := range map[string]string{
		"": "", "NOERROR,": "", "NODATA": "NODATA", "noerror nxdomain": "NOERROR NXDOMAIN", "4096": "4096", "-1": "-1",
	} {
		want := `"` + bad + `" is no rcode; use for example NOERROR, NXDOMAIN or REFUSED`
		if rcodes, err := ParseRcodes(typed); err == nil || err.Error() != want {
			t.Errorf("ParseRcodes(%q) = %v, %v; want %s", typed, rcodes, err, want)
		}
	}
}

func TestHeaderFlags(t *testing.T) {
	for typed, want := range map[string]string{
		"aa": "aa", "AA,ra": "aa ra", " ra , aa ": "aa ra", "cd,ad,ra,rd,aa": "aa rd ra ad cd", "aa,aa": "aa",
	} {
		set, err := ParseHeaderFlags(typed)
		if got := strings.Join(set.Names(), " "); err != nil || got != want {
			t.Errorf("ParseHeaderFlags(%q) = %s, %v; want %s", typed, got, err, want)
		}
	}
	for typed, bad := range map[string]string{"": "", "aa,": "", "aa ra": "aa ra", "do": "do", "tc": "tc", "aa,qr": "qr"} {
		want := `"` + bad + `" is no header flag; use aa, ra, ad, rd or cd`
		if set, err := ParseHeaderFlags(typed); err == nil || err.Error() != want {
			t.Errorf("ParseHeaderFlags(%q) = %v, %v; want %s", typed, set.Names(), err, want)
		}
	}
	var m dns.Msg
	if err := m.Unpack([]byte("\x00\x01\x87\xb0\x00\x00\x00\x00\x00\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(flagsOf(m.MsgHdr).Names(), " "); got != "qr aa tc rd ra ad cd" {
		t.Errorf("all bits of the header: %s", got)
	}
	if got := flagsOf(dns.MsgHdr{}).Names(); got == nil || len(got) != 0 {
		t.Errorf("no bit: %v, want an empty list that JSON shows as []", got)
	}
}

func TestParseTransport(t *testing.T) {
	for name, port := range map[string]uint16{"udp": 53, "tcp": 53, "both": 53, "tls": 853, "https": 443} {
		tr, err := ParseTransport(name)
		if err != nil || tr.String() != name || tr.Port() != port || tr.Encrypted() != (port != 53) {
			t.Errorf("ParseTransport(%q) = %s port %d, %v", name, tr, tr.Port(), err)
		}
	}
	for _, name := range []string{"", "UDP", "dot", "quic"} {
		want := `"` + name + `" is no transport; use udp, tcp, both, tls or https`
		if tr, err := ParseTransport(name); err == nil || err.Error() != want {
			t.Errorf("ParseTransport(%q) = %s, %v; want %s", name, tr, err, want)
		}
	}
}
