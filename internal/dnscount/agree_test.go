package dnscount

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/miekg/dns"
)

// TestAgree compares the parser with miekg/dns; TestAgreeMillion does so for longer.
func TestAgree(t *testing.T) { agreeOn(t, 20_000) }

// agreeOn compares so many messages that miekg/dns can read: made by miekg/dns, spoilt ones of those and of recorded ones, and noise.
func agreeOn(t *testing.T, messages int) {
	random := rand.New(rand.NewPCG(1, uint64(messages)))
	var kept [][]byte
	for _, file := range []string{"testdata/nsd.pcap", "testdata/pipelined.pcap"} {
		kept = append(kept, recordedMessages(t, file)...)
	}
	recorded := len(kept)
	if recorded < 240 {
		t.Fatalf("%d recorded messages only", recorded)
	}
	for _, b := range kept {
		if !agree(t, b) {
			t.Fatalf("miekg/dns does not read the recorded %x", b)
		}
		sameInPieces(t, b, random)
	}
	read, i := 0, 0
	for ; read < messages; i++ {
		var b []byte
		switch i % 4 {
		case 0:
			b = pack(t, randomMessage(t, random))
			if kept = append(kept, b); len(kept) > 2000 {
				kept[recorded+random.IntN(1000)] = b
				kept = kept[:2000]
			}
		case 3:
			b = make([]byte, random.IntN(80))
			for i := range b {
				// Small counts, lengths and types, or hardly any noise would be read at all.
				b[i] = byte(random.IntN(256)) >> random.IntN(9)
			}
		default:
			b = spoil(kept[random.IntN(len(kept))], random)
		}
		if agree(t, b) {
			read++
		}
		if i%16 == 0 {
			sameInPieces(t, b, random)
		}
	}
	t.Logf("%d messages were read by both, of %d", read, i)
}

func recordedMessages(t testing.TB, file string) (all [][]byte) {
	var p packet
	for _, f := range readPcap(t, file, macHost) {
		if !decode(&f, &p, nil) || p.fragment.is || p.sport != 53 && p.dport != 53 {
			continue
		}
		switch b := p.payload; {
		case p.proto == protoUDP:
			all = append(all, b)
		case p.proto == protoTCP:
			for (plausible(b, Query) || plausible(b, Response)) && len(b) >= 2+int(be16(b, 0)) {
				n := 2 + int(be16(b, 0))
				all, b = append(all, b[2:n]), b[n:]
			}
		}
	}
	return all
}

func spoil(b []byte, random *rand.Rand) []byte {
	b = append([]byte(nil), b...)
	for range random.IntN(4) {
		if len(b) > 0 {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		}
	}
	if random.IntN(4) == 0 {
		b = b[:random.IntN(len(b)+1)]
	}
	return b
}

func randomMessage(t testing.TB, random *rand.Rand) *dns.Msg {
	name := func() string {
		s := ""
		for range random.IntN(5) {
			s += fmt.Sprintf("%x.", random.Uint64()>>random.IntN(64))
		}
		return dns.Fqdn(s)
	}
	kinds := []uint16{1, 2, 5, 6, 12, 15, 16, 28, 33, 43, 46, 48, 64, 65, 255, 257, uint16(random.IntN(65536))}
	m := query(name(), kinds[random.IntN(len(kinds))], nil)
	m.Id = uint16(random.IntN(65536))
	m.Opcode = random.IntN(16)
	m.Rcode = random.IntN(16)
	for _, flag := range []*bool{
		&m.Response, &m.Authoritative, &m.Truncated, &m.RecursionDesired, &m.RecursionAvailable, &m.Zero,
		&m.AuthenticatedData, &m.CheckingDisabled, &m.Compress,
	} {
		*flag = random.IntN(2) == 0
	}
	section := func(n int) (all []dns.RR) {
		for range random.IntN(n) {
			lines := []string{
				" A 192.0.2.1", " AAAA 2001:db8::1", " NS " + name(), " MX 10 " + name(), ` TXT "text"`,
				" SOA " + name() + " " + name() + " 1 2 3 4 5", " CNAME " + name(), ` CAA 0 issue "ca"`,
			}
			all = append(all, records(t, name()+lines[random.IntN(len(lines))])...)
		}
		return all
	}
	m.Answer, m.Ns, m.Extra = section(6), section(4), section(4)
	if random.IntN(3) > 0 {
		if m.Response && random.IntN(2) == 0 {
			m.Rcode = random.IntN(4096)
		}
		withEDNS(m, uint16(random.IntN(65536)), random.IntN(2) == 0)
		o := m.IsEdns0()
		o.SetVersion(uint8(random.IntN(3)))
		for range random.IntN(3) {
			o.Option = append(o.Option, []dns.EDNS0{
				&dns.EDNS0_COOKIE{Code: optionCookie, Cookie: "0011223344556677"}, &dns.EDNS0_EDE{InfoCode: uint16(random.IntN(30)), ExtraText: "why"},
				&dns.EDNS0_SUBNET{Code: optionSubnet, Family: 1, SourceNetmask: 24, Address: []byte{192, 0, 2, 0}},
				&dns.EDNS0_PADDING{Padding: make([]byte, random.IntN(40))},
			}[random.IntN(4)])
		}
		if random.IntN(4) == 0 { // not always the last record
			last := len(m.Extra) - 1
			m.Extra[0], m.Extra[last] = m.Extra[last], m.Extra[0]
		}
	} else {
		m.Rcode &= 15
	}
	return m
}
