package dnscount

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

// framed is messages as TCP carries them.
func framed(messages ...[]byte) (b []byte) {
	for _, m := range messages {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(m))), m...)
	}
	return b
}

// segment is a part of the client's stream, or of the server's.
func (w *wire) segment(d Direction, at uint32, flags byte, data []byte) {
	if d == Query {
		w.in(packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(client.Port(), 53, at, flags, data))))
	} else {
		w.out(packets.Ether(macRouter, packets.IP(vip.Addr(), client.Addr(), protoTCP, packets.TCP(53, client.Port(), at, flags, data))))
	}
}

func handshake(w *wire, client, server uint32) {
	w.segment(Query, client-1, tcpSYN, nil)
	w.segment(Response, server-1, tcpSYN|tcpACK, nil)
}

// TestAnyCut sends streams cut at every kind of place: what is counted must not depend on it.
func TestAnyCut(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var questions, answers [][]byte
	for i := range uint16(40) {
		name := fmt.Sprintf("host-%d.example.com.", random.IntN(1000))
		kind := []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeDNSKEY}[random.IntN(4)]
		q := query(name, kind, func(m *dns.Msg) {
			if m.Id = i; i%2 == 0 {
				withEDNS(m, 1400, true, &dns.EDNS0_COOKIE{Code: 10, Cookie: "0011223344556677"})
			}
		})
		r := new(dns.Msg).SetRcode(q, []int{0, 2, 3, 16}[random.IntN(4)])
		for range random.IntN(400) {
			r.Answer = append(r.Answer, &dns.TXT{
				Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: 1},
				Txt: []string{"some text that takes room, some text that takes room"},
			})
		}
		withEDNS(r, 1232, false, &dns.EDNS0_EDE{InfoCode: uint16(random.IntN(24))})
		questions, answers = append(questions, pack(t, q)), append(answers, pack(t, r))
	}
	// Answers may come in another order (RFC 7766 section 7).
	random.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	streams := [2][]byte{framed(questions...), framed(answers...)}
	play := func(largest int) Counts {
		w := newWire(realServer())
		start := [2]uint32{1<<32 - 50, random.Uint32()} // the numbers wrap
		handshake(w, start[0], start[1])
		for d, rest := range streams {
			for at := start[d]; len(rest) > 0; {
				n := 1 + random.IntN(min(largest, len(rest)))
				w.segment(Direction(d), at, tcpACK, rest[:n])
				if random.IntN(10) == 0 {
					w.segment(Direction(d), at, tcpACK, rest[:n]) // again
				}
				at, rest = at+uint32(n), rest[n:]
			}
		}
		w.segment(Query, start[0]+uint32(len(streams[0])), tcpFIN|tcpACK, nil)
		c := w.only()
		c.Seen = [2]uint64{}
		return c
	}
	want := play(60000)
	if want.Queries[TCP][0] != 40 || want.Latency[TCP].Count() != 40 || want.Connections != 1 ||
		want.PerConnection.Buckets[5] != 1 || want.Desyncs != 0 || want.EDNS[1] != 20 {
		t.Fatalf("%+v", want)
	}
	for _, largest := range []int{1, 2, 3, 15, 64, 536, 1448, 9000} {
		for range 3 {
			if got := play(largest); got != want {
				t.Fatalf("segments of up to %d octets:\n got %+v\nwant %+v", largest, got, want)
			}
		}
	}
}

