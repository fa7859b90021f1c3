package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// dnsType is the number of a type that DNS_CHECK knows (check_dns.h).
func dnsType(name string) (uint16, bool) {
	switch strings.ToUpper(name) {
	case "A":
		return 1, true
	case "NS":
		return 2, true
	case "CNAME":
		return 5, true
	case "SOA", "":
		return 6, true
	case "MX":
		return 15, true
	case "TXT":
		return 16, true
	case "AAAA":
		return 28, true
	case "RRSIG":
		return 46, true
	case "DNSKEY":
		return 48, true
	}
	return 0, false
}

// dns passes when a reply to this query has rcode 0, and looks at nothing else, as check_dns.c does: no EDNS, RD set. lvsdns-check
// looks closer.
func dns(k *keepalived.Checker) (Probe, error) {
	question, err := dnsQuestion(k.DNS.Name.V, k.DNS.Type.V)
	if err != nil {
		return nil, unsupported(k.Pos, "DNS_CHECK: %v; correct it", err)
	}
	return func(ctx context.Context) health.Result {
		conn, err := dial(ctx, "udp", k.Connect)
		if err != nil {
			return failed("open a socket", err)
		}
		defer conn.Close()
		defer closeWith(ctx, conn)()
		id := uint16(rand.Uint32())
		header := []byte{byte(id >> 8), byte(id), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
		const headerLength, response = 12, 0x80
		reply, err := exchange(conn, append(header, question...), k.Connect.Timeout.V, func(b []byte) bool {
			return len(b) >= headerLength && binary.BigEndian.Uint16(b) == id && b[2]&response != 0
		})
		if err != nil {
			return failed("ask", err)
		}
		if rcode := reply[3] & 0xf; rcode != 0 {
			return fail("rcode %d", rcode)
		}
		return health.Result{Pass: true, Reason: "answered"}
	}, nil
}

// dnsQuestion is the question section (RFC 1035, 4.1.2).
func dnsQuestion(name, typ string) ([]byte, error) {
	t, ok := dnsType(typ)
	if !ok {
		return nil, fmt.Errorf("type %q is not one of A NS CNAME SOA MX TXT AAAA RRSIG DNSKEY", typ)
	}
	var b []byte
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		switch {
		case label == "" && strings.Trim(name, ".") == "":
			continue // the root
		case label == "" || len(label) > 63:
			return nil, fmt.Errorf("name %q has a label of %d bytes, and 1 to 63 can be asked for", name, len(label))
		}
		b = append(append(b, byte(len(label))), label...)
	}
	if len(b) > 254 {
		return nil, fmt.Errorf("name %q is longer than 255 bytes", name)
	}
	b = append(b, 0)
	b = binary.BigEndian.AppendUint16(b, t)
	return binary.BigEndian.AppendUint16(b, 1), nil // IN
}
