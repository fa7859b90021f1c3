package checker

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

const (
	fuzzID      = 0x1234 // of the try that waits for its answer
	fuzzEarlier = 0x1111 // of the try before
)

func fuzzTries() []query {
	q := Question{Name: "example.com.", Type: dns.TypeA, Class: dns.ClassINET}
	return []query{{question: q, id: fuzzEarlier}, {question: q, id: fuzzID}}
}

// seedReplies adds real answers, and some that went wrong, to a corpus.
func seedReplies(f *testing.F) {
	asked := new(dns.Msg).SetQuestion("example.com.", dns.TypeA)
	asked.Id = fuzzID
	wire, err := asked.Pack()
	if err != nil {
		f.Fatal(err)
	}
	answer := dnstest.Reply(wire, dns.RcodeSuccess, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"))
	f.Add(answer)
	f.Add(wire)
	f.Add(answer[:12])
	f.Add(answer[:len(answer)-5])
	f.Add(dnstest.Reply(wire, dns.RcodeRefused))
	f.Add([]byte{})
	for _, change := range []func(m *dns.Msg){
		func(m *dns.Msg) { m.Truncated = true },
		func(m *dns.Msg) { m.Id = fuzzEarlier },
		func(m *dns.Msg) { m.Question[0].Name = "EXAMPLE.com." },
		func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) },
		func(m *dns.Msg) { m.Rcode = dns.RcodeBadVers },
		func(m *dns.Msg) {
			m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: "646e7331"}}
		},
		func(m *dns.Msg) {
			for _, text := range []string{
				"example.com. 60 IN CNAME www.example.com.", `www.example.com. 60 IN TXT "a" "b"`, "www.example.com. 60 IN AAAA 2001:db8::1",
				"example.com. 60 IN SOA ns.example.com. admin.example.com. 1 2 3 4 5", "example.com. 60 IN TYPE65280 \\# 3 abcdef",
				"example.com. 60 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1", "example.com. 60 IN NSEC a.example.com. A RRSIG NSEC",
			} {
				rr, err := dns.NewRR(text)
				if err != nil {
					f.Fatal(err)
				}
				m.Answer = append(m.Answer, rr)
			}
		},
		func(m *dns.Msg) { m.SetTsig("k.", dns.HmacSHA256, 300, time.Now().Unix()) },
	} {
		m := new(dns.Msg).SetReply(asked)
		m.SetEdns0(1232, true)
		change(m)
		m.Compress = true
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// Whatever a server sends is an answer or a stray, never both and never a
// panic; and what is taken for the answer is one for another reader too.
func FuzzAccept(f *testing.F) {
	seedReplies(f)
	f.Fuzz(func(t *testing.T, reply []byte) {
		m, stray := accept(fuzzTries(), nil, reply)
		if (m == nil) == (stray == nil) {
			t.Fatalf("message %v and stray %v", m, stray)
		}
		key := &TSIGKey{Name: "k.", Algorithm: dns.HmacSHA256, secret: "c2VjcmV0"}
		if m, stray := accept(fuzzTries(), key, append([]byte(nil), reply...)); m != nil || stray == nil {
			t.Fatalf("accepted without the right signature: %v", m)
		}
		if stray != nil {
			if stray.Detail == "" || stray.Kind < WrongSource || stray.Kind > BadTSIG {
				t.Fatalf("stray without a name: %+v", stray)
			}
			return
		}
		mustAnswer(t, reply)
	})
}

func mustAnswer(t *testing.T, reply []byte) dnstest.Message {
	t.Helper()
	seen, err := dnstest.Parse(reply)
	if err != nil || seen.ID != fuzzID || !seen.QR || seen.Opcode != 0 || seen.Questions != 1 ||
		seen.Name != "example.com." || seen.Type != dns.TypeA || seen.Class != dns.ClassINET {
		t.Fatalf("accepted %x, which reads as %+v, %v", reply, seen, err)
	}
	return seen
}

// No bytes pass by accident.
func FuzzPass(f *testing.F) {
	seedReplies(f)
	anyRecord := regexp.MustCompile(` IN `)
	f.Fuzz(func(t *testing.T, reply []byte) {
		tries := fuzzTries()
		m, _ := accept(tries, nil, reply)
		if m == nil {
			return
		}
		legs := []Leg{{Transport: UDP, Reply: m, Size: len(reply), Attempts: 2}}
		q := tries[1].question
		for _, e := range []Expect{{}, {MinAnswers: 2}, {Require: AA}, {Forbid: AA}, {MinAnswers: 1, Answer: []*regexp.Regexp{anyRecord}}, {NSID: "dns1"}} {
			v := judge(q, e, legs)
			if v.reason == "" {
				t.Fatalf("%s without a reason", v.outcome)
			}
			if v.outcome != Pass {
				continue
			}
			seen := mustAnswer(t, reply)
			if seen.Rcode != 0 || seen.TC || seen.Answers < e.MinAnswers {
				t.Fatalf("passed %x, which reads as %+v", reply, seen)
			}
			if e.Require == AA && !seen.AA || e.Forbid == AA && seen.AA {
				t.Fatalf("passed with AA %v", seen.AA)
			}
			report := (&Check{}).report([]answer{{q, legs, v}})
			for name, format := range Formats() {
				if text := format(report, 0); name == "text" && strings.Count(string(text), "\n") != 1 {
					t.Fatalf("not one line: %q", text)
				}
			}
		}
	})
}

// A name that is accepted fits on the wire and comes back as the same text.
func FuzzParseName(f *testing.F) {
	for _, s := range []string{
		".", "example.com", "A", "a..b", `a\.b.example`, `\097.example`, "it's.example", "bücher.example",
		strings.Repeat("a", 64) + ".example", strings.Repeat("abcdefg.", 32), `a.b\`, `\`, `\.`, `a\0.b`, `\1.`, "a\x00b.c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := ParseName(s)
		if err != nil {
			if name != "" || err.Error() == "" || strings.Contains(err.Error(), "\n") {
				t.Fatalf("ParseName(%q) = %q, %v", s, name, err)
			}
			return
		}
		q, err := newQuery(Question{Name: name, Type: dns.TypeA, Class: dns.ClassINET}, Ask{NoEDNS: true}, fuzzID, time.Time{})
		if err != nil || len(q.wire) > headerSize+maxName+4 {
			t.Fatalf("ParseName(%q) = %q, which packs to %d bytes, %v", s, name, len(q.wire), err)
		}
		if _, stray := accept([]query{q}, nil, dnstest.Reply(q.wire, dns.RcodeSuccess)); stray != nil {
			t.Fatalf("ParseName(%q) = %q, and its answer does not count: %s", s, name, stray.Detail)
		}
	})
}
