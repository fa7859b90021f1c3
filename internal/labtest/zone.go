package labtest

import (
	"fmt"
	"strings"
)

// Names that every name server of the lab answers for.
const (
	Zone         = "example.com"     // SOA, NS, A, AAAA; also www and ns1
	BigName      = "big.example.com" // TXT of 3 kB: truncated over UDP, whole over TCP
	ServfailName = "servfail.test"   // SERVFAIL from a healthy server
	RefusedName  = "refused.test"    // REFUSED from a healthy server

	// AliasName is a CNAME of www, MovedName below a DNAME leads there too, and LostName is a CNAME of a name that
	// is in nobody's zone.
	AliasName = "alias.example.com"
	MovedName = "www.moved.example.com"
	LostName  = "lost.example.com"

	// ViewName has a TXT record "inside" for those that a Split lets in, and
	// "outside" for all others.
	ViewName = "view.example.com"
)

// The two values of the TXT record of ViewName.
const insideView, outsideView = "inside", "outside"

// zoneFile is the master file of any zone, with names relative to its origin.
func zoneFile(view string) string {
	big := strings.Repeat(fmt.Sprintf(" %q", strings.Repeat("x", 250)), 12)
	return strings.Join([]string{
		"$TTL 300",
		"@ IN SOA ns1 hostmaster 1 3600 900 604800 300",
		"@ IN NS ns1",
		"@ IN A 192.0.2.1",
		"@ IN AAAA 2001:db8::1",
		"ns1 IN A 192.0.2.53",
		"www IN A 192.0.2.80",
		"www IN AAAA 2001:db8::80",
		"big IN TXT" + big,
		"view IN TXT " + view,
		"alias IN CNAME www",
		"moved IN DNAME @",
		"lost IN CNAME www.example.net.",
		"",
	}, "\n")
}
