package dnscount

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/miekg/dns"
)

func pack(t testing.TB, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func query(name string, kind uint16, change func(*dns.Msg)) *dns.Msg {
	m := new(dns.Msg).SetQuestion(name, kind)
	if change != nil {
		change(m)
	}
	return m
}

func records(t testing.TB, lines ...string) (all []dns.RR) {
	t.Helper()
	for _, l := range lines {
		r, err := dns.NewRR(l)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func reply(t testing.TB, rcode int, change func(*dns.Msg)) *dns.Msg {
	t.Helper()
	m := new(dns.Msg).SetReply(query("example.com.", dns.TypeA, nil))
	m.Rcode = rcode
	if change != nil {
		change(m)
	}
	return m
}

func withEDNS(m *dns.Msg, size uint16, do bool, options ...dns.EDNS0) {
	m.SetEdns0(size, do)
	m.IsEdns0().Option = options
}

func TestParse(t *testing.T) {
	type expect struct {
		flags, rcode, kind, size, ede uint16
		seen                          Seen
		version                       uint8
		defect                        Defect
	}
	edge := append(make([]byte, 11), 0)
	edge[5] = 1 // one question
	for _, tt := range []struct {
		name string
		b    []byte
		want expect
	}{
		{"plain query", pack(t, query("example.com.", dns.TypeAAAA, nil)), expect{flags: flagRD, kind: 28, seen: HasQuestion}},
		{"EDNS with everything", pack(t, query(".", dns.TypeDNSKEY, func(m *dns.Msg) {
			withEDNS(
				m, 1400, true, &dns.EDNS0_COOKIE{Code: optionCookie, Cookie: "0011223344556677"},
				&dns.EDNS0_SUBNET{Code: optionSubnet, Family: 1, SourceNetmask: 24, Address: []byte{192, 0, 2, 0}},
			)
		})), expect{flags: flagRD, kind: 48, size: 1400, seen: HasQuestion | HasEDNS | HasDO | HasCookie | HasSubnet}},
		{"EDNS version", pack(t, query(".", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m, 512, false); m.IsEdns0().SetVersion(1) })),
			expect{flags: flagRD, kind: 6, size: 512, seen: HasQuestion | HasEDNS, version: 1}},
		{"BADVERS is no NOERROR", pack(t, reply(t, dns.RcodeBadVers, func(m *dns.Msg) { withEDNS(m, 1232, false) })),
			expect{flags: flagQR | flagRD, rcode: 16, kind: 1, size: 1232, seen: HasQuestion | HasEDNS}},
		{"BADCOOKIE is no YXRRSET", pack(t, reply(t, dns.RcodeBadCookie, func(m *dns.Msg) { withEDNS(m, 1232, false) })),
			expect{flags: flagQR | flagRD | 7, rcode: 23, kind: 1, size: 1232, seen: HasQuestion | HasEDNS}},
		{"extended error", pack(t, reply(t, dns.RcodeServerFailure, func(m *dns.Msg) {
			withEDNS(m, 1232, false, &dns.EDNS0_EDE{InfoCode: 22, ExtraText: "no"}, &dns.EDNS0_EDE{InfoCode: 9})
		})), expect{flags: flagQR | flagRD | 2, rcode: 2, kind: 1, size: 1232, ede: 22, seen: HasQuestion | HasEDNS | HasEDE}},
		{"referral", pack(t, reply(t, 0, func(m *dns.Msg) { m.Ns = records(t, "com. NS a.example.", "com. NS b.example.") })),
			expect{flags: flagQR | flagRD, kind: 1, seen: HasQuestion | HasReferral}},
		{"no data", pack(t, reply(t, 0, func(m *dns.Msg) {
			m.Ns = records(t, "com. NS a.example.", "com. SOA a. b. 1 2 3 4 5", "com. NS c.example.")
		})), expect{flags: flagQR | flagRD, kind: 1, seen: HasQuestion}},
		{
			"no question", pack(t, reply(t, dns.RcodeFormatError, func(m *dns.Msg) { m.Question = nil })),
			expect{flags: flagQR | flagRD | 1, rcode: 1},
		},
		{"nothing", nil, expect{defect: Short}},
		{"short", make([]byte, 11), expect{defect: Short}},
		{"header only", edge, expect{defect: End}},
		{"reserved label", append(bytes.Clone(edge), 0x40), expect{defect: Label}},
		{"label past the end", append(bytes.Clone(edge), 5, 'a'), expect{defect: End}},
		{
			"name too long",
			append(bytes.Clone(edge), bytes.Repeat([]byte("\x3faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 4)...),
			expect{defect: Label},
		},
		{"question cut", append(bytes.Clone(edge), 0, 0, 1), expect{defect: End}},
		{"record past the end", func() []byte {
			b := pack(t, query(".", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m, 512, true) }))
			b[len(b)-1] = 1
			return b
		}(), expect{flags: flagRD, kind: 6, size: 512, seen: HasQuestion | HasEDNS | HasDO, defect: End}},
		{"option past its record", func() []byte {
			b := pack(t, query(".", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m, 512, true, &dns.EDNS0_NSID{Code: 3, Nsid: "00"}) }))
			b[len(b)-2] = 2
			return b
		}(), expect{flags: flagRD, kind: 6, size: 512, seen: HasQuestion | HasEDNS | HasDO, defect: Option}},
	} {
		var m Message
		m.Parse(tt.b, len(tt.b))
		got := expect{m.Flags, m.Rcode, m.Type, m.UDPSize, m.EDE, m.Seen &^ HasHeader, m.Version, m.Defect}
		if m.Has(HasHeader) != (len(tt.b) >= headerSize) {
			t.Errorf("%s: %+v", tt.name, m)
		}
		if got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.name, got, tt.want)
		}
		sameInPieces(t, tt.b, rand.New(rand.NewPCG(1, 2)))
	}
}

