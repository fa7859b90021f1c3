package checker

import (
	"regexp"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestAnswering(t *testing.T) {
	const (
		a     = "www.example.com. 60 IN A 192.0.2.1"
		cname = "www.example.com. 60 IN CNAME web.example.net."
		web   = "web.example.net. 60 IN A 192.0.2.2"
		other = "other.example.com. 60 IN A 192.0.2.3"
		dname = "example.com. 60 IN DNAME example.org."
		org   = "www.example.org. 60 IN A 192.0.2.4"
		sig   = "www.example.com. 60 IN RRSIG A 8 3 60 20300101000000 20200101000000 1 example.com. AAEC"
	)
	www := Question{Name: "www.example.com.", Type: dns.TypeA, Class: dns.ClassINET}
	of := func(rrtype, class uint16) Question { return Question{Name: www.Name, Type: rrtype, Class: class} }
	for name, c := range map[string]struct {
		question Question
		section  []string
		of, way  int
	}{
		"nothing":                         {www, nil, 0, 0},
		"an address":                      {www, []string{a}, 1, 0},
		"another case":                    {www, []string{strings.Replace(a, "www", "WWW", 1)}, 1, 0},
		"another owner's":                 {www, []string{other}, 0, 0},
		"of another class":                {www, []string{strings.Replace(a, "IN", "CH", 1)}, 0, 0},
		"of another type":                 {www, []string{"www.example.com. 60 IN AAAA 2001:db8::1"}, 0, 0},
		"an alias that leads nowhere":     {www, []string{cname}, 0, 1},
		"an alias of another class":       {www, []string{strings.Replace(cname, "IN", "CH", 1), web}, 0, 0},
		"an alias":                        {www, []string{cname, web}, 1, 1},
		"an alias, the other way round":   {www, []string{web, cname}, 1, 1},
		"an alias and what is beside":     {www, []string{cname, web, other, org}, 1, 1},
		"two aliases":                     {www, []string{cname, "web.example.net. 60 IN CNAME www.example.org.", org}, 1, 2},
		"aliases in a circle":             {www, []string{cname, "web.example.net. 60 IN CNAME www.example.com."}, 0, 17},
		"an alias of itself":              {www, []string{"www.example.com. 60 IN CNAME www.example.com."}, 0, 17},
		"the alias itself":                {of(dns.TypeCNAME, dns.ClassINET), []string{cname, web}, 1, 0},
		"DNAME, and CNAME made of it":     {www, []string{dname, "www.example.com. 0 IN CNAME www.example.org.", org}, 1, 2},
		"DNAME alone":                     {www, []string{dname, org}, 1, 1},
		"DNAME that leads nowhere":        {www, []string{dname}, 0, 1},
		"DNAME of the name":               {www, []string{"www.example.com. 60 IN DNAME example.org.", org}, 0, 0},
		"DNAME of half a label":           {www, []string{"ample.com. 60 IN DNAME example.org.", org}, 0, 0},
		"DNAME of the root":               {www, []string{". 60 IN DNAME example.", "www.example.com.example. 60 IN A 192.0.2.9"}, 1, 2},
		"DNAME to the root":               {www, []string{"example.com. 60 IN DNAME .", "www. 60 IN A 192.0.2.9"}, 1, 1},
		"DNAME of DNAME":                  {www, []string{dname, "org. 60 IN DNAME net.", "www.example.net. 60 IN A 192.0.2.9"}, 1, 2},
		"signed":                          {www, []string{a, sig}, 1, 1},
		"a signature alone":               {www, []string{sig}, 0, 1},
		"the signature itself":            {of(dns.TypeRRSIG, dns.ClassINET), []string{sig}, 1, 0},
		"any type":                        {of(dns.TypeANY, dns.ClassINET), []string{a, cname, sig, other}, 3, 0},
		"any class":                       {of(dns.TypeA, dns.ClassANY), []string{a, strings.Replace(a, "IN", "CH", 1)}, 2, 0},
		"any type, of meta types nothing": {of(dns.TypeANY, dns.ClassINET), []string{`www.example.com. 60 IN TYPE251 \# 0`, `www.example.com. 60 IN TYPE0 \# 0`, `www.example.com. 60 IN TYPE41 \# 0`}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := reply(t, 0, c.section...)
			got := answering(c.question, m.Answer)
			if len(got.of) != c.of || len(got.way) != c.way {
				t.Errorf("%d answer, %d lead there; want %d, %d", len(got.of), len(got.way), c.of, c.way)
			}
		})
	}
}

