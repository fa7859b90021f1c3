package checker

import (
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// TSIGKey is a shared secret that signs a query and its answer (RFC 8945).
type TSIGKey struct {
	Name      string // fully qualified
	Algorithm string // as in dns.HmacSHA256
	secret    string // base64
}

// tsigAlgorithms are those of RFC 8945 section 6 that are not deprecated.
var tsigAlgorithms = map[string]string{
	"hmac-sha1":   dns.HmacSHA1,
	"hmac-sha224": dns.HmacSHA224,
	"hmac-sha256": dns.HmacSHA256,
	"hmac-sha384": dns.HmacSHA384,
	"hmac-sha512": dns.HmacSHA512,
}

// tsigFudge is how far the two clocks may differ (RFC 8945 section 10).
const tsigFudge = 5 * time.Minute

// ReadTSIGKey reads "NAME:ALGORITHM:FILE". The file holds the secret in base64,
// or is a key file as tsig-keygen writes it.
func ReadTSIGKey(s string) (*TSIGKey, error) {
	const form = "write it as NAME:ALGORITHM:FILE, for example check.example.com:hmac-sha256:/etc/lvsdns/check.key"
	parts := strings.SplitN(s, ":", 3)
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return nil, fmt.Errorf("%q is not understood; %s", s, form)
	}
	// Key names need no dot: "rndc-key" is one.
	if _, ok := dns.IsDomainName(parts[0]); !ok {
		return nil, fmt.Errorf("key name %q is no domain name; %s", parts[0], form)
	}
	algorithm, ok := tsigAlgorithms[strings.ToLower(strings.TrimSuffix(parts[1], "."))]
	if !ok {
		return nil, fmt.Errorf("algorithm %q is not known; use hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224 or hmac-sha1", parts[1])
	}
	data, err := os.ReadFile(parts[2])
	if err != nil {
		return nil, fmt.Errorf("reading the TSIG secret: %w", err)
	}
	secret, err := parseSecret(string(data))
	if err != nil {
		return nil, fmt.Errorf("reading the TSIG secret from %s: %w", parts[2], err)
	}
	return &TSIGKey{Name: dns.CanonicalName(parts[0]), Algorithm: algorithm, secret: secret}, nil
}

func parseSecret(data string) (string, error) {
	secret := strings.TrimSpace(data)
	// The syntax of a key statement: named.conf(5), as printed by tsig-keygen(8).
	if m := regexp.MustCompile(`secret\s+"?([^";\s]+)"?\s*;`).FindStringSubmatch(data); m != nil {
		secret = m[1]
	}
	if raw, err := base64.StdEncoding.DecodeString(secret); err != nil || len(raw) == 0 {
		return "", fmt.Errorf("it holds no base64 secret; put the secret alone in the file, or the output of tsig-keygen")
	}
	return secret, nil
}

// sign packs the message with a signature at its end.
func (k *TSIGKey) sign(m *dns.Msg, q Question, now time.Time) (query, error) {
	m.SetTsig(k.Name, k.Algorithm, uint16(tsigFudge/time.Second), now.Unix())
	wire, mac, err := dns.TsigGenerate(m, k.secret, "", false)
	if err != nil {
		return query{}, fmt.Errorf("signing the question %s: %w", q, err)
	}
	return query{question: q, id: m.Id, wire: wire, mac: mac}, nil
}

// verify returns why a reply's signature does not count, nil if it does.
func (k *TSIGKey) verify(reply []byte, m *dns.Msg, mac string) error {
	t := m.IsTsig()
	switch {
	case t == nil:
		return fmt.Errorf("not signed")
	case t.Error != dns.RcodeSuccess:
		return fmt.Errorf("server says %s", tsigErrorName(t.Error))
	case dns.CanonicalName(t.Hdr.Name) != k.Name:
		return fmt.Errorf("signed with key %q", t.Hdr.Name)
	case dns.CanonicalName(t.Algorithm) != k.Algorithm:
		return fmt.Errorf("signed with algorithm %q", t.Algorithm)
	}
	if err := dns.TsigVerify(reply, k.secret, mac, false); err != nil {
		return fmt.Errorf("bad signature (%w)", err)
	}
	return nil
}

func tsigErrorName(code uint16) string {
	if code == dns.RcodeBadSig {
		return "BADSIG"
	}
	return RcodeName(int(code))
}
