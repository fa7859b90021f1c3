package checker_test

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

// header is an answer of twelve octets: an rcode, and no count above 0.
func header(rcode byte) dnstest.Handler {
	return bent(func(b []byte) []byte {
		b[3] = rcode
		clear(b[4:12])
		return b[:12]
	})
}

const noEDNS = "; a server that does not know EDNS says so: ask without it"

// An error is a verdict at once, though the server sends nothing but a header: Unbound refuses like this.
func TestErrorWithoutQuestion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rcode  byte
		reason string
	}{
		{dns.RcodeFormatError, "FORMERR, expected NOERROR" + noEDNS},
		{dns.RcodeNotImplemented, "NOTIMP, expected NOERROR" + noEDNS},
		{dns.RcodeServerFailure, "SERVFAIL, expected NOERROR"},
		{dns.RcodeRefused, "REFUSED, expected NOERROR" + letIn},
	} {
		for _, transport := range []checker.Transport{checker.UDP, checker.TCP} {
			t.Run(checker.RcodeName(int(c.rcode))+" "+transport.String(), func(t *testing.T) {
				check := asking(dnstest.Start(t, "127.0.0.1:0", header(c.rcode)), generous)
				check.Transport = transport
				r := check.Run(context.Background())
				expect(t, r, checker.Rcode, c.reason)
				if d := r.Decided; d.Rcode == nil || *d.Rcode != int(c.rcode) || d.Size != 12 || d.Latency == nil {
					t.Errorf("decided by %+v", d)
				}
				check.Questions[0].Rcodes = []int{int(c.rcode)}
				expect(t, check.Run(context.Background()), checker.Pass, checker.RcodeName(int(c.rcode))+", 0 answers, 12 bytes")
				check.Expect.MinAnswers = 1
				if r := check.Run(context.Background()); r.Outcome != checker.Answers {
					t.Errorf("with --min-answers 1: %s: %s", r.Outcome, r.Reason)
				}
			})
		}
	}
	t.Run("data beside an error", func(t *testing.T) {
		check := asking(dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
			b := dnstest.ReplyWith(q.Wire, dns.RcodeRefused, []dnstest.Record{{Owner: wireExampleCom, Type: dns.TypeA, Data: "\xc0\x00\x02\x01"}}, nil)
			question := len(good(q))
			b[5] = 0
			q.Send(slices.Concat(b[:12], b[question:]))
		}), generous)
		check.Questions[0].Rcodes, check.Expect.MinAnswers = []int{dns.RcodeRefused}, 1
		expect(t, check.Run(context.Background()), checker.Answers, "REFUSED with 0 answers, at least 1 expected")
	})
}

// Who asks without EDNS is not told to ask without it.
func TestNoEDNSIsNoMend(t *testing.T) {
	t.Parallel()
	check := asking(dnstest.Start(t, "127.0.0.1:0", header(dns.RcodeFormatError)), generous)
	check.Ask.NoEDNS = true
	expect(t, check.Run(context.Background()), checker.Rcode, "FORMERR, expected NOERROR")
}

// dnsdist's TCAction says NOERROR over UDP, whatever is asked: a truncated answer has no say in the rcode.
func TestTruncatedSaysNothing(t *testing.T) {
	t.Parallel()
	for _, rcode := range []byte{dns.RcodeSuccess, dns.RcodeNameError, dns.RcodeServerFailure} {
		server := dnstest.Start(t, "127.0.0.1:0", truncate(func(q *dnstest.Query) { q.Send(dnstest.Reply(q.Wire, rcode)) }))
		for _, transport := range []checker.Transport{checker.UDP, checker.Both} {
			check := asking(server, generous)
			check.Transport, check.Questions[0].Rcodes = transport, []int{int(rcode)}
			expect(t, check.Run(context.Background()), checker.Pass, checker.RcodeName(int(rcode))+", 0 answers, 29 bytes, truncated over udp and whole over tcp")
		}
	}
	t.Run("another question", func(t *testing.T) {
		server := dnstest.Start(t, "127.0.0.1:0", bent(func(b []byte) []byte {
			b = questions(b, "\x07example\x03net\x00"+wireAIN)
			b[2] |= 0x02
			return b
		}))
		expect(t, asking(server, silence).Run(context.Background()), checker.WrongQuestion, "no answer that counts, only: answer to the question example.net. A")
	})
}

