package dnscount

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

func ask(t testing.TB, id uint16, name string, kind uint16) []byte {
	return pack(t, query(name, kind, func(m *dns.Msg) { m.Id = id }))
}

func answer(t testing.TB, id uint16, name string, kind uint16, rcode int) []byte {
	return pack(t, new(dns.Msg).SetRcode(query(name, kind, func(m *dns.Msg) { m.Id = id }), rcode))
}

var (
	client  = netip.MustParseAddrPort("198.51.100.5:4242")
	client6 = netip.MustParseAddrPort("[2001:db8:5::5]:4242")
	vip     = netip.MustParseAddrPort("192.0.2.1:53")
	vip6    = netip.MustParseAddrPort("[2001:db8::1]:53")
)

// TestWrappings: however a query is wrapped, it is one query.
func TestWrappings(t *testing.T) {
	message := ask(t, 1, "example.com.", dns.TypeAAAA)
	inner4 := packets.IP(client.Addr(), vip.Addr(), protoUDP, packets.UDP(4242, 53, message))
	inner6 := packets.IP(client6.Addr(), vip6.Addr(), protoUDP, packets.UDP(4242, 53, message))
	withOptions := func() []byte {
		b := append([]byte(nil), inner4[:20]...)
		b[0] = 0x46
		b[3] += 4
		return append(append(b, 1, 1, 1, 0), inner4[20:]...)
	}()
	extended := packets.IP(
		client6.Addr(), vip6.Addr(), hopByHop,
		append([]byte{destination, 0, 5, 2, 0, 0, 1, 0}, append([]byte{protoUDP, 0, 1, 4, 0, 0, 0, 0}, packets.UDP(4242, 53, message)...)...),
	)
	atomic := packets.IP(
		client6.Addr(), vip6.Addr(), fragmentExt,
		append([]byte{protoUDP, 0, 0, 0, 0, 0, 0, 1}, packets.UDP(4242, 53, message)...),
	)
	director, dns1 := ip("192.0.2.11"), ip("192.0.2.21")
	director6, dns16 := ip("2001:db8::11"), ip("2001:db8::21")
	for _, tt := range []struct {
		name   string
		b      []byte
		link   Link
		family int
		none   bool
	}{
		{name: "IPv4", b: packets.Ether(macHost, inner4)},
		{name: "IPv6", b: packets.Ether(macHost, inner6), family: 1},
		{name: "IPv4 options", b: packets.Ether(macHost, withOptions)},
		{name: "extension headers", b: packets.Ether(macHost, extended), family: 1},
		{name: "atomic fragment", b: packets.Ether(macHost, atomic), family: 1},
		{name: "VLAN", b: packets.Ether(macHost, inner4, 100)},
		{name: "two VLANs", b: packets.Ether(macHost, inner6, 100, 200), family: 1},
		{name: "no link header", b: inner4, link: Raw},
		{name: "no link header, IPv6", b: inner6, link: Raw, family: 1},
		{name: "4 in 4", b: packets.Ether(macHost, packets.IP(director, dns1, protoIPIP, inner4))},
		{name: "6 in 4", b: packets.Ether(macHost, packets.IP(director, dns1, protoIPv6, inner6)), family: 1},
		{name: "4 in 6", b: packets.Ether(macHost, packets.IP(director6, dns16, protoIPIP, inner4))},
		{name: "6 in 6", b: packets.Ether(macHost, packets.IP(director6, dns16, protoIPv6, inner6)), family: 1},
		{name: "GRE", b: packets.Ether(macHost, packets.IP(director, dns1, protoGRE, append([]byte{0, 0, 8, 0}, inner4...)))},
		{
			name: "GRE with checksum and key",
			b: packets.Ether(
				macHost,
				packets.IP(director, dns1, protoGRE, append([]byte{0xa0, 0, 0x86, 0xdd, 0, 0, 0, 0, 1, 2, 3, 4}, inner6...)),
			),
			family: 1,
		},
		{
			name: "GUE",
			b: packets.Ether(
				macHost,
				packets.IP(director, dns1, protoUDP, packets.UDP(999, 6080, append([]byte{0, protoIPIP, 0, 0}, inner4...))),
			),
		},
		{
			name: "GUE with a private field",
			b: packets.Ether(
				macHost,
				packets.IP(director, dns1, protoUDP, packets.UDP(999, 6080, append([]byte{1, protoIPv6, 0, 0, 9, 9, 9, 9}, inner6...))),
			),
			family: 1,
		},
		{name: "GUE without a header", b: packets.Ether(macHost, packets.IP(director, dns1, protoUDP, packets.UDP(999, 6080, inner4)))},
		{
			name: "three deep",
			b: packets.Ether(
				macHost,
				packets.IP(director, dns1, protoIPIP, packets.IP(director, dns1, protoIPIP, packets.IP(director, dns1, protoIPIP, inner4))),
			),
			none: true,
		},
		{name: "to another port", b: packets.Datagram(client, netip.AddrPortFrom(vip.Addr(), 54), macHost, message), none: true},
		{name: "to another address", b: packets.Datagram(client, ap("192.0.2.21:53"), macHost, message), none: true},
		{name: "from this host", b: packets.Datagram(ap("192.0.2.21:4242"), vip, macHost, message), none: true},
		{name: "ARP", b: append(append(macHost[:], make([]byte, 6)...), 8, 6, 0, 1, 8, 0), none: true},
	} {
		w := newWire(realServer())
		w.Frame(&Frame{Data: tt.b, Wire: len(tt.b), Time: w.now, Link: tt.link})
		r := w.Report()
		n := r.Services[0].Counts.Queries[UDP][0]
		n6 := r.Services[1].Counts.Queries[UDP][1]
		want := [2]uint64{}
		if !tt.none {
			want[tt.family] = 1
		}
		if [2]uint64{n, n6} != want {
			t.Errorf("%s: %d and %d queries, want %d; %+v", tt.name, n, n6, want, r.Totals)
		}
		if c := r.Services[tt.family].Counts; !tt.none &&
			(c.ByType[index(newIndexes().types[:], dns.TypeAAAA, otherType)] != 1 || c.Seen[UDP] != 1) {
			t.Errorf("%s: %+v", tt.name, c)
		}
		// And cut anywhere it is nothing worse than not counted.
		for n := range tt.b {
			w.Frame(&Frame{Data: tt.b[:n], Wire: len(tt.b), Time: w.now, Link: tt.link})
		}
	}
}

