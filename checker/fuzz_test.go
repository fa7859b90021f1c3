package checker

import (
	"net/netip"
	"regexp"
	"slices"
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
	f.Add([]byte{wire[0], wire[1], 0x81, dns.RcodeRefused, 0, 0, 0, 0, 0, 0, 0, 0})
	keepalive := dnstest.Record{Owner: "\x00", Type: dns.TypeOPT, Class: 1232, Data: "\x00\x0b\x00\x04abcd\x00\x03\x00\x04dns1"}
	f.Add(dnstest.ReplyWith(wire, 0, []dnstest.Record{{Type: dns.TypeA}}, []dnstest.Record{keepalive}))
	f.Add(dnstest.ReplyWith(wire, 0, []dnstest.Record{{Type: dns.TypeDNAME, Data: "\x00"}, keepalive}, nil))
	f.Add(dnstest.ReplyWith(wire, 0, []dnstest.Record{{Type: dns.TypeCNAME, Data: "\x01a\xc0\x0c"}, {Owner: "\x01A\xc0\x0c", Type: dns.TypeA, Data: "\xc0\x00\x02\x01"}}, nil))
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
		sent := string(reply)
		m, stray := accept(fuzzTries(), nil, reply)
		if (m == nil) == (stray == nil) {
			t.Fatalf("message %v and stray %v", m, stray)
		}
		key := &TSIGKey{Name: "k.", Algorithm: dns.HmacSHA256, secret: []byte("secret")}
		if m, stray := accept(fuzzTries(), key, append([]byte(nil), reply...)); m != nil || stray == nil {
			t.Fatalf("accepted without the right signature: %v", m)
		}
		if string(reply) != sent {
			t.Fatal("changed what the server sent")
		}
		if stray != nil {
			if stray.detail == "" || stray.kind < WrongSource || stray.kind > BadTSIG {
				t.Fatalf("stray without a name: %+v", stray)
			}
			if strings.Contains(stray.detail, "dns:") || strings.Contains(stray.detail, "unpack") {
				t.Fatalf("a sentence of the library: %s", stray.detail)
			}
			return
		}
		mustAnswer(t, reply, m)
	})
}

// mustAnswer holds an accepted message beside what another reader sees.
func mustAnswer(t *testing.T, reply []byte, m *dns.Msg) (dnstest.Message, [3][]dnstest.Record) {
	t.Helper()
	seen, err := dnstest.Parse(reply)
	if seen.ID != fuzzID || !seen.QR || seen.Opcode != 0 || seen.TC != m.Truncated {
		t.Fatalf("accepted %x, which reads as %+v, %v", reply, seen, err)
	}
	if len(m.Question) > 0 && (err != nil || seen.Questions != 1 || seen.Name != "example.com." || seen.Type != dns.TypeA || seen.Class != dns.ClassINET) {
		t.Fatalf("accepted %x, which reads as %+v, %v", reply, seen, err)
	}
	if len(m.Question) == 0 && !m.Truncated && (seen.Questions != 0 || m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError) {
		t.Fatalf("believed %x without a question: rcode %d", reply, m.Rcode)
	}
	if m.Truncated || len(m.Question) == 0 {
		if len(m.Answer) > 0 {
			t.Fatalf("believed data of %x", reply)
		}
		if m.Truncated {
			return seen, [3][]dnstest.Record{}
		}
	}
	sections, err := dnstest.Records(reply)
	if err != nil {
		t.Fatalf("accepted %x, whose records are %v: %v", reply, sections, err)
	}
	rcode, opts := seen.Rcode, 0
	for i, section := range sections {
		for _, r := range section {
			if r.Type == dns.TypeOPT {
				rcode |= int(r.TTL>>24) << 4
				if opts++; i < 2 || opts > 1 {
					t.Fatalf("accepted OPT records of %x", reply)
				}
			}
		}
	}
	if rcode != m.Rcode {
		t.Fatalf("rcode %d of %x, which is %d", m.Rcode, reply, rcode)
	}
	return seen, sections
}

// answersOf counts addresses that are one, of the name that is asked for, or of any where there is an alias.
func answersOf(answer []dnstest.Record) (n int) {
	aliased := slices.ContainsFunc(answer, func(r dnstest.Record) bool { return r.Type == dns.TypeCNAME || r.Type == dns.TypeDNAME })
	for _, r := range answer {
		if r.Type == dns.TypeA && r.Class == dns.ClassINET && len(r.Data) == 4 && (aliased || r.Owner == "example.com.") {
			n++
		}
	}
	return n
}

// No bytes pass by accident, and what does not answer counts for nothing.
func FuzzPass(f *testing.F) {
	seedReplies(f)
	anyAddress := regexp.MustCompile(` IN A `)
	f.Fuzz(func(t *testing.T, reply []byte) {
		tries := fuzzTries()
		m, _ := accept(tries, nil, reply)
		if m == nil {
			return
		}
		legs := []leg{{transport: UDP, reply: m, size: len(reply), attempts: 2}}
		q := tries[1].question
		for _, e := range []Expect{{}, {MinAnswers: 2}, {Require: AA}, {Forbid: AA}, {MinAnswers: 1, Answer: []*regexp.Regexp{anyAddress}}, {NSID: "dns1"}} {
			v := (&Check{Expect: e}).judge(q, legs)
			if v.reason == "" {
				t.Fatalf("%s without a reason", v.outcome)
			}
			if v.outcome != Pass {
				continue
			}
			seen, sections := mustAnswer(t, reply, m)
			if m.Rcode != 0 || seen.TC || seen.Questions != 1 || answersOf(sections[0]) < e.MinAnswers {
				t.Fatalf("passed %x, which reads as %+v", reply, seen)
			}
			if e.Require == AA && !seen.AA || e.Forbid == AA && seen.AA {
				t.Fatalf("passed with AA %v", seen.AA)
			}
			report := (&Check{}).report([]answer{{q, legs, v}})
			if report.Decided.Answers > answersOf(sections[0]) {
				t.Fatalf("%d answers in %x", report.Decided.Answers, reply)
			}
		}
	})
}
