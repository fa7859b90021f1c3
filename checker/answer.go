package checker

import (
	"regexp"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// answers is what an answer section holds for a question.
type answers struct {
	of  []dns.RR // records of the name and type asked for
	way []dns.RR // the aliases that lead there, and signatures of the names on the way
}

// maxAliases is how many aliases are followed. Resolvers follow about as many (Unbound's MAX_RESTART_COUNT is 11), a
// chain in a circle ends too, and one as long as a message can hold takes no longer than a check may.
const maxAliases = 16

// answering sorts out what of an answer section answers the question: records of its type and class at the end of the
// chain of CNAME and DNAME records that begins at its name (RFC 1034 section 3.6.2, RFC 6672 section 3.2). Where
// the chain leads to no such record there is no data, however many records there are (RFC 2308 section 2.2).
// What the section holds besides is not believed, as no resolver believes it.
func answering(q Question, section []dns.RR) answers {
	var a answers
	name := q.Name
	for range maxAliases + 1 {
		next := ""
		for _, rr := range section {
			h := rr.Header()
			if h.Class != q.Class && q.Class != dns.ClassANY {
				continue
			}
			here, to := strings.EqualFold(h.Name, name), ""
			switch rr := rr.(type) {
			case *dns.CNAME:
				if here {
					to = rr.Target
				}
			case *dns.DNAME:
				to = renamed(name, h.Name, rr.Target)
			}
			switch {
			case here && asksFor(q.Type, h.Rrtype):
				a.of = append(a.of, rr)
			case to != "", here && h.Rrtype == dns.TypeRRSIG:
				a.way = append(a.way, rr)
			}
			if to != "" {
				next = to // of a DNAME and the CNAME made of it either: they lead to the same name
			}
		}
		if len(a.of) > 0 || next == "" {
			break
		}
		name = next
	}
	return a
}

// asksFor reports whether a record of a type answers a question of a type. ANY asks for all types but
// those that are no data: 0, OPT, and those from 128 to 255 (RFC 6895 section 3.1).
func asksFor(asked, t uint16) bool {
	if asked == dns.TypeANY {
		return t != dns.TypeNone && t != dns.TypeOPT && (t < 128 || t > 255)
	}
	return t == asked
}

// renamed returns what a DNAME record makes of a name: "" when the name is not below its owner.
func renamed(name, owner, target string) string {
	if strings.EqualFold(name, owner) || !dns.IsSubDomain(owner, name) {
		return ""
	}
	below := name[:len(name)-len(strings.TrimPrefix(owner, "."))]
	return below + strings.TrimPrefix(target, ".")
}

func anyMatches(rrs []dns.RR, want *regexp.Regexp) bool {
	return slices.ContainsFunc(rrs, func(rr dns.RR) bool { return want.MatchString(rrText(rr)) })
}