func TestKinds(t *testing.T) {
	message := ask(t, 1, "example.com.", dns.TypeA)
	for _, tt := range []struct {
		name string
		kind Kind
		mac  [6]byte
		want uint64
	}{
		{"to this host", Host, macHost, 1},
		{"to a virtual MAC of this host", OtherHost, macHost, 1},
		{"to another host", OtherHost, macRouter, 0},
		{"broadcast", Broadcast, [6]byte{255, 255, 255, 255, 255, 255}, 0},
		{"forwarded", Outgoing, macDNS1, 0},
	} {
		w := newWire(director())
		w.frame(packets.Datagram(client, vip, tt.mac, message), tt.kind)
		if got := w.only().Queries[UDP][0]; got != tt.want {
			t.Errorf("%s: %d queries", tt.name, got)
		}
	}
}

// TestForwarding: a director sees each packet twice. One copy is the query, the other tells who got it.
func TestForwarding(t *testing.T) {
	w := newWire(director())
	for i, forward := range []func(message []byte) []byte{
		func(m []byte) []byte { return packets.Datagram(client, vip, macDNS1, m) },
		func(m []byte) []byte {
			return packets.Ether(
				macRouter,
				packets.IP(
					ip("192.0.2.11"), ip("192.0.2.22"), protoIPIP,
					packets.IP(client.Addr(), vip.Addr(), protoUDP, packets.UDP(client.Port(), 53, m)),
				),
			)
		},
		func(m []byte) []byte { return packets.Datagram(client, ap("192.0.2.23:5353"), macDNS2, m) },
	} {
		for n := range i + 1 {
			m := ask(t, uint16(10*i+n), "example.com.", dns.TypeA)
			w.in(packets.Datagram(client, vip, macHost, m))
			w.out(forward(m))
		}
	}
	// With NAT the responses come by, under two addresses.
	for n := range 3 {
		w.now += 2e6
		m := answer(t, uint16(20+n), "example.com.", dns.TypeA, dns.RcodeNameError)
		w.in(packets.Datagram(ap("192.0.2.23:5353"), client, macHost, m))
		w.out(packets.Datagram(vip, client, macRouter, m))
	}
	// A check of this host is nobody's query.
	w.out(packets.Datagram(ap("192.0.2.11:9999"), ap("192.0.2.23:5353"), macDNS2, ask(t, 77, "example.com.", dns.TypeA)))
	w.now += 10e9
	c := w.only()
	if c.Queries[UDP][0] != 6 || c.Seen[UDP] != 6 || c.Responses[UDP][3] != 3 || c.Latency[UDP].Count() != 3 ||
		c.Latency[UDP].Sum != 2e6+4e6+6e6 || c.Unanswered != 3 || c.Orphans != 0 {
		t.Errorf("%+v", c)
	}
	for i, s := range w.Report().Services[0].Servers {
		if s.Queries[UDP] != uint64(i+1) {
			t.Errorf("%s got %d queries, and %d were sent", s.At, s.Queries[UDP], i+1)
		}
	}
	if u := w.totals.Unforwarded; u != 0 {
		t.Errorf("%d queries for nobody", u)
	}
}

