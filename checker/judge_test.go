package checker

import (
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// reply is an answer with QR and RA set and records in its answer section.
func reply(t *testing.T, rcode int, records ...string) *dns.Msg {
	t.Helper()
	m := &dns.Msg{MsgHdr: dns.MsgHdr{Response: true, RecursionAvailable: true, Rcode: rcode}}
	for _, text := range records {
		m.Answer = append(m.Answer, record(t, text))
	}
	return m
}

func record(t *testing.T, text string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

func truncated(m *dns.Msg) *dns.Msg {
	m.Truncated = true
	return m
}

func authoritative(m *dns.Msg) *dns.Msg {
	m.Authoritative = true
	return m
}

// named adds an NSID option; the argument is as on the wire.
func named(m *dns.Msg, nsid string) *dns.Msg {
	m.Extra = append(m.Extra, &dns.OPT{
		Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT},
		Option: []dns.EDNS0{
			&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0011223344556677"},
			&dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: nsid},
		},
	})
	return m
}

func patterns(texts ...string) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, s := range texts {
		all = append(all, regexp.MustCompile(s))
	}
	return all
}

func met(kinds ...Outcome) strays {
	var s strays
	for _, k := range kinds {
		s.add(stray{k, "a " + k.String()})
	}
	return s
}

// letIn is what mends a REFUSED.
const letIn = "; let this host ask (the server's access control), or ask for a zone it serves"

const (
	wwwA  = "www.example.com. 300 IN A 192.0.2.1"
	wwwA2 = "www.example.com. 1 IN A 192.0.2.2"
)

