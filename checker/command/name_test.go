package command

import (
	"strings"
	"testing"
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
		if got, err := parseName(typed); err != nil || got != want {
			t.Errorf("parseName(%q) = %q, %v; want %q", typed, got, err, want)
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
		if got, err := parseName(typed); err == nil || err.Error() != want {
			t.Errorf("parseName(%q) = %q\n got %v\nwant %s", typed, got, err, want)
		}
	}
}