// TestSharedServer: with NAT one real server may serve two virtual servers, and its packets do not say which.
func TestSharedServer(t *testing.T) {
	shared := []Server{{Addr: ip("192.0.2.23"), Port: 53, Method: NAT}}
	w := newWire(View{
		Services: []Service{{Addr: ip("192.0.2.1"), Port: 53, Servers: shared}, {Addr: ip("192.0.2.2"), Port: 53, Servers: shared}},
	})
	// A client may ask both with the same port and ID.
	for _, at := range []string{"192.0.2.1:53", "192.0.2.2:53", "192.0.2.2:53"} {
		w.now++
		id := uint16(w.now)
		w.in(packets.Datagram(client, ap(at), macHost, ask(t, id, "example.com.", dns.TypeA)))
		w.out(packets.Datagram(client, ap("192.0.2.23:53"), macDNS1, ask(t, id, "example.com.", dns.TypeA)))
		w.out(packets.Datagram(ap(at), client, macRouter, answer(t, id, "example.com.", dns.TypeA, 0)))
	}
	for i, s := range w.Report().Services {
		if n := uint64(i + 1); s.Counts.Queries[UDP][0] != n || s.Counts.Responses[UDP][0] != n ||
			s.Servers[0].Queries[UDP] != n || s.Counts.Latency[UDP].Count() != n {
			t.Errorf("%s: %+v %+v", s.At, s.Counts, s.Servers)
		}
	}
}

// TestMatching tries the orders in which halves of an exchange may come.
func TestMatching(t *testing.T) {
	type step struct {
		after    int64 // ms
		response bool
		id       uint16
		name     string
	}
	q := func(after int64, id uint16, name string) step { return step{after, false, id, name} }
	r := func(after int64, id uint16, name string) step { return step{after, true, id, name} }
	for _, tt := range []struct {
		name                                              string
		steps                                             []step
		latencies, unanswered, orphans, retransmits, msec uint64
	}{
		{"in order", []step{q(0, 1, "a."), r(3, 1, "a.")}, 1, 0, 0, 0, 3},
		{"read in the other order", []step{r(3, 1, "a."), q(-3, 1, "a.")}, 1, 0, 0, 0, 3},
		{"never answered", []step{q(0, 1, "a.")}, 0, 1, 0, 0, 0},
		{"never asked", []step{r(0, 1, "a.")}, 0, 0, 1, 0, 0},
		{"answered twice", []step{q(0, 1, "a."), r(1, 1, "a."), r(1, 1, "a.")}, 1, 0, 1, 0, 1},
		{"asked again", []step{q(0, 1, "a."), q(1000, 1, "a."), r(1, 1, "a.")}, 1, 0, 0, 1, 1001},
		{"another ID", []step{q(0, 1, "a."), r(1, 2, "a.")}, 0, 1, 1, 0, 0},
		{"the ID again", []step{q(0, 1, "a."), q(1, 1, "b."), r(1, 1, "b.")}, 1, 1, 0, 0, 1},
		{"the answer to another question", []step{q(0, 1, "a."), r(1, 1, "b.")}, 0, 1, 1, 0, 0},
		{"in another case", []step{q(0, 1, "wWw."), r(1, 1, "WwW.")}, 1, 0, 0, 0, 1},
		{"too late", []step{q(0, 1, "a."), q(6000, 2, "tick."), r(1, 1, "a.")}, 0, 2, 1, 0, 0},
	} {
		w := newWire(realServer())
		for _, s := range tt.steps {
			w.now += s.after * 1e6
			w.Tick(w.now)
			if s.response {
				w.out(packets.Datagram(vip, client, macRouter, answer(t, s.id, s.name, dns.TypeA, 0)))
			} else {
				w.in(packets.Datagram(client, vip, macHost, ask(t, s.id, s.name, dns.TypeA)))
			}
		}
		w.now += 10e9
		c := w.only()
		got := [...]uint64{c.Latency[UDP].Count(), c.Unanswered, c.Orphans, c.Retransmits, c.Latency[UDP].Sum / 1e6}
		if want := [...]uint64{tt.latencies, tt.unanswered, tt.orphans, tt.retransmits, tt.msec}; got != want {
			t.Errorf("%s: latencies, unanswered, orphans, retransmits, ms: %d, want %d", tt.name, got, want)
		}
	}
	// A server may refuse without repeating the question.
	w := newWire(realServer())
	w.in(packets.Datagram(client, vip, macHost, ask(t, 1, "a.", dns.TypeA)))
	w.out(packets.Datagram(vip, client, macRouter, pack(t, &dns.Msg{MsgHdr: dns.MsgHdr{Id: 1, Response: true, Rcode: dns.RcodeRefused}})))
	if c := w.only(); c.Latency[UDP].Count() != 1 || c.Responses[UDP][5] != 1 {
		t.Errorf("without a question: %+v", c)
	}
}