func TestStreamTroubles(t *testing.T) {
	m := func(id uint16) []byte { return ask(t, id, "www.example.com.", dns.TypeA) }
	one := uint32(len(framed(m(0))))
	type seg struct {
		at   uint32
		data []byte
	}
	whole := framed(m(0), m(1), m(2), m(3), m(4), m(5), m(6), m(7))
	part := func(from, to uint32) seg { return seg{from, whole[from:to]} }
	for _, tt := range []struct {
		name             string
		segments         []seg
		queries, desyncs uint64
		midway           bool
	}{
		{"all in one", []seg{part(0, 8*one)}, 8, 0, false},
		{"joined midway", []seg{part(2*one, 4*one), part(4*one, 8*one)}, 6, 0, true},
		{"joined in the middle of a message", []seg{part(one+5, 3*one), part(3*one, 5*one)}, 2, 0, true},
		{"lost between messages", []seg{part(0, one), part(3*one, 8*one)}, 6, 1, false},
		{"lost, and sent again", []seg{part(0, one), part(3*one, 8*one), part(one, 3*one)}, 8, 0, false},
		{"lost, and sent again with what follows", []seg{part(0, one), part(3*one, 8*one), part(one, 5*one)}, 8, 0, false},
		{"in another order", []seg{part(0, one), part(2*one, 3*one), part(one, 2*one), part(3*one, 8*one)}, 8, 0, false},
		{"lost twice", []seg{part(0, one), part(2*one, 3*one), part(4*one, 8*one)}, 6, 2, false},
		{"sent twice", []seg{part(0, 2*one), part(0, 2*one), part(one, 4*one), part(4*one, 8*one)}, 8, 0, false},
		{"lost inside a message", []seg{part(0, 20), part(25, one), part(one, 8*one)}, 8, 0, false},
		{"lost over the end of a message", []seg{part(0, 20), part(one+10, 2*one), part(2*one, 8*one)}, 1 + 6, 1, false},
		{"a length alone, then the rest", []seg{part(0, 1), part(1, 2), part(2, one), part(one, one+1), part(one+1, 8*one)}, 8, 0, false},
		{"a length of nothing", []seg{{0, append([]byte{0, 0}, whole...)}}, 8, 0, false},
		{"no DNS", []seg{{0, []byte("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")}}, 0, 0, true},
		{"TLS", []seg{{0, []byte{0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0}}}, 0, 0, true},
	} {
		w := newWire(realServer())
		const start = 1000
		if !tt.midway {
			handshake(w, start, 1)
		}
		for _, s := range tt.segments {
			w.segment(Query, start+s.at, tcpACK, s.data)
		}
		w.segment(Query, start+8*one, tcpFIN|tcpACK, nil)
		w.now += 10e9
		c := w.only()
		if c.Queries[TCP][0] != tt.queries || c.Desyncs != tt.desyncs {
			t.Errorf("%s: %d queries and %d times lost, want %d and %d; %+v", tt.name, c.Queries[TCP][0], c.Desyncs, tt.queries, tt.desyncs, c)
		}
	}
}

// TestLoss loses segments, sends them again in part, and swaps them: never may there be more than was sent, and what
// is missing is said.
func TestLoss(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		w := newWire(realServer())
		handshake(w, 1, 1)
		var questions [][]byte
		for i := range uint16(30) {
			questions = append(questions, ask(t, i, fmt.Sprintf("a%d.example.com.", i), dns.TypeA))
		}
		type piece struct{ from, to int }
		b, pieces := framed(questions...), []piece(nil)
		for at := 0; at < len(b); {
			n := min(1+random.IntN(120), len(b)-at)
			if last := at+n == len(b); last || random.IntN(10) > 0 {
				pieces = append(pieces, piece{at, at + n})
			}
			at += n
		}
		for range random.IntN(3) { // never after the last one, behind which nothing is missing
			pieces = slices.Insert(pieces, random.IntN(len(pieces)), pieces[random.IntN(len(pieces))])
		}
		for _, p := range pieces {
			w.segment(Query, 1+uint32(p.from), tcpACK, b[p.from:p.to])
		}
		w.now += 100e9
		if c := w.only(); c.Queries[TCP][0] > 30 || c.Queries[TCP][0] < 30 && c.Desyncs == 0 {
			t.Fatalf("%d queries of 30, %d times lost: %v", c.Queries[TCP][0], c.Desyncs, pieces)
		}
	}
}