func TestJudge(t *testing.T) {
	www := Question{Name: "www.example.com.", Type: dns.TypeA, Class: dns.ClassINET}
	root := Question{Name: ".", Type: dns.TypeSOA, Class: dns.ClassINET}
	accepting := func(q Question, rcodes ...int) Question { q.Rcodes = rcodes; return q }
	udp := func(m *dns.Msg) leg {
		return leg{transport: UDP, reply: m, size: 60, latency: 3 * time.Millisecond, attempts: 1}
	}
	tcp := func(m *dns.Msg) leg {
		return leg{transport: TCP, reply: m, size: 900, latency: 20 * time.Millisecond, attempts: 1}
	}
	failed := func(tr Transport, o Outcome, detail string) leg {
		return leg{transport: tr, attempts: 1, err: &Failure{o, detail}}
	}
	with := func(l leg, change func(*leg)) leg { change(&l); return l }

	for name, c := range map[string]struct {
		question Question
		expect   Expect
		legs     []leg
		outcome  Outcome
		reason   string
	}{
		"nothing asked": {www, Expect{}, nil, Internal, "nothing was asked"},
		"no error kept": {www, Expect{}, []leg{{transport: UDP, attempts: 1}}, Internal, "no answer and no error"},

		// A good answer.
		"one answer":        {www, Expect{}, []leg{udp(reply(t, 0, wwwA))}, Pass, "NOERROR, 1 answer, 60 bytes"},
		"two answers":       {www, Expect{}, []leg{udp(reply(t, 0, wwwA, wwwA2))}, Pass, "NOERROR, 2 answers, 60 bytes"},
		"no data is enough": {www, Expect{}, []leg{udp(reply(t, 0))}, Pass, "NOERROR, 0 answers, 60 bytes"},
		"both transports":   {www, Expect{}, []leg{udp(reply(t, 0, wwwA)), tcp(reply(t, 0, wwwA, wwwA2))}, Pass, "NOERROR, 2 answers, 900 bytes"},

		// Rcodes.
		"SERVFAIL":             {www, Expect{}, []leg{udp(reply(t, 2))}, Rcode, "SERVFAIL, expected NOERROR"},
		"REFUSED":              {www, Expect{}, []leg{udp(reply(t, 5))}, Rcode, "REFUSED, expected NOERROR" + letIn},
		"REFUSED for the root": {root, Expect{}, []leg{udp(reply(t, 5))}, Rcode, "REFUSED, expected NOERROR" + letIn},
		"SERVFAIL, the root":   {root, Expect{}, []leg{udp(reply(t, 2))}, Rcode, "SERVFAIL, expected NOERROR"},
		"wanted NXDOMAIN":      {accepting(www, 3), Expect{}, []leg{udp(reply(t, 3))}, Pass, "NXDOMAIN, 0 answers, 60 bytes"},
		"not NXDOMAIN":         {accepting(www, 3), Expect{}, []leg{udp(reply(t, 0, wwwA))}, Rcode, "NOERROR, expected NXDOMAIN"},
		"one of two":           {accepting(www, 0, 3), Expect{}, []leg{udp(reply(t, 3))}, Pass, "NXDOMAIN, 0 answers, 60 bytes"},
		"none of two":          {accepting(www, 0, 3), Expect{}, []leg{udp(reply(t, 2))}, Rcode, "SERVFAIL, expected NOERROR or NXDOMAIN"},
		"BADVERS":              {www, Expect{}, []leg{udp(reply(t, 16))}, Rcode, "BADVERS, expected NOERROR"},
		"wanted BADVERS":       {accepting(www, 16), Expect{}, []leg{udp(reply(t, 16))}, Pass, "BADVERS, 0 answers, 60 bytes"},
		"BADCOOKIE":            {www, Expect{}, []leg{udp(reply(t, 23))}, Rcode, "BADCOOKIE, expected NOERROR"},
		"rcode without a name": {accepting(www, 3841), Expect{}, []leg{udp(reply(t, 3840))}, Rcode, "RCODE3840, expected RCODE3841"},
		"rcode before answers": {www, Expect{MinAnswers: 1}, []leg{udp(reply(t, 2))}, Rcode, "SERVFAIL, expected NOERROR"},

		// Flags.
		"aa as required":    {www, Expect{Require: AA}, []leg{udp(authoritative(reply(t, 0, wwwA)))}, Pass, "NOERROR, 1 answer, 60 bytes"},
		"aa missing":        {www, Expect{Require: AA}, []leg{udp(reply(t, 0, wwwA))}, Flags, "flag not set: aa"},
		"two missing":       {www, Expect{Require: AA | RA | AD}, []leg{udp(reply(t, 0, wwwA))}, Flags, "flag not set: aa, ad"},
		"ra forbidden":      {www, Expect{Forbid: RA}, []leg{udp(reply(t, 0, wwwA))}, Flags, "flag set: ra"},
		"ad is not there":   {www, Expect{Forbid: AD}, []leg{udp(reply(t, 0, wwwA))}, Pass, "NOERROR, 1 answer, 60 bytes"},
		"flags on TCP only": {www, Expect{Require: AA}, []leg{udp(authoritative(reply(t, 0, wwwA))), tcp(reply(t, 0, wwwA))}, Flags, "tcp: flag not set: aa"},

		// The server's name.
		"name is right":        {www, Expect{NSID: "dns1"}, []leg{udp(named(reply(t, 0, wwwA), hex.EncodeToString([]byte("dns1"))))}, Pass, "NOERROR, 1 answer, 60 bytes"},
		"name is another":      {www, Expect{NSID: "dns1"}, []leg{udp(named(reply(t, 0, wwwA), hex.EncodeToString([]byte("dns2"))))}, NSID, `answered by "dns2" (NSID), "dns1" expected`},
		"name of control text": {www, Expect{NSID: "dns1"}, []leg{udp(named(reply(t, 0, wwwA), hex.EncodeToString([]byte("a\nb"))))}, NSID, `answered by "a\nb" (NSID), "dns1" expected`},
		"no name":              {www, Expect{NSID: "dns1"}, []leg{udp(named(reply(t, 0, wwwA), ""))}, NSID, `the server gives no NSID, "dns1" expected`},
		"name in no hex":       {www, Expect{NSID: "dns1"}, []leg{udp(named(reply(t, 0, wwwA), "xx"))}, NSID, `the server gives no NSID, "dns1" expected`},
		"no EDNS, no name":     {www, Expect{NSID: "dns1"}, []leg{udp(reply(t, 0, wwwA))}, NSID, `the server gives no NSID, "dns1" expected`},

		// Answers.
		"enough":        {www, Expect{MinAnswers: 2}, []leg{udp(reply(t, 0, wwwA, wwwA2))}, Pass, "NOERROR, 2 answers, 60 bytes"},
		"too few":       {www, Expect{MinAnswers: 2}, []leg{udp(reply(t, 0, wwwA))}, Answers, "NOERROR with 1 answer, at least 2 expected"},
		"none":          {www, Expect{MinAnswers: 1}, []leg{udp(reply(t, 0))}, Answers, "NOERROR with 0 answers, at least 1 expected"},
		"text, any TTL": {www, Expect{Answer: patterns(`^www\.example\.com\. IN A 192\.0\.2\.2$`)}, []leg{udp(reply(t, 0, wwwA, wwwA2))}, Pass, "NOERROR, 2 answers, 60 bytes"},
		"all patterns":  {www, Expect{Answer: patterns(`192\.0\.2\.1$`, `192\.0\.2\.2$`)}, []leg{udp(reply(t, 0, wwwA, wwwA2))}, Pass, "NOERROR, 2 answers, 60 bytes"},
		"one of them":   {www, Expect{Answer: patterns(`192\.0\.2\.1$`, `192\.0\.2\.3$`)}, []leg{udp(reply(t, 0, wwwA, wwwA2))}, Mismatch, `no answer matches "192\\.0\\.2\\.3$", only: www.example.com. IN A 192.0.2.1, www.example.com. IN A 192.0.2.2`},
		"nothing there": {www, Expect{Answer: patterns(`.`)}, []leg{udp(reply(t, 0))}, Mismatch, `no answer matches ".": there is none`},

		// Truncation.
		"whole over TCP":          {www, Expect{MinAnswers: 1}, []leg{udp(truncated(reply(t, 0))), tcp(reply(t, 0, wwwA))}, Pass, "NOERROR, 1 answer, 900 bytes, truncated over udp and whole over tcp"},
		"no TCP tried":            {www, Expect{}, []leg{udp(truncated(reply(t, 0)))}, Truncated, "truncated over udp, and no whole answer"},
		"TCP truncated too":       {www, Expect{}, []leg{udp(truncated(reply(t, 0))), tcp(truncated(reply(t, 0)))}, Truncated, "truncated over tcp, and no whole answer"},
		"TCP alone truncated":     {www, Expect{}, []leg{tcp(truncated(reply(t, 0)))}, Truncated, "truncated over tcp, and no whole answer"},
		"both, TCP truncated":     {www, Expect{}, []leg{udp(reply(t, 0)), tcp(truncated(reply(t, 0)))}, Truncated, "truncated over tcp, and no whole answer"},
		"TCP refused":             {www, Expect{}, []leg{udp(truncated(reply(t, 0))), failed(TCP, Unreachable, "port closed")}, Truncated, "truncated over udp, and tcp gave no answer: port closed"},
		"TCP silent":              {www, Expect{}, []leg{udp(truncated(reply(t, 0))), failed(TCP, Timeout, "no answer")}, Truncated, "truncated over udp, and tcp gave no answer: no answer"},
		"TCP: this host's fault":  {www, Expect{}, []leg{udp(truncated(reply(t, 0))), failed(TCP, Local, "not permitted")}, Local, "tcp: not permitted"},
		"TCP with another rcode":  {www, Expect{}, []leg{udp(truncated(reply(t, 0))), tcp(reply(t, 5))}, Rcode, "tcp: REFUSED, expected NOERROR" + letIn},
		"TCP answer is not right": {www, Expect{MinAnswers: 1}, []leg{udp(truncated(reply(t, 0))), tcp(reply(t, 0))}, Answers, "tcp: NOERROR with 0 answers, at least 1 expected"},
		"truncated SERVFAIL":      {www, Expect{}, []leg{udp(truncated(reply(t, 2))), tcp(reply(t, 2))}, Rcode, "tcp: SERVFAIL, expected NOERROR"},

		// Two transports.
		"disagree":              {www, Expect{}, []leg{udp(reply(t, 0, wwwA)), tcp(reply(t, 2))}, Disagree, "NOERROR over udp but SERVFAIL over tcp, for www.example.com. A"},
		"disagree, both wanted": {accepting(www, 0, 3), Expect{}, []leg{udp(reply(t, 3)), tcp(reply(t, 0, wwwA))}, Disagree, "NXDOMAIN over udp but NOERROR over tcp, for www.example.com. A"},
		"agree on failing":      {www, Expect{}, []leg{udp(reply(t, 2)), tcp(reply(t, 2))}, Rcode, "udp: SERVFAIL, expected NOERROR"},
		"TCP does not answer":   {www, Expect{}, []leg{udp(reply(t, 0, wwwA)), failed(TCP, Timeout, "no answer")}, Timeout, "tcp: no answer"},
		"UDP alone was wrong":   {www, Expect{MinAnswers: 1}, []leg{udp(reply(t, 0)), tcp(reply(t, 0, wwwA))}, Answers, "udp: NOERROR with 0 answers, at least 1 expected"},

		// Latency.
		"quick enough":              {www, Expect{MaxLatency: 3 * time.Millisecond}, []leg{udp(reply(t, 0))}, Pass, "NOERROR, 0 answers, 60 bytes"},
		"slow":                      {www, Expect{MaxLatency: 2 * time.Millisecond}, []leg{udp(reply(t, 0))}, Slow, "answered in 3ms, more than the 2ms allowed"},
		"slow and wrong is wrong":   {www, Expect{MaxLatency: 2 * time.Millisecond}, []leg{udp(reply(t, 2))}, Rcode, "SERVFAIL, expected NOERROR"},
		"both: the slower":          {www, Expect{MaxLatency: 20 * time.Millisecond}, []leg{udp(reply(t, 0)), tcp(reply(t, 0))}, Pass, "NOERROR, 0 answers, 900 bytes"},
		"truncated: the sum":        {www, Expect{MaxLatency: 20 * time.Millisecond}, []leg{udp(truncated(reply(t, 0))), tcp(reply(t, 0))}, Slow, "answered in 23ms, more than the 20ms allowed"},
		"slow by more than seconds": {www, Expect{MaxLatency: time.Second}, []leg{with(udp(reply(t, 0)), func(l *leg) { l.latency = 1234567 * time.Microsecond })}, Slow, "answered in 1.23s, more than the 1s allowed"},
		"slow by microseconds":      {www, Expect{MaxLatency: time.Microsecond}, []leg{with(udp(reply(t, 0)), func(l *leg) { l.latency = 12345 })}, Slow, "answered in 12µs, more than the 1µs allowed"},

		// What came in vain.
		"silence":             {www, Expect{}, []leg{failed(UDP, Timeout, "no answer")}, Timeout, "no answer"},
		"silence, twice":      {www, Expect{}, []leg{with(failed(UDP, Timeout, "no answer"), func(l *leg) { l.attempts = 2 })}, Timeout, "no answer (2 tries)"},
		"strays name the end": {www, Expect{}, []leg{with(failed(UDP, Timeout, "no answer"), func(l *leg) { l.strays = met(WrongID) })}, WrongID, "no answer that counts, only: a wrong_id"},
		"strays are counted": {
			www, Expect{},
			[]leg{with(failed(UDP, Timeout, "no answer"), func(l *leg) { l.strays = met(WrongSource, WrongID, WrongSource, WrongSource) })},
			WrongSource, "no answer that counts, only: a wrong_source (3 such); a wrong_id",
		},
		"strays and a closed port": {
			www, Expect{},
			[]leg{with(failed(UDP, Unreachable, "port closed"), func(l *leg) { l.strays, l.attempts = met(Malformed), 2 })},
			Unreachable, "port closed, only: a malformed (2 tries)",
		},
		"strays do not matter beside an answer": {
			www, Expect{},
			[]leg{with(udp(reply(t, 0)), func(l *leg) { l.strays = met(WrongID) })},
			Pass, "NOERROR, 0 answers, 60 bytes",
		},
		"strays over TCP, truncated over UDP": {
			www, Expect{},
			[]leg{udp(truncated(reply(t, 0))), with(failed(TCP, Timeout, "no answer"), func(l *leg) { l.strays = met(WrongQuestion) })},
			Truncated, "truncated over udp, and tcp gave no answer: no answer that counts, only: a wrong_question",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := (&Check{Expect: c.expect}).judge(c.question, c.legs)
			if want := (verdict{c.outcome, c.reason}); got != want {
				t.Errorf("\n got %s: %s\nwant %s: %s", got.outcome, got.reason, want.outcome, want.reason)
			}
		})
	}
}

