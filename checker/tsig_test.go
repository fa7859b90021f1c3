package checker_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

const (
	secret      = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISEhISE="
	otherSecret = "b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgISE="
)

// newKey makes a key of a secret in base64.
func newKey(t *testing.T, name, algorithm, secret string) *checker.TSIGKey {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	key, err := checker.NewTSIGKey(name, algorithm, raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestNewTSIGKey(t *testing.T) {
	raw := []byte("secret")
	key, err := checker.NewTSIGKey("RNDC-key", "HMAC-SHA384.", raw)
	if err != nil || key.Name != "rndc-key." || key.Algorithm != dns.HmacSHA384 {
		t.Errorf("NewTSIGKey = %+v, %v", key, err)
	}
	for _, c := range []struct{ name, algorithm, secret, want string }{
		{"a..b", "hmac-sha256", "secret", `key name "a..b" is no domain name`},
		{"k", "hmac-md5", "secret", `algorithm "hmac-md5" is not known; use hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224 or hmac-sha1`},
		{"k", "", "secret", `algorithm "" is not known; use hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224 or hmac-sha1`},
		{"k", "hmac-sha256", "", "the secret is empty"},
	} {
		if key, err := checker.NewTSIGKey(c.name, c.algorithm, []byte(c.secret)); key != nil || err == nil || err.Error() != c.want {
			t.Errorf("%q, %q: %+v, %v; want %s", c.name, c.algorithm, key, err, c.want)
		}
	}
}

// signed answers like a server that has the key, and with a change before or
// after signing.
func signed(t *testing.T, secret string, before func(answer *dns.Msg), after func(wire []byte) []byte) dnstest.Handler {
	return func(q *dnstest.Query) {
		asked := new(dns.Msg)
		if err := asked.Unpack(q.Wire); err != nil {
			t.Error(err)
			return
		}
		tsig := asked.IsTsig()
		if tsig == nil {
			t.Error("the query is not signed")
			return
		}
		answer := new(dns.Msg)
		answer.SetReply(asked)
		answer.SetTsig(tsig.Hdr.Name, tsig.Algorithm, tsig.Fudge, time.Now().Unix())
		if before != nil {
			before(answer)
		}
		wire, _, err := dns.TsigGenerate(answer, secret, tsig.MAC, false)
		if err != nil {
			t.Error(err)
			return
		}
		if after != nil {
			wire = after(wire)
		}
		q.Send(wire)
	}
}

func TestTSIG(t *testing.T) {
	t.Parallel()
	const only = "no answer that counts, only: TSIG: "
	tsigOf := func(m *dns.Msg) *dns.TSIG { return m.Extra[len(m.Extra)-1].(*dns.TSIG) }
	key := newKey(t, "check.example.com", "hmac-sha256", secret)
	cases := []struct {
		name    string
		handler dnstest.Handler
		outcome checker.Outcome
		reason  string
	}{
		{"good", signed(t, secret, nil, nil), checker.Pass, "NOERROR, 0 answers, 119 bytes"},
		{"options that nobody asked for", signed(t, secret, func(m *dns.Msg) {
			m.Extra = append([]dns.RR{&dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}, Option: []dns.EDNS0{&dns.EDNS0_LOCAL{Code: dns.EDNS0TCPKEEPALIVE, Data: []byte("abcd")}}}}, m.Extra...)
		}, nil), checker.Pass, "NOERROR, 0 answers, 138 bytes"},
		{"bytes behind it", signed(t, secret, nil, func(b []byte) []byte { return append(b, 0, 0, 0) }), checker.Pass, "NOERROR, 0 answers, 122 bytes"},
		{"truncated", signed(t, secret, func(m *dns.Msg) { m.Truncated = true }, nil), checker.Truncated, "truncated over udp, and tcp gave no answer: port closed (connection refused)"},
		{"truncated, not signed", bent(func(b []byte) []byte { b[2] |= 0x02; return b }), checker.BadTSIG, only + "not signed, rcode NOERROR"},
		{"header alone, truncated", bent(func(b []byte) []byte { b[2] |= 0x02; b[5] = 0; return b[:12] }), checker.BadTSIG, only + "not signed, rcode NOERROR"},
		{"header alone, refused", header(dns.RcodeRefused), checker.BadTSIG, only + "not signed, rcode REFUSED"},
		{"key name in upper case", signed(t, secret, func(m *dns.Msg) { tsigOf(m).Hdr.Name = "CHECK.example.com." }, nil), checker.Pass, "NOERROR, 0 answers, 119 bytes"},
		{"other secret", signed(t, otherSecret, nil, nil), checker.BadTSIG, only + "bad signature, rcode NOERROR"},
		{"changed on the way", signed(t, secret, nil, func(b []byte) []byte { b[3] |= 0x20; return b }), checker.BadTSIG, only + "bad signature, rcode NOERROR"},
		{"signed an hour ago", signed(t, secret, func(m *dns.Msg) { tsigOf(m).TimeSigned -= 3600 }, nil), checker.BadTSIG, only + "bad time: the server's clock and this host's are 1h0m0s apart, rcode NOERROR"},
		{"other key's name", signed(t, secret, func(m *dns.Msg) { tsigOf(m).Hdr.Name = "other." }, nil), checker.BadTSIG, only + `signed with key "other.", rcode NOERROR`},
		{"other algorithm", signed(t, secret, func(m *dns.Msg) { tsigOf(m).Algorithm = dns.HmacSHA1 }, nil), checker.BadTSIG, only + `signed with algorithm "hmac-sha1.", rcode NOERROR`},
		{"not signed", func(q *dnstest.Query) { q.Send(good(q)) }, checker.BadTSIG, only + "not signed, rcode NOERROR"},
		{"refused, not signed", bent(func(b []byte) []byte { b[3] = dns.RcodeRefused; return b }), checker.BadTSIG, only + "not signed, rcode REFUSED"},
		{"server without the key", tsigError(t, dns.RcodeBadKey), checker.BadTSIG, only + "server says BADKEY, rcode NOTAUTH"},
		{"server with another secret", tsigError(t, dns.RcodeBadSig), checker.BadTSIG, only + "server says BADSIG, rcode NOTAUTH"},
		{"server with another clock", tsigError(t, dns.RcodeBadTime), checker.BadTSIG, only + "server says BADTIME, rcode NOTAUTH"},
		{"forged, then good", func(q *dnstest.Query) {
			q.Send(good(q))
			signed(t, secret, nil, nil)(q)
		}, checker.Pass, "NOERROR, 0 answers, 119 bytes"},
	}
	var checks []*checker.Check
	for _, c := range cases {
		server := dnstest.Start(t, "127.0.0.1:0", c.handler)
		server.CloseTCP()
		check := asking(server, silence)
		if check.Ask.TSIG = key; c.outcome == checker.Pass {
			check.Timeout = generous
		}
		checks = append(checks, check)
	}
	for i, r := range together(checks) {
		t.Run(cases[i].name, func(t *testing.T) { expect(t, r, cases[i].outcome, cases[i].reason) })
	}
}

