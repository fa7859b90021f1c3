package command

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/miekg/dns"
	"golang.org/x/net/idna"
)

// Limits of a domain name on the wire (RFC 1035 section 2.3.4).
const (
	maxLabel = 63
	maxName  = 255
)

// parseName reads a domain name as a person types it and returns it fully
// qualified. What people mistype gets an error that says how to mend it: a
// name without a dot, a record type where a name belongs, letters outside
// ASCII, a label or a name that is too long.
func parseName(s string) (string, error) {
	switch {
	case s == "":
		return "", fmt.Errorf(`the name is empty; write "." for the root, or a name such as example.com`)
	case s == ".":
		return ".", nil
	case strings.ContainsAny(s, " \t\n"):
		return "", fmt.Errorf("name %q has white space in it; remove it (to ask several questions use --question more than once)", s)
	case !isASCII(s):
		return "", idnError(s)
	case isAddress(s):
		return "", addressError(s)
	case !strings.Contains(s, "."):
		return "", noDotError(s)
	}
	if !strings.Contains(s, `\`) { // an escaped dot ends no label
		if err := checkLabels(s); err != nil {
			return "", err
		}
	}
	return canonicalName(s)
}

func checkLabels(s string) error {
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" {
			return fmt.Errorf("name %q has an empty label (two dots, or a dot in front); remove the dot", s)
		}
		if len(label) > maxLabel {
			return fmt.Errorf("name %q: label %q has %d bytes, at most %d are allowed; shorten it", s, label, len(label), maxLabel)
		}
	}
	return nil
}

// canonicalName returns the one text of a name that can have several (such as
// \097 for a): an answer's question comes back with it.
func canonicalName(s string) (string, error) {
	name := dns.Fqdn(s)
	wire := make([]byte, len(name)+1) // never longer than the text and the root
	n, err := dns.PackDomainName(name, wire, 0, nil, false)
	if err != nil {
		return "", fmt.Errorf("name %q is no domain name; write it as in a zone file", s)
	}
	if n > maxName {
		return "", fmt.Errorf("name %q has %d bytes on the wire, at most %d are allowed; shorten it", s, n, maxName)
	}
	canonical, _, err := dns.UnpackDomainName(wire[:n], 0)
	if err != nil {
		return "", fmt.Errorf("name %q is no domain name; write it as in a zone file", s)
	}
	return canonical, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func idnError(s string) error {
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil || !utf8.ValidString(s) {
		return fmt.Errorf("name %q is not ASCII and no valid internationalised name; write its xn-- form", s)
	}
	return fmt.Errorf("name %q is not ASCII; write its form in the DNS: %s", s, ascii)
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// addressError gives the name of an address in the DNS, which dig -x makes by
// itself. With a dot at its end an IPv4 address is a name like any other.
func addressError(s string) error {
	reverse, err := dns.ReverseAddr(netip.MustParseAddr(s).WithZone("").Unmap().String())
	if err != nil {
		return fmt.Errorf("name %q is an address; write a name", s)
	}
	return fmt.Errorf("name %q is an address; its PTR record has the name %s (with --type PTR)", s, strings.TrimSuffix(reverse, "."))
}

func noDotError(s string) error {
	if _, isType := dns.StringToType[strings.ToUpper(s)]; isType {
		return fmt.Errorf(`name %q is a record type; put the name first (--name NAME --type %s), or write "%s." if that is its name`, s, strings.ToUpper(s), s)
	}
	return fmt.Errorf(`name %q has no dot; write the whole name (%s.example.com), or "%s." if it is a top-level name`, s, s, s)
}