// A message can hold thousands of aliases; following each would take longer than a check may.
func TestAnsweringLongChain(t *testing.T) {
	name := func(i int) string {
		return strings.Repeat("x", i%60+1) + "." + strings.Repeat("y", i/60+1) + ".example."
	}
	alias := func(i int) dns.RR {
		return &dns.CNAME{Hdr: dns.RR_Header{Name: name(i), Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: name(i + 1)}
	}
	var section []dns.RR
	for i := range 3000 {
		section = append(section, alias(i))
	}
	q := Question{Name: name(0), Type: dns.TypeA, Class: dns.ClassINET}
	if got := answering(q, section); len(got.of) != 0 || len(got.way) != maxAliases+1 {
		t.Errorf("%d answer, %d lead there", len(got.of), len(got.way))
	}
	end := func(i int) dns.RR {
		return &dns.A{Hdr: dns.RR_Header{Name: name(i), Rrtype: dns.TypeA, Class: dns.ClassINET}}
	}
	if got := answering(q, append(section[:maxAliases:maxAliases], end(maxAliases))); len(got.of) != 1 {
		t.Errorf("%d answer behind %d aliases, want 1", len(got.of), maxAliases)
	}
}

// What does not answer counts nowhere: not in a number, not for a pattern, not in the report.
func TestJudgeAnswers(t *testing.T) {
	www := Question{Name: "www.example.com.", Type: dns.TypeA, Class: dns.ClassINET}
	const (
		cname = "www.example.com. 60 IN CNAME web.example.net."
		web   = "web.example.net. 60 IN A 192.0.2.2"
		other = "other.example.com. 60 IN A 192.0.2.3"
	)
	for name, c := range map[string]struct {
		section []string
		expect  Expect
		want    verdict
		answers int
	}{
		"another owner's": {[]string{other}, Expect{MinAnswers: 1}, verdict{Answers, "NOERROR with 0 answers, at least 1 expected; what else the answer section holds (1 record) does not answer www.example.com. A"}, 0},
		"leads nowhere":   {[]string{cname}, Expect{MinAnswers: 1}, verdict{Answers, "NOERROR with 0 answers, at least 1 expected; what else the answer section holds (1 record) does not answer www.example.com. A"}, 0},
		"leads there":     {[]string{cname, web}, Expect{MinAnswers: 1}, verdict{Pass, "NOERROR, 1 answer, 0 bytes"}, 1},
		"one, not two":    {[]string{cname, web}, Expect{MinAnswers: 2}, verdict{Answers, "NOERROR with 1 answer, at least 2 expected; what else the answer section holds (1 record) does not answer www.example.com. A"}, 1},
		"its text":        {[]string{cname, web}, Expect{Answer: patterns(`A 192\.0\.2\.2$`)}, verdict{Pass, "NOERROR, 1 answer, 0 bytes"}, 1},
		"the way's text":  {[]string{cname, web}, Expect{Answer: patterns(`CNAME web\.example\.net\.$`)}, verdict{Pass, "NOERROR, 1 answer, 0 bytes"}, 1},
		"another's text":  {[]string{cname, web, other}, Expect{Answer: []*regexp.Regexp{regexp.MustCompile(`192\.0\.2\.3`)}}, verdict{Mismatch, `no answer matches "192\\.0\\.2\\.3", only: web.example.net. IN A 192.0.2.2, www.example.com. IN CNAME web.example.net.; what else the answer section holds (1 record) does not answer www.example.com. A`}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			legs := []leg{{transport: UDP, reply: reply(t, 0, c.section...), attempts: 1}}
			got := (&Check{Expect: c.expect}).judge(www, legs)
			if got != c.want {
				t.Errorf("\n got %s: %s\nwant %s: %s", got.outcome, got.reason, c.want.outcome, c.want.reason)
			}
			if r := questionResult(answer{www, legs, got}); r.Answers != c.answers {
				t.Errorf("the report has %d answers, want %d", r.Answers, c.answers)
			}
		})
	}
}