// opt is an OPT record with an extended rcode of 0.
func opt(data string) dnstest.Record {
	return dnstest.Record{Owner: "\x00", Type: dns.TypeOPT, Class: 1232, Data: data}
}

func option(code uint16, data string) string {
	b := binary.BigEndian.AppendUint16(nil, code)
	return string(append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...))
}

// What an EDNS option means is for who asked for it; where OPT stands is for everybody.
func TestOPT(t *testing.T) {
	t.Parallel()
	const only = "no answer that counts, only: malformed answer ("
	a := dnstest.Record{Type: dns.TypeA, Data: "\xc0\x00\x02\x01"}
	nsid := option(dns.EDNS0NSID, "dns1")
	cases := []struct {
		name    string
		answer  []dnstest.Record
		extra   []dnstest.Record
		outcome checker.Outcome
		reason  string
	}{
		{"NSID", nil, []dnstest.Record{opt(nsid)}, checker.Pass, ""},
		{"keepalive of 4 octets", nil, []dnstest.Record{opt(option(dns.EDNS0TCPKEEPALIVE, "abcd") + nsid)}, checker.Pass, ""},
		{"update-lease of 2", nil, []dnstest.Record{opt(option(dns.EDNS0UL, "ab") + nsid)}, checker.Pass, ""},
		{"client subnet of nowhere", nil, []dnstest.Record{opt(option(dns.EDNS0SUBNET, "\x00\x09\xff\xff") + nsid)}, checker.Pass, ""},
		{"half a cookie", nil, []dnstest.Record{opt(nsid + option(dns.EDNS0COOKIE, "abc"))}, checker.Pass, ""},
		{"an error code of 1 octet", nil, []dnstest.Record{opt(nsid + option(dns.EDNS0EDE, "a"))}, checker.Pass, ""},
		{"option cut short", nil, []dnstest.Record{opt(nsid + "\x00\x0a\x00\x08abc")}, checker.Malformed, only + "record 1 of the additional section: its last EDNS option is cut short)"},
		{"option's head cut short", nil, []dnstest.Record{opt(nsid + "\x00\x0a\x00")}, checker.Malformed, only + "record 1 of the additional section: its last EDNS option is cut short)"},
		{"in the answer section", []dnstest.Record{opt(nsid)}, nil, checker.Malformed, only + "OPT as record 2 of the answer section)"},
		{"its rcode from there", []dnstest.Record{{Owner: "\x00", Type: dns.TypeOPT, TTL: 1 << 24}}, nil, checker.Malformed, only + "OPT as record 2 of the answer section)"},
		{"two", nil, []dnstest.Record{opt(nsid), opt(nsid)}, checker.Malformed, only + "2 OPT records)"},
		{"of a name", nil, []dnstest.Record{{Type: dns.TypeOPT, Data: nsid}}, checker.Malformed, only + "OPT of the name example.com.)"},
		{"TSIG in front of it", nil, []dnstest.Record{{Owner: "\x00", Type: dns.TypeTSIG, Class: dns.ClassANY, Data: "\x01a\x00\x00\x00\x00\x00\x00\x01\x01\x2c\x00\x00\x12\x34\x00\x00\x00\x00"}, opt(nsid)}, checker.Malformed, only + "TSIG as record 1 of the additional section)"},
	}
	var checks []*checker.Check
	for _, c := range cases {
		check := asking(dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
			q.Send(dnstest.ReplyWith(q.Wire, 0, append([]dnstest.Record{a}, c.answer...), c.extra))
		}), silence)
		if c.outcome == checker.Pass {
			check.Timeout = generous
		}
		check.Expect = checker.Expect{MinAnswers: 1, NSID: "dns1"}
		checks = append(checks, check)
	}
	for i, r := range together(checks) {
		t.Run(cases[i].name, func(t *testing.T) {
			if cases[i].outcome == checker.Pass && r.Outcome == checker.Pass {
				return
			}
			expect(t, r, cases[i].outcome, cases[i].reason)
		})
	}
}