// Each algorithm's signature of an answer is read as it was written.
func TestTSIGAlgorithms(t *testing.T) {
	t.Parallel()
	for _, algorithm := range strings.Fields("hmac-sha1 hmac-sha224 hmac-sha256 hmac-sha384 hmac-sha512") {
		check := asking(dnstest.Start(t, "127.0.0.1:0", signed(t, secret, nil, nil)), generous)
		check.Ask.TSIG = newKey(t, "check", algorithm, secret)
		if r := check.Run(context.Background()); r.Outcome != checker.Pass {
			t.Errorf("%s: %s: %s", algorithm, r.Outcome, r.Reason)
		}
	}
}

// tsigError is the answer of a server that cannot verify the query: NOTAUTH,
// and why in an empty signature (RFC 8945 section 5.3.2).
func tsigError(t *testing.T, code uint16) dnstest.Handler {
	return func(q *dnstest.Query) {
		asked := new(dns.Msg)
		if err := asked.Unpack(q.Wire); err != nil {
			t.Error(err)
			return
		}
		answer := new(dns.Msg)
		answer.SetRcode(asked, dns.RcodeNotAuth)
		answer.SetTsig("check.example.com.", dns.HmacSHA256, 300, time.Now().Unix())
		answer.Extra[0].(*dns.TSIG).Error = code
		wire, err := answer.Pack()
		if err != nil {
			t.Error(err)
			return
		}
		q.Send(wire)
	}
}

// The signature that goes out is one that a server accepts.
func TestTSIGQuery(t *testing.T) {
	t.Parallel()
	verified := make(chan error, 1)
	server := dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) {
		verified <- dns.TsigVerify(q.Wire, secret, "", false)
	})
	for _, algorithm := range strings.Fields("hmac-sha1 hmac-sha224 hmac-sha256 hmac-sha384 hmac-sha512") {
		check := asking(server, 50*time.Millisecond) // the server only looks
		check.Ask.TSIG = newKey(t, "check", algorithm, secret)
		check.Run(context.Background())
		if err := <-verified; err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}