// TestFullTable: when more queries wait than there is room for, it is said.
func TestFullTable(t *testing.T) {
	c := New(Options{Waiting: 64, Seed: 1})
	c.Use(realServer())
	w := &wire{c, 1e18}
	for i := range 1000 {
		w.now++
		w.in(packets.Datagram(client, vip, macHost, ask(t, uint16(i), "a.", dns.TypeA)))
	}
	w.now += 10e9
	if got := w.only(); got.Queries[UDP][0] != 1000 || got.Unanswered+got.EvictedMatches != 1000 || got.Unanswered > 64 ||
		w.totals.MatchEvictions != got.EvictedMatches {
		t.Errorf("%+v", got)
	}
}

func TestCounts(t *testing.T) {
	w := newWire(realServer())
	id := uint16(0)
	sent := func(name string, kind uint16, change func(*dns.Msg), rcode int, respond func(*dns.Msg)) {
		id++
		q := query(name, kind, func(m *dns.Msg) { m.Id = id })
		if change != nil {
			change(q)
		}
		w.in(packets.Datagram(client, vip, macHost, pack(t, q)))
		r := new(dns.Msg).SetRcode(q, rcode)
		if respond != nil {
			respond(r)
		}
		w.out(packets.Datagram(vip, client, macRouter, pack(t, r)))
	}
	sent("a.", dns.TypeA, nil, 0, func(m *dns.Msg) {
		m.Answer = records(t, "a. A 192.0.2.1")
		m.Authoritative = true
	})
	sent("a.", dns.TypeHTTPS, func(m *dns.Msg) {
		withEDNS(m, 1232, true)
		m.CheckingDisabled, m.AuthenticatedData = true, true
	}, 0, func(m *dns.Msg) {
		m.Ns = records(t, "a. SOA a. b. 1 2 3 4 5")
		withEDNS(m, 1232, true)
	})
	sent(
		"a.", 65432, func(m *dns.Msg) { withEDNS(m, 4097, false); m.IsEdns0().SetVersion(3) }, dns.RcodeBadVers,
		func(m *dns.Msg) { withEDNS(m, 512, false) },
	)
	sent("b.", dns.TypeNS, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify; m.RecursionDesired = false }, dns.RcodeNotImplemented, nil)
	sent("b.", dns.TypeTXT, nil, 0, func(m *dns.Msg) { m.Truncated, m.RecursionAvailable = true, true })
	sent("b.", dns.TypeTXT, nil, dns.RcodeServerFailure, func(m *dns.Msg) {
		withEDNS(m, 1232, false, &dns.EDNS0_EDE{InfoCode: 22}, &dns.EDNS0_EDE{InfoCode: 4242})
	})
	sent("b.", dns.TypeTXT, nil, 3841, func(m *dns.Msg) { withEDNS(m, 1232, false, &dns.EDNS0_EDE{InfoCode: 4242}) })
	w.in(packets.Datagram(client, vip, macHost, nil))
	w.in(packets.Datagram(client, vip, macHost, make([]byte, 11)))
	w.in(packets.Datagram(client, vip, macHost, answer(t, 1, "a.", 1, 0)))
	w.now += 10e9
	got := w.only()
	named := func(names []string, counts []uint64) map[string]uint64 {
		m := map[string]uint64{}
		for i, n := range counts {
			if n > 0 {
				m[names[i]] = n
			}
		}
		return m
	}
	for _, tt := range []struct {
		what      string
		got, want map[string]uint64
	}{
		{"types", named(Types[:], got.ByType[:]), map[string]uint64{"A": 1, "HTTPS": 1, "NS": 1, "TXT": 3, "other": 1}},
		{"opcodes", named(Opcodes[:], got.ByOpcode[:]), map[string]uint64{"query": 6, "notify": 1}},
		{"query flags", named(QueryFlags[:], got.QueryFlags[:]), map[string]uint64{"rd": 6, "cd": 1, "ad": 1, "do": 1}},
		{"EDNS", named(EDNSVersions[:], got.EDNS[:]), map[string]uint64{"none": 5, "v0": 1, "other": 1}},
		{
			"rcodes", named(Rcodes[:], got.Responses[UDP][:]),
			map[string]uint64{"NOERROR": 3, "BADVERS": 1, "NOTIMP": 1, "SERVFAIL": 1, "other": 1},
		},
		{"response flags", named(ResponseFlags[:], got.ResponseFlags[:]), map[string]uint64{"aa": 1, "tc": 1, "ra": 1}},
		{"extended errors", named(ExtendedErrors[:], got.ExtendedErrors[:]), map[string]uint64{"no_reachable_authority": 1, "other": 1}},
		{"malformed", named(Defects[:], got.Malformed[:]), map[string]uint64{"short": 2, "direction": 1}},
		{"rest", map[string]uint64{
			"truncated": got.Truncated[0], "nodata": got.NoData, "sizes": got.EDNSSize.Sum,
			"large": got.EDNSSize.Buckets[10], "latencies": got.Latency[UDP].Count(), "seen": got.Seen[UDP],
		},
			map[string]uint64{"truncated": 1, "nodata": 1, "sizes": 1232 + 4097, "large": 1, "latencies": 7, "seen": 10}},
	} {
		if len(tt.got) != len(tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
		for k, n := range tt.want {
			if tt.got[k] != n {
				t.Errorf("%s: %s is %d, want %d", tt.what, k, tt.got[k], n)
			}
		}
	}
}

