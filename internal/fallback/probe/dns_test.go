package probe_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/fallback/probe"
)

// DNS_CHECK asks for the type that is written, as the DNS library knows it, and for the name that is written.
func TestDNSQuestions(t *testing.T) {
	questions := make(chan []byte, 1)
	port := udpServer(t, func(q []byte) []byte {
		questions <- q
		return reply(0)(q)
	})
	for _, c := range []struct{ name, typ, wantName string }{
		{"example.com", "A", "example.com."}, {"example.com.", "NS", "example.com."}, {".", "SOA", "."},
		{"ab.example.com", "CNAME", "ab.example.com."}, {"a.example.com", "A", "."}, {"example.com", "MX", "example.com."}, {"example.com", "TXT", "example.com."},
		{"example.com", "AAAA", "example.com."}, {"example.com", "RRSIG", "example.com."}, {"com", "DNSKEY", "com."},
		{strings.Repeat("a", 63) + ".example", "A", strings.Repeat("a", 63) + ".example."},
	} {
		r := run(t, "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n name %s\n type %s\n}", port, c.name, c.typ), probe.Options{})
		expect(t, r, "pass", "answered")
		var m dns.Msg
		if err := m.Unpack(<-questions); err != nil {
			t.Errorf("%s %s: %v", c.name, c.typ, err)
			continue
		}
		asked := dns.Question{Name: c.wantName, Qtype: dns.StringToType[c.typ], Qclass: dns.ClassINET}
		if len(m.Question) != 1 || m.Question[0] != asked || !m.RecursionDesired || len(m.Extra) > 0 {
			t.Errorf("%s %s asks\n%s", c.name, c.typ, m.String())
		}
	}
}

// Rcode 0 passes, whatever else an answer has, and no other does: keepalived looks at nothing else.
func TestDNSRcodes(t *testing.T) {
	for rcode := range byte(16) {
		want, reason := "fail", fmt.Sprintf("rcode %d", rcode)
		if rcode == 0 {
			want, reason = "pass", "answered"
		}
		for name, answer := range map[string]func([]byte) []byte{
			"as it is": reply(rcode),
			"truncated, and with all other flags": func(q []byte) []byte {
				a := reply(rcode)(q)
				a[2] |= 0x07
				a[3] |= 0xf0
				return a
			},
			"a header alone": func(q []byte) []byte { return reply(rcode)(q)[:12] },
		} {
			t.Run(fmt.Sprintf("%d %s", rcode, name), func(t *testing.T) {
				expect(t, run(t, "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n}", udpServer(t, answer)), probe.Options{}), want, reason)
			})
		}
	}
}

// A packet that is no answer to this question neither passes nor fails: the check goes on waiting, for the answer behind it or for its time.
func TestDNSStrays(t *testing.T) {
	for name, bend := range map[string]func([]byte) []byte{
		"another's identifier": func(a []byte) []byte { binary.BigEndian.PutUint16(a, binary.BigEndian.Uint16(a)+1); return a },
		"the question":         func(a []byte) []byte { a[2] &^= 0x80; return a },
		"half a header":        func(a []byte) []byte { return a[:11] },
		"nothing":              func([]byte) []byte { return []byte{} },
	} {
		for rcode, want := range map[byte]string{0: "pass", 2: "fail"} {
			t.Run(fmt.Sprintf("%s, then rcode %d", name, rcode), func(t *testing.T) {
				server := udpTalker(t, func(q []byte, send func([]byte)) {
					send(bend(reply(2 - rcode)(q))) // what the stray says is the opposite
					send(reply(rcode)(q))
				})
				expect(t, run(t, "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n connect_timeout 30\n}", server), probe.Options{}), want, "")
			})
		}
		t.Run(name+" alone", func(t *testing.T) {
			server := udpServer(t, func(q []byte) []byte { return bend(reply(0)(q)) })
			expect(t, run(t, "", fmt.Sprintf("DNS_CHECK {\n connect_port %d\n}", server), probe.Options{}), "fail", "timeout")
		})
	}
}