func TestConnections(t *testing.T) {
	w := newWire(director())
	q := framed(ask(t, 1, "a.", dns.TypeA))
	forward := func(at uint32, flags byte, data []byte) {
		w.segment(Query, at, flags, data)
		w.out(packets.Ether(macDNS1, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(client.Port(), 53, at, flags, data))))
	}
	forward(99, tcpSYN, nil)
	forward(99, tcpSYN, nil) // sent again
	forward(100, tcpACK, q)
	forward(100+uint32(len(q)), tcpFIN|tcpACK, nil)
	forward(100+uint32(len(q)), tcpFIN|tcpACK, nil)
	// The port again, at once.
	forward(5000, tcpSYN, nil)
	forward(5001, tcpACK, q)
	forward(5001+uint32(len(q)), tcpACK, q)
	forward(5001+2*uint32(len(q)), tcpRST, nil)
	forward(5001+2*uint32(len(q)), tcpRST, nil)
	// Joined midway: what was asked before its copy came by is told to the real server later.
	other := client
	client2 := other.Port() + 1
	w.in(packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(client2, 53, 7, tcpACK, q))))
	w.out(packets.Ether(macDNS1, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(client2, 53, 7, tcpACK, q))))
	c := w.only()
	if c.Connections != 2 || c.Resets != 1 || c.Queries[TCP][0] != 4 || c.PerConnection.Buckets[1] != 1 ||
		c.PerConnection.Buckets[2] != 1 || c.PerConnection.Count() != 2 || c.Desyncs != 0 {
		t.Errorf("%+v", c)
	}
	if got := w.Report().Services[0].Servers[0].Queries[TCP]; got != 4 {
		t.Errorf("the real server got %d queries of 4", got)
	}
	if c.Seen[TCP] != 11 {
		t.Errorf("%d packets seen of 11", c.Seen[TCP])
	}
}

// TestCopiesInAnyOrder: the copies that go to the real server may all be read before those that came in, or after them, also
// when a client uses its port again at once.
func TestCopiesInAnyOrder(t *testing.T) {
	q := framed(ask(t, 1, "a.", dns.TypeA))
	for _, late := range []bool{false, true} {
		w := newWire(director())
		in := func(mac [6]byte, at uint32, flags byte, data []byte) {
			b := packets.Ether(mac, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(client.Port(), 53, at, flags, data)))
			if mac == macHost {
				w.in(b)
			} else {
				w.out(b)
			}
		}
		for connection := range uint32(3) {
			start := connection * 100000
			for _, mac := range [][6]byte{macHost, macDNS1} {
				if late {
					mac = map[[6]byte][6]byte{macHost: macDNS1, macDNS1: macHost}[mac]
				}
				in(mac, start, tcpSYN, nil)
				in(mac, start+1, tcpACK, q)
				in(mac, start+1+uint32(len(q)), tcpACK, q)
				in(mac, start+1+2*uint32(len(q)), tcpFIN|tcpACK, nil)
			}
		}
		c := w.only()
		if got := w.Report().Services[0].Servers[0].Queries[TCP]; got != 6 || c.Queries[TCP][0] != 6 || c.Connections != 3 || c.Desyncs != 0 {
			t.Errorf("out first %t: the real server got %d queries of 6; %+v", late, got, c)
		}
	}
}

// TestTransfer: a zone transfer is one response, however many messages it has.
func TestTransfer(t *testing.T) {
	w := newWire(realServer())
	handshake(w, 1, 1)
	w.segment(Query, 1, tcpACK, framed(ask(t, 1, "example.com.", dns.TypeAXFR)))
	first := answer(t, 1, "example.com.", dns.TypeAXFR, 0)
	rest := pack(t, &dns.Msg{MsgHdr: dns.MsgHdr{Id: 1, Response: true}})
	w.segment(Response, 1, tcpACK, framed(first, rest, rest, first))
	w.now += 10e9
	if c := w.only(); c.Responses[TCP][0] != 1 || c.Transfers != 3 || c.Orphans != 0 || c.Unanswered != 0 || c.Latency[TCP].Count() != 1 {
		t.Errorf("%+v", c)
	}
}

// TestManyConnections: more than there is room for take the room of the oldest.
func TestManyConnections(t *testing.T) {
	c := New(Options{Flows: 64, Seed: 1})
	c.Use(realServer())
	w := &wire{c, 1e18}
	for i := range 1000 {
		w.now++
		b := packets.TCP(uint16(1000+i), 53, 1, tcpACK, framed(ask(t, 1, "a.", dns.TypeA)))
		w.in(packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, b)))
	}
	w.now += 100e9
	if got := w.only(); got.Queries[TCP][0] != 1000 || got.PerConnection.Count() != 1000 || w.totals.FlowEvictions < 900 {
		t.Errorf("%+v, %+v", got, w.totals)
	}
}
