package dnscount

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

// TestRepeats: what clients do about missing responses, on a director that sees none and on a real server that does.
func TestRepeats(t *testing.T) {
	type step struct {
		after int64 // ms
		port  uint16
		b     []byte
		tcp   bool
		reply bool
		from  netip.Addr // zero: client
	}
	edns := func(id, size uint16, do bool) []byte {
		return pack(t, query("a.", dns.TypeA, func(m *dns.Msg) { m.Id = id; withEDNS(m, size, do) }))
	}
	plain := func(id uint16) []byte { return ask(t, id, "a.", dns.TypeA) }
	q := func(after int64, port uint16, b []byte) step { return step{after: after, port: port, b: b} }
	over := func(after int64, port uint16, b []byte) step { return step{after: after, port: port, b: b, tcp: true} }
	r := func(after int64, port, id uint16) step {
		return step{after: after, port: port, b: answer(t, id, "a.", dns.TypeA, 0), reply: true}
	}
	notify := pack(t, query("a.", dns.TypeSOA, func(m *dns.Msg) { m.Id, m.Opcode = 1, dns.OpcodeNotify }))
	notify2 := pack(t, query("a.", dns.TypeSOA, func(m *dns.Msg) { m.Id, m.Opcode = 2, dns.OpcodeNotify }))
	none := pack(t, &dns.Msg{MsgHdr: dns.MsgHdr{Id: 1}})
	type expect struct{ retransmits, requeries, fallbacks, downgrades uint64 }
	for _, tt := range []struct {
		name             string
		steps            []step
		director, served expect
	}{
		{"once", []step{q(0, 1, plain(1))}, expect{}, expect{}},
		{"retransmit", []step{q(0, 1, plain(1)), q(1000, 1, plain(1)), q(2000, 1, plain(1))}, expect{retransmits: 2}, expect{retransmits: 2}},
		{
			"retransmit although answered", []step{q(0, 1, plain(1)), r(1, 1, 1), q(1000, 1, plain(1))},
			expect{retransmits: 1}, expect{retransmits: 1},
		},
		{"retransmit after five seconds", []step{q(0, 1, plain(1)), q(5000, 1, plain(1))}, expect{retransmits: 1}, expect{retransmits: 1}},
		{"too late", []step{q(0, 1, plain(1)), q(5100, 1, plain(1))}, expect{}, expect{}},
		{"another ID", []step{q(0, 1, plain(1)), q(400, 1, plain(2)), q(400, 1, plain(3))}, expect{requeries: 2}, expect{requeries: 2}},
		{"another port", []step{q(0, 1, plain(1)), q(400, 2, plain(1))}, expect{requeries: 1}, expect{requeries: 1}},
		// Where responses are seen, one that asks again after an answer has not asked in vain.
		{"another ID although answered", []step{q(0, 1, plain(1)), r(1, 1, 1), q(400, 1, plain(2))}, expect{requeries: 1}, expect{}},
		{
			"back to the first ID", []step{q(0, 1, plain(1)), q(400, 2, plain(2)), q(400, 1, plain(1))},
			expect{retransmits: 1, requeries: 1}, expect{retransmits: 1, requeries: 1},
		},
		{"another name", []step{q(0, 1, plain(1)), q(1, 1, ask(t, 2, "b.", dns.TypeA))}, expect{}, expect{}},
		{"another type", []step{q(0, 1, plain(1)), q(1, 1, ask(t, 2, "a.", dns.TypeAAAA))}, expect{}, expect{}},
		{
			"another case", []step{q(0, 1, ask(t, 1, "example.", 1)), q(1, 2, ask(t, 2, "EXAMPLE.", 1))},
			expect{requeries: 1}, expect{requeries: 1},
		},
		{"another client", []step{q(0, 1, plain(1)), {after: 1, port: 1, b: plain(1), from: ip("198.51.100.6")}}, expect{}, expect{}},
		{"fallback", []step{q(0, 1, plain(1)), over(5, 2, plain(2))}, expect{fallbacks: 1}, expect{fallbacks: 1}},
		{
			"fallback, asked again", []step{q(0, 1, plain(1)), over(5, 2, plain(2)), over(5, 3, plain(3))},
			expect{fallbacks: 1}, expect{fallbacks: 1},
		},
		{
			"twice over UDP, then TCP, twice",
			[]step{q(0, 1, plain(1)), over(5, 2, plain(2)), q(5, 1, plain(3)), over(5, 4, plain(4))},
			expect{requeries: 1, fallbacks: 2}, expect{requeries: 1, fallbacks: 2},
		},
		{"TCP alone", []step{over(0, 2, plain(1)), over(5, 2, plain(2))}, expect{}, expect{}},
		{"TCP first", []step{over(0, 2, plain(1)), q(5, 1, plain(2))}, expect{}, expect{}},
		{"TCP late", []step{q(0, 1, plain(1)), over(3100, 2, plain(2))}, expect{}, expect{}},
		{"TCP for another name", []step{q(0, 1, plain(1)), over(5, 2, ask(t, 2, "b.", dns.TypeA))}, expect{}, expect{}},
		{"downgrade in steps", []step{
			q(0, 1, edns(1, 4096, true)), q(400, 1, edns(2, 1232, true)), q(400, 1, edns(3, 512, true)),
			q(400, 1, edns(4, 512, false)), q(400, 1, plain(5)),
		},
			expect{requeries: 4, downgrades: 4}, expect{requeries: 4, downgrades: 4}},
		{
			"downgrade after an answer", []step{q(0, 1, edns(1, 1232, false)), r(1, 1, 1), q(1, 1, plain(2))},
			expect{requeries: 1, downgrades: 1}, expect{downgrades: 1},
		},
		{
			"a size below 512 is 512", []step{q(0, 1, edns(1, 512, false)), q(1, 1, edns(2, 100, false))},
			expect{requeries: 1}, expect{requeries: 1},
		},
		{
			"upgrade", []step{q(0, 1, plain(1)), q(1, 1, edns(2, 1232, false)), q(1, 1, edns(3, 4096, true))},
			expect{requeries: 2}, expect{requeries: 2},
		},
		{
			"fallback with less is no downgrade", []step{q(0, 1, edns(1, 1232, true)), over(1, 2, plain(2))},
			expect{fallbacks: 1}, expect{fallbacks: 1},
		},
		{
			"a notification again", []step{q(0, 1, notify), q(1000, 1, notify), q(1000, 1, notify2)},
			expect{retransmits: 1}, expect{retransmits: 1},
		},
		{"no question", []step{q(0, 1, none), q(1, 1, none)}, expect{retransmits: 1}, expect{retransmits: 1}},
	} {
		for _, side := range []struct {
			view View
			want expect
		}{{director(), tt.director}, {realServer(), tt.served}} {
			w := newWire(side.view)
			for i, s := range tt.steps {
				from := client.Addr()
				if s.from.IsValid() {
					from = s.from
				}
				w.now += s.after * 1e6
				switch {
				case s.reply && side.view.Role == Director: // goes past it
				case s.reply:
					w.out(packets.Datagram(vip, netip.AddrPortFrom(from, s.port), macRouter, s.b))
				case s.tcp:
					port := uint16(1000 + i)
					w.in(packets.Ether(macHost, packets.IP(from, vip.Addr(), protoTCP, packets.TCP(port, 53, 99, tcpSYN, nil))))
					w.in(packets.Ether(macHost, packets.IP(from, vip.Addr(), protoTCP, packets.TCP(port, 53, 100, tcpACK, framed(s.b)))))
				default:
					w.in(packets.Datagram(netip.AddrPortFrom(from, s.port), vip, macHost, s.b))
				}
			}
			c := w.only()
			if got := (expect{c.Retransmits, c.Requeries, c.Fallbacks, c.Downgrades}); got != side.want {
				t.Errorf("%s, on a %s: %+v, want %+v", tt.name, side.view.Role, got, side.want)
			}
		}
	}
}

