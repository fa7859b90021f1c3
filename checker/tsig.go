package checker

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// TSIGKey is a shared secret that signs a query and its answer (RFC 8945), made
// by [NewTSIGKey].
type TSIGKey struct {
	Name      string // fully qualified
	Algorithm string // as in dns.HmacSHA256
	secret    []byte
}

// tsigAlgorithms are those of RFC 8945 section 6 that are not deprecated.
var tsigAlgorithms = map[string]string{
	"hmac-sha1":   dns.HmacSHA1,
	"hmac-sha224": dns.HmacSHA224,
	"hmac-sha256": dns.HmacSHA256,
	"hmac-sha384": dns.HmacSHA384,
	"hmac-sha512": dns.HmacSHA512,
}

// newHash returns the hash of one of the algorithms.
func newHash(algorithm string) func() hash.Hash {
	switch algorithm {
	case dns.HmacSHA1:
		return sha1.New
	case dns.HmacSHA224:
		return sha256.New224
	case dns.HmacSHA384:
		return sha512.New384
	case dns.HmacSHA512:
		return sha512.New
	default:
		return sha256.New
	}
}

// tsigFudge is how far the two clocks may differ (RFC 8945 section 10).
const tsigFudge = 5 * time.Minute

// NewTSIGKey makes a key of the secret's octets. The algorithm is one of RFC 8945
// section 6 that is not deprecated, such as "hmac-sha256".
func NewTSIGKey(name, algorithm string, secret []byte) (*TSIGKey, error) {
	// Key names need no dot: "rndc-key" is one.
	if _, ok := dns.IsDomainName(name); !ok {
		return nil, fmt.Errorf("key name %q is no domain name", name)
	}
	known, ok := tsigAlgorithms[strings.ToLower(strings.TrimSuffix(algorithm, "."))]
	switch {
	case !ok:
		return nil, fmt.Errorf("algorithm %q is not known; use hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224 or hmac-sha1", algorithm)
	case len(secret) == 0:
		return nil, errors.New("the secret is empty")
	}
	return &TSIGKey{Name: dns.CanonicalName(name), Algorithm: known, secret: bytes.Clone(secret)}, nil
}

// sign packs the message with a signature at its end.
func (k *TSIGKey) sign(m *dns.Msg, q Question, now time.Time) (query, error) {
	m.SetTsig(k.Name, k.Algorithm, uint16(tsigFudge/time.Second), now.Unix())
	wire, mac, err := dns.TsigGenerate(m, base64.StdEncoding.EncodeToString(k.secret), "", false)
	if err != nil {
		return query{}, fmt.Errorf("the question %s cannot be signed: its name is no domain name", q)
	}
	return query{question: q, id: m.Id, wire: wire, mac: mac}, nil
}

// verify returns why a reply's signature does not count, nil if it does. Signed are the octets in front of the
// signature, the last record.
func (k *TSIGKey) verify(octets []byte, m *dns.Msg, requestMAC string, now time.Time) error {
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
	want, err := k.mac(octets, t, requestMAC)
	got, hexErr := hex.DecodeString(t.MAC)
	if err != nil || hexErr != nil || !hmac.Equal(got, want) {
		return fmt.Errorf("bad signature")
	}
	// After the signature, because only then the time is the server's (RFC 8945 section 5.2.3).
	if off := now.Sub(time.Unix(int64(t.TimeSigned), 0)).Abs(); off > time.Duration(t.Fudge)*time.Second {
		return fmt.Errorf("bad time: the server's clock and this host's are %v apart", off.Round(time.Minute))
	}
	return nil
}

// mac returns what the signature of a response must be (RFC 8945 section 4.3). The library would read the whole
// message for it, and refuse one with a record or an option that it does not like.
func (k *TSIGKey) mac(octets []byte, t *dns.TSIG, requestMAC string) ([]byte, error) {
	asked, err := hex.DecodeString(requestMAC)
	if err != nil {
		return nil, err
	}
	other, err := hex.DecodeString(t.OtherData)
	if err != nil {
		return nil, err
	}
	const maxName = 255 // RFC 1035 section 2.3.4
	names := make([]byte, 2*maxName)
	end, err := dns.PackDomainName(dns.CanonicalName(t.Hdr.Name), names, 0, nil, false)
	if err != nil {
		return nil, err
	}
	name := names[:end]
	all, err := dns.PackDomainName(dns.CanonicalName(t.Algorithm), names, end, nil, false)
	if err != nil {
		return nil, err
	}
	h := hmac.New(newHash(k.Algorithm), k.secret)
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(len(asked))))
	h.Write(asked)
	h.Write(binary.BigEndian.AppendUint16(nil, t.OrigId))
	h.Write(octets[2:10])
	h.Write(binary.BigEndian.AppendUint16(nil, binary.BigEndian.Uint16(octets[10:])-1)) // without the signature itself
	h.Write(octets[headerSize:])
	h.Write(name)
	h.Write(binary.BigEndian.AppendUint16(nil, dns.ClassANY))
	h.Write(binary.BigEndian.AppendUint32(nil, t.Hdr.Ttl))
	h.Write(names[end:all])
	h.Write(binary.BigEndian.AppendUint64(nil, t.TimeSigned)[2:])
	for _, n := range []uint16{t.Fudge, t.Error, uint16(len(other))} {
		h.Write(binary.BigEndian.AppendUint16(nil, n))
	}
	h.Write(other)
	return h.Sum(nil), nil
}

func tsigErrorName(code uint16) string {
	if code == dns.RcodeBadSig {
		return "BADSIG"
	}
	return RcodeName(int(code))
}