// sameInPieces holds that a message cut anywhere reads as it does whole.
func sameInPieces(t testing.TB, b []byte, random *rand.Rand) {
	t.Helper()
	if len(b) > 65535 {
		b = b[:65535]
	}
	var want Message
	want.Parse(b, len(b))
	for range 4 {
		var s scanner
		s.begin(len(b))
		for rest := b; len(rest) > 0; {
			n := 1 + random.IntN(min(len(rest), 1+random.IntN(64)))
			if got := s.feed(rest[:n]); got != n {
				t.Fatalf("%x: took %d of %d octets", b, got, n)
			}
			rest = rest[n:]
		}
		if s.left != 0 {
			t.Fatalf("%x: %d octets left", b, s.left)
		}
		if got := *s.finish(); got != want {
			t.Fatalf("%x\nin pieces %+v\nwhole     %+v", b, got, want)
		}
	}
}

// TestParseCut holds that what is read of a beginning agrees with the whole, and that it says so.
func TestParseCut(t *testing.T) {
	b := pack(t, reply(t, dns.RcodeBadVers, func(m *dns.Msg) {
		m.Ns = records(t, "com. SOA a. b. 1 2 3 4 5")
		withEDNS(m, 1232, true, &dns.EDNS0_EDE{InfoCode: 22})
	}))
	var whole Message
	whole.Parse(b, len(b))
	for n := range b {
		var m Message
		m.Parse(b[:n], len(b))
		if !m.Has(IsCut) || m.Defect != Sound {
			t.Fatalf("%d of %d octets: %+v", n, len(b), m)
		}
		if n >= headerSize && (m.ID != whole.ID || m.Flags != whole.Flags) || m.Has(HasQuestion) && m.Question != whole.Question {
			t.Fatalf("%d of %d octets: %+v of %+v", n, len(b), m, whole)
		}
	}
}

func TestQuestionHash(t *testing.T) {
	hash := func(name string, kind uint16) uint32 {
		var m Message
		b := pack(t, query(name, kind, nil))
		m.Parse(b, len(b))
		return m.Question
	}
	if hash("WwW.eXample.COM.", 1) != hash("www.example.com.", 1) {
		t.Error("case counts")
	}
	seen := map[uint32]string{}
	for _, name := range []string{".", "a.", "aa.", "aaaaaa.", "aaaaaaa.", "aaaaaaaa.", "example.com.", "example.net.", "www.example.com."} {
		for _, kind := range []uint16{1, 28, 257} {
			h := hash(name, kind)
			if other, ok := seen[h]; ok {
				t.Errorf("%s %d hashes like %s", name, kind, other)
			}
			seen[h] = name
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(
		pack(f, query("example.com.", 1, func(m *dns.Msg) { withEDNS(m, 1232, true, &dns.EDNS0_COOKIE{Code: 10, Cookie: "0011"}) })),
		uint64(1),
	)
	f.Add(pack(f, reply(f, 23, func(m *dns.Msg) {
		m.Answer = records(f, "example.com. A 192.0.2.1")
		m.Ns = records(f, "com. NS a.example.")
		withEDNS(m, 1232, true, &dns.EDNS0_EDE{InfoCode: 9})
	})), uint64(2))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		sameInPieces(t, b, random)
		var whole, m Message
		whole.Parse(b, len(b))
		n := random.IntN(len(b) + 1)
		m.Parse(b[:n], len(b))
		if n < len(b) && whole.Defect == Sound && m.Defect != Sound {
			t.Fatalf("%x is sound, its first %d octets are not: %+v", b, n, m)
		}
		agree(t, b)
	})
}

// agree holds that miekg/dns reads the same, wherever it reads a message at all.
func agree(t testing.TB, b []byte) (read bool) {
	t.Helper()
	var other dns.Msg
	if len(b) < headerSize || other.Unpack(b) != nil {
		return false
	}
	var m Message
	m.Parse(b, len(b))
	if m.ID != other.Id || m.Flags != binary.BigEndian.Uint16(b[2:]) || int(m.Rcode) != other.Rcode ||
		m.IsResponse() != other.Response || int(m.Opcode()) != other.Opcode || m.Flags&flagAA != 0 != other.Authoritative ||
		m.Flags&flagTC != 0 != other.Truncated || m.Flags&flagRD != 0 != other.RecursionDesired ||
		m.Flags&flagRA != 0 != other.RecursionAvailable ||
		m.Flags&flagAD != 0 != other.AuthenticatedData || m.Flags&flagCD != 0 != other.CheckingDisabled {
		t.Fatalf("%x\nours %+v\nmiekg/dns %+v", b, m, other.MsgHdr)
	}
	if m.Defect == End && !m.Has(HasQuestion) && len(other.Question) > 0 {
		return true // it takes a question without type or class for one of type 0
	}
	if m.Has(HasQuestion) != (len(other.Question) > 0) ||
		m.Has(HasQuestion) && (m.Type != other.Question[0].Qtype || m.Class != other.Question[0].Qclass) {
		t.Fatalf("%x\nours %+v\nmiekg/dns %+v", b, m, other.Question)
	}
	opt := other.IsEdns0()
	if m.Has(HasEDNS) != (opt != nil) {
		t.Fatalf("%x\nours %+v\nmiekg/dns %v", b, m, opt)
	}
	if opt == nil {
		return true
	}
	if m.UDPSize != opt.UDPSize() || m.Version != opt.Version() || m.Has(HasDO) != opt.Do() {
		t.Fatalf("%x\nours %+v\nmiekg/dns %v", b, m, opt)
	}
	return true
}