// TestRepeatsBounded: more clients than there is room for cost no more memory, and what is forgotten too early is said.
func TestRepeatsBounded(t *testing.T) {
	c := New(Options{Recent: 64, Waiting: 64, Seed: 1})
	c.Use(director())
	w := &wire{c, 1e18}
	from := make([]byte, 4)
	for i := range 1000 {
		w.now++
		binary.BigEndian.PutUint32(from, 0x0a000000+uint32(i))
		addr, _ := netip.AddrFromSlice(from)
		w.in(packets.Datagram(netip.AddrPortFrom(addr, 4242), vip, macHost, ask(t, 1, "a.", dns.TypeA)))
	}
	if got := w.only(); got.Requeries+got.Retransmits > 0 || w.totals.RepeatEvictions < 1000-64 || len(c.repeats.sets)*repeatWays != 64 {
		t.Errorf("%+v, %d evictions", got, w.totals.RepeatEvictions)
	}
	// A service that takes the slot of another has none of its past.
	w.in(packets.Datagram(client, vip, macHost, ask(t, 1, "a.", dns.TypeA)))
	var others View
	for i := range MaxServices {
		others.Services = append(others.Services, Service{
			Addr: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), Port: 53,
			Servers: []Server{{Addr: ip("192.0.2.21"), Method: DR}},
		})
	}
	c.Use(others)
	for i := range MaxServices {
		w.in(packets.Datagram(client, netip.AddrPortFrom(others.Services[i].Addr, 53), macHost, ask(t, 1, "a.", dns.TypeA)))
	}
	for _, s := range w.Report().Services {
		if n := s.Counts.Retransmits + s.Counts.Requeries; n > 0 {
			t.Errorf("%s has %d queries again", s.At, n)
		}
	}
}

// TestRepeatsSampled: a repetition counts when both queries are in the sample, which is rare, and for as many more.
func TestRepeatsSampled(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const shift, clients = 2, 200_000
	c := New(Options{Recent: 1 << 20, Waiting: 1 << 20, Seed: 1})
	c.Use(director())
	c.Sample(shift)
	w := &wire{c, 1e18}
	q := ask(t, 1, "a.", dns.TypeA)
	for i := range uint32(clients) {
		w.now += 1000
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		for range 2 {
			binary.BigEndian.PutUint16(q, uint16(random.Uint32()))
			w.in(packets.Datagram(netip.AddrPortFrom(addr, uint16(1024+random.IntN(60000))), vip, macHost, q))
		}
	}
	// Of 200,000 some 12,500 are seen: a standard error of 0.9 %.
	if got := float64(w.only().Requeries); got < 0.96*clients || got > 1.04*clients {
		t.Errorf("%.0f queries again, of %d", got, clients)
	}
}
