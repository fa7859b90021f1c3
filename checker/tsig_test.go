package checker_test

import (
	"context"
	"os"
	"path/filepath"
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

func keyFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "check.key")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadTSIGKey(t *testing.T) {
	plain := keyFile(t, secret+"\n")
	for name, c := range map[string]struct {
		text      string
		key       string
		algorithm string
	}{
		"plain secret":    {"check.example.com:hmac-sha256:" + plain, "check.example.com.", dns.HmacSHA256},
		"name with a dot": {"Check.Example.com.:hmac-sha512:" + plain, "check.example.com.", dns.HmacSHA512},
		"no dot at all":   {"rndc-key:HMAC-SHA384.:" + plain, "rndc-key.", dns.HmacSHA384},
		"weaker ones":     {"k:hmac-sha224:" + plain, "k.", dns.HmacSHA224},
		"oldest":          {"k:hmac-sha1:" + plain, "k.", dns.HmacSHA1},
		"tsig-keygen": {
			"check:hmac-sha256:" + keyFile(t, "key \"check\" {\n\talgorithm hmac-sha256;\n\tsecret \""+secret+"\";\n};\n"),
			"check.", dns.HmacSHA256,
		},
		"one line, no quotes": {
			"check:hmac-sha256:" + keyFile(t, "key check { algorithm hmac-sha256; secret "+secret+"; };"),
			"check.", dns.HmacSHA256,
		},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := checker.ReadTSIGKey(c.text)
			if err != nil || key.Name != c.key || key.Algorithm != c.algorithm {
				t.Errorf("ReadTSIGKey = %+v, %v; want %s %s", key, err, c.key, c.algorithm)
			}
		})
	}
}

func TestReadTSIGKeyRefuses(t *testing.T) {
	const form = "; write it as NAME:ALGORITHM:FILE, for example check.example.com:hmac-sha256:/etc/lvsdns/check.key"
	plain := keyFile(t, secret)
	empty, noise := keyFile(t, ""), keyFile(t, "not base64!")
	quoted := keyFile(t, "key k { secret \"%%%\"; };")
	missing := filepath.Join(t.TempDir(), "missing")
	const noSecret = ": it holds no base64 secret; put the secret alone in the file, or the output of tsig-keygen"
	for text, want := range map[string]string{
		"":                          `"" is not understood` + form,
		"k:hmac-sha256":             `"k:hmac-sha256" is not understood` + form,
		"k:hmac-sha256:":            `"k:hmac-sha256:" is not understood` + form,
		":hmac-sha256:" + plain:     `":hmac-sha256:` + plain + `" is not understood` + form,
		"a..b:hmac-sha256:" + plain: `key name "a..b" is no domain name` + form,
		"k:hmac-md5:" + plain:       `algorithm "hmac-md5" is not known; use hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224 or hmac-sha1`,
		"k::" + plain:               `algorithm "" is not known; use hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224 or hmac-sha1`,
		"k:hmac-sha256:" + missing:  "reading the TSIG secret: open " + missing + ": no such file or directory",
		"k:hmac-sha256:" + empty:    "reading the TSIG secret from " + empty + noSecret,
		"k:hmac-sha256:" + noise:    "reading the TSIG secret from " + noise + noSecret,
		"k:hmac-sha256:" + quoted:   "reading the TSIG secret from " + quoted + noSecret,
	} {
		if _, err := checker.ReadTSIGKey(text); err == nil || err.Error() != want {
			t.Errorf("ReadTSIGKey(%q)\n got %v\nwant %s", text, err, want)
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
	key, err := checker.ReadTSIGKey("check.example.com:hmac-sha256:" + keyFile(t, secret))
	if err != nil {
		t.Fatal(err)
	}
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
		key, err := checker.ReadTSIGKey("check:" + algorithm + ":" + keyFile(t, secret))
		if err != nil {
			t.Fatal(err)
		}
		check := asking(dnstest.Start(t, "127.0.0.1:0", signed(t, secret, nil, nil)), generous)
		check.Ask.TSIG = key
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
		key, err := checker.ReadTSIGKey("check:" + algorithm + ":" + keyFile(t, secret))
		if err != nil {
			t.Fatal(err)
		}
		check := asking(server, 50*time.Millisecond) // the server only looks
		check.Ask.TSIG = key
		check.Run(context.Background())
		if err := <-verified; err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}