func TestWrongSource(t *testing.T) {
	w := newWire(realServer())
	w.in(packets.Datagram(client, vip, macHost, ask(t, 1, "a.", dns.TypeA)))
	w.out(packets.Datagram(ap("192.0.2.21:53"), client, macRouter, answer(t, 1, "a.", dns.TypeA, 0)))
	// A question that this server itself asks, and an answer to somebody who asked the address that answers.
	w.out(packets.Datagram(ap("192.0.2.21:53"), ap("203.0.113.1:53"), macRouter, ask(t, 2, "a.", dns.TypeA)))
	w.out(packets.Datagram(ap("192.0.2.21:53"), client, macRouter, answer(t, 3, "a.", dns.TypeA, 0)))
	w.now += 10e9
	if c := w.only(); c.WrongSource != 1 || c.Unanswered != 1 || c.Responses[UDP][0] != 0 || c.Orphans != 0 {
		t.Errorf("%+v", c)
	}
}

// TestOwnRecursion: what the real server asks others is not its clients' traffic.
func TestOwnRecursion(t *testing.T) {
	w := newWire(realServer())
	for _, port := range []string{"50000", "53"} {
		w.out(packets.Datagram(ap("192.0.2.21:"+port), ap("203.0.113.1:53"), macRouter, ask(t, 2, "a.", dns.TypeA)))
		w.in(packets.Datagram(ap("203.0.113.1:53"), ap("192.0.2.21:"+port), macHost, answer(t, 2, "a.", dns.TypeA, 0)))
	}
	w.now += 10e9
	if c := w.only(); c != (Counts{}) {
		t.Errorf("%+v", c)
	}
}