// What --answer is matched against. A TTL in it would make a pattern that
// passes now fail in a minute.
func TestRRText(t *testing.T) {
	for zone, want := range map[string]string{
		"www.example.com. 300 IN A 192.0.2.1":                     "www.example.com. IN A 192.0.2.1",
		"www.example.com. 0 IN A 192.0.2.1":                       "www.example.com. IN A 192.0.2.1",
		"Example.COM. 60 IN NS ns1.example.com.":                  "Example.COM. IN NS ns1.example.com.",
		"example.com. 60 IN MX 10 mail.example.com.":              "example.com. IN MX 10 mail.example.com.",
		`example.com. 60 IN TXT "v=spf1 -all" "60 IN"`:            `example.com. IN TXT "v=spf1 -all" "60 IN"`,
		"example.com. 60 IN SOA ns. admin. 2026112301 60 60 60 5": "example.com. IN SOA ns. admin. 2026112301 60 60 60 5",
		`version.bind. 0 CH TXT "9.18"`:                           `version.bind. CH TXT "9.18"`,
		"example.com. 60 IN TYPE65280 \\# 2 abcd":                 `example.com. IN TYPE65280 \# 2 abcd`,
		". 86400 IN AAAA 2001:db8::1":                             ". IN AAAA 2001:db8::1",
		`a\009b.example.com. 60 IN A 192.0.2.1`:                   `a\009b.example.com. IN A 192.0.2.1`,
	} {
		if got := rrText(record(t, zone)); got != want {
			t.Errorf("rrText(%s)\n got %q\nwant %q", strings.ReplaceAll(zone, "\t", " "), got, want)
		}
	}
}

