package checker

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// What a query says, as the library reads it back from the wire; the bytes
// themselves are in TestQueryBytes.
func TestQuery(t *testing.T) {
	type facts struct {
		rd, edns, do, nsid bool
		size               uint16
		subnet             string
	}
	for name, c := range map[string]struct {
		ask  Ask
		want facts
	}{
		"default":       {Ask{}, facts{rd: true, edns: true, size: 1232}},
		"no recursion":  {Ask{NoRecurse: true}, facts{edns: true, size: 1232}},
		"no EDNS":       {Ask{NoEDNS: true}, facts{rd: true}},
		"size":          {Ask{EDNSSize: 4096}, facts{rd: true, edns: true, size: 4096}},
		"smallest size": {Ask{EDNSSize: 512}, facts{rd: true, edns: true, size: 512}},
		"largest size":  {Ask{EDNSSize: 65535}, facts{rd: true, edns: true, size: 65535}},
		"DNSSEC":        {Ask{DNSSEC: true}, facts{rd: true, edns: true, do: true, size: 1232}},
		"NSID":          {Ask{NSID: true}, facts{rd: true, edns: true, nsid: true, size: 1232}},
		"subnet v4":     {Ask{Subnet: netip.MustParsePrefix("192.0.2.0/24")}, facts{rd: true, edns: true, size: 1232, subnet: "192.0.2.0/24/0"}},
		"host bits":     {Ask{Subnet: netip.MustParsePrefix("192.0.2.77/24")}, facts{rd: true, edns: true, size: 1232, subnet: "192.0.2.0/24/0"}},
		"no network":    {Ask{Subnet: netip.MustParsePrefix("0.0.0.0/0")}, facts{rd: true, edns: true, size: 1232, subnet: "0.0.0.0/0/0"}},
		"subnet v6":     {Ask{Subnet: netip.MustParsePrefix("2001:db8:77::1/56")}, facts{rd: true, edns: true, size: 1232, subnet: "[2001:db8:77::]/56/0"}},
		"all at once": {
			Ask{NoRecurse: true, DNSSEC: true, NSID: true, EDNSSize: 1400, Subnet: netip.MustParsePrefix("192.0.2.0/24")},
			facts{edns: true, do: true, nsid: true, size: 1400, subnet: "192.0.2.0/24/0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			question := Question{Name: "Example.com.", Type: dns.TypeTXT, Class: dns.ClassCHAOS}
			q, err := newQuery(question, c.ask, 4711, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			m := new(dns.Msg)
			if err := m.Unpack(q.wire); err != nil {
				t.Fatal(err)
			}
			asked := []dns.Question{{Name: "Example.com.", Qtype: dns.TypeTXT, Qclass: dns.ClassCHAOS}}
			if m.Id != 4711 || q.id != 4711 || m.Response || m.Opcode != dns.OpcodeQuery || len(m.Question) != 1 || m.Question[0] != asked[0] {
				t.Errorf("not the question: %v", m)
			}
			got := facts{rd: m.RecursionDesired}
			if o := m.IsEdns0(); o != nil {
				got.edns, got.do, got.size = true, o.Do(), o.UDPSize()
				for _, option := range o.Option {
					switch option := option.(type) {
					case *dns.EDNS0_NSID:
						got.nsid = true
					case *dns.EDNS0_SUBNET:
						got.subnet = option.String()
					default:
						t.Errorf("an option nobody asked for: %v", option)
					}
				}
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// Written out by hand from RFC 1035, 6891, 5001 and 7871: that the same
// library reads what it wrote says little about the wire.
func TestQueryBytes(t *testing.T) {
	for name, c := range map[string]struct {
		question Question
		ask      Ask
		want     string
	}{
		"the default": {
			Question{Name: ".", Type: dns.TypeSOA, Class: dns.ClassINET}, Ask{},
			"\x12\x67\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" + "\x00\x00\x06\x00\x01" + "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00",
		},
		"bare": {
			Question{Name: "a.example.", Type: dns.TypeA, Class: dns.ClassINET}, Ask{NoEDNS: true, NoRecurse: true},
			"\x12\x67\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + "\x01a\x07example\x00\x00\x01\x00\x01",
		},
		"all options": {
			Question{Name: ".", Type: dns.TypeSOA, Class: dns.ClassINET},
			Ask{DNSSEC: true, NSID: true, EDNSSize: 512, Subnet: netip.MustParsePrefix("192.0.2.255/25")},
			"\x12\x67\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" + "\x00\x00\x06\x00\x01" +
				"\x00\x00\x29\x02\x00\x00\x00\x80\x00\x00\x10" + "\x00\x03\x00\x00" + "\x00\x08\x00\x08\x00\x01\x19\x00\xc0\x00\x02\x80",
		},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := newQuery(c.question, c.ask, 0x1267, time.Now())
			if err != nil || string(q.wire) != c.want {
				t.Errorf("%v\n got %q\nwant %q", err, q.wire, c.want)
			}
		})
	}
}

// A question that cannot be packed is this host's fault, not the server's.
func TestQueryOfAnImpossibleName(t *testing.T) {
	q := Question{Name: strings.Repeat("a", 64) + ".example.", Type: dns.TypeA, Class: dns.ClassINET}
	for _, ask := range []Ask{{}, {TSIG: &TSIGKey{Name: "k.", Algorithm: dns.HmacSHA256, secret: []byte("secret")}}} {
		if _, err := newQuery(q, ask, 1, time.Now()); err == nil || !strings.Contains(err.Error(), "its name is no domain name") || strings.Contains(err.Error(), "dns:") {
			t.Errorf("newQuery: %v", err)
		}
	}
}

// Tries have different IDs, or a late answer could not be told from the right one.
func TestFreshID(t *testing.T) {
	var sent []query
	for id := range 1 << 15 {
		sent = append(sent, query{id: uint16(2 * id)})
	}
	for range 100 {
		if id := freshID(sent); id%2 == 0 {
			t.Fatalf("freshID = %d, which an earlier try has", id)
		}
	}
}