func TestJudgeIsPure(t *testing.T) {
	legs := []leg{
		{transport: UDP, reply: truncated(reply(t, 0)), attempts: 1},
		{transport: TCP, attempts: 1, err: &Failure{Closed, "closed"}, strays: met(WrongID)},
	}
	q := Question{Name: ".", Type: dns.TypeSOA, Class: dns.ClassINET}
	first := new(Check).judge(q, legs)
	if second := new(Check).judge(q, legs); first != second {
		t.Errorf("the same legs are judged twice, as %v and %v", first, second)
	}
	if legs[1].transport != TCP || legs[0].transport != UDP {
		t.Error("judge changed the legs")
	}
}

// What mends a failure is said in the words of whoever has set the check, and
// without them where nobody has said what they are.
func TestSpelling(t *testing.T) {
	q := Question{Name: ".", Type: dns.TypeSOA, Class: dns.ClassINET}
	flags := Spelling{Name: "--name", NoEDNS: "--no-edns"}
	for _, c := range []struct {
		rcode        int
		plain, flags string
	}{
		{dns.RcodeRefused, "REFUSED, expected NOERROR" + letIn, "REFUSED, expected NOERROR" + letIn + " with --name"},
		{
			dns.RcodeFormatError, "FORMERR, expected NOERROR; a server that does not know EDNS says so: ask without it",
			"FORMERR, expected NOERROR; a server that does not know EDNS says so: ask with --no-edns",
		},
		{dns.RcodeServerFailure, "SERVFAIL, expected NOERROR", "SERVFAIL, expected NOERROR"},
	} {
		legs := []leg{{transport: UDP, reply: reply(t, c.rcode), attempts: 1}}
		plain, spelt := new(Check).judge(q, legs), (&Check{Spelling: flags}).judge(q, legs)
		if plain != (verdict{Rcode, c.plain}) || spelt != (verdict{Rcode, c.flags}) {
			t.Errorf("\n got %v and %v\nwant %s and %s", plain, spelt, c.plain, c.flags)
		}
	}
}
