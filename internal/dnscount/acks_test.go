package dnscount

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

// talk is a client's half of a connection, as a director with direct routing sees it.
type talk struct {
	*wire
	port     uint16
	seq, ack uint32
}

func (w *wire) talk(port uint16, seq, ack uint32) *talk {
	x := &talk{w, port, seq, ack}
	w.in(packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(port, 53, seq-1, tcpSYN, nil))))
	x.say(tcpACK, nil)
	return x
}

func (x *talk) say(flags byte, data []byte) {
	x.in(packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.Acknowledging(x.port, 53, x.seq, x.ack, flags, data))))
	x.seq += uint32(len(data))
	if flags&tcpFIN != 0 {
		x.seq++
	}
}

// got acknowledges so many octets.
func (x *talk) got(n uint32) {
	x.ack += n
	x.say(tcpACK, nil)
}

// TestAcks: how clients acknowledge answers in their connections, and what is known of them by that.
func TestAcks(t *testing.T) {
	q := framed(ask(t, 1, "a.", dns.TypeA))
	transfer := framed(ask(t, 1, "a.", dns.TypeAXFR))
	for _, tt := range []struct {
		name  string
		talk  func(x *talk)
		bytes uint64
		sizes []uint64
	}{
		{"no query", func(x *talk) { x.say(tcpFIN|tcpACK, nil); x.got(1) }, 0, nil},
		{"one answer", func(x *talk) { x.say(tcpACK, q); x.got(102); x.say(tcpFIN|tcpACK, nil); x.got(1) }, 102, []uint64{100}},
		{"acknowledged with the FIN", func(x *talk) { x.say(tcpACK, q); x.ack += 102; x.say(tcpFIN|tcpACK, nil); x.got(1) }, 102, []uint64{100}},
		{"in parts", func(x *talk) {
			x.say(tcpACK, q)
			for range 10 {
				x.got(1000)
			}
			x.say(tcpFIN|tcpACK, nil)
			x.got(1)
		}, 10000, []uint64{9998}},
		{"one after the other", func(x *talk) {
			for _, n := range []uint32{14, 102, 1450, 65537} {
				x.say(tcpACK, q)
				x.got(n)
			}
			x.say(tcpFIN|tcpACK, nil)
			x.got(1)
		}, 14 + 102 + 1450 + 65537, []uint64{12, 100, 1448, 65535}},
		{"acknowledged by the next query", func(x *talk) {
			x.say(tcpACK, q)
			x.ack += 102
			x.say(tcpACK, q)
			x.ack += 202
			x.say(tcpFIN|tcpACK, nil)
			x.got(1)
		}, 304, []uint64{100, 200}},
		{"a segment again", func(x *talk) {
			x.say(tcpACK, q)
			x.got(102)
			x.seq, x.ack = x.seq-uint32(len(q)), x.ack-102
			x.say(tcpACK, q)
			x.got(102)
			x.say(tcpFIN|tcpACK, nil)
			x.got(1)
		}, 102, []uint64{100}},
		{"the server ends it", func(x *talk) { x.say(tcpACK, q); x.got(102); x.got(1); x.say(tcpFIN|tcpACK, nil) }, 102, []uint64{100}},
		{"the server ends it at once", func(x *talk) { x.say(tcpACK, q); x.got(103); x.say(tcpFIN|tcpACK, nil) }, 102, []uint64{100}},
		{"the server ends it, the client does not", func(x *talk) { x.say(tcpACK, q); x.got(102); x.got(1) }, 102, []uint64{100}},
		{"the server ends it without an answer", func(x *talk) { x.say(tcpACK, q); x.got(1); x.say(tcpFIN|tcpACK, nil) }, 0, nil},
		{"half closed", func(x *talk) { x.say(tcpFIN|tcpACK, q); x.got(102); x.got(1) }, 102, []uint64{100}},
		{"half closed, all at once", func(x *talk) { x.say(tcpFIN|tcpACK, q); x.got(103) }, 102, []uint64{100}},
		{"reset with an answer", func(x *talk) { x.say(tcpACK, q); x.got(102); x.say(tcpRST|tcpACK, nil) }, 102, []uint64{100}},
		{"reset without", func(x *talk) { x.say(tcpACK, q); x.say(tcpRST, nil); x.got(102) }, 0, nil},
		{"closed before the answer comes", func(x *talk) { x.say(tcpACK, q); x.say(tcpFIN|tcpACK, nil); x.ack = 0; x.say(tcpRST, nil) }, 0, nil},
		{"silent for ever", func(x *talk) { x.say(tcpACK, q); x.got(102) }, 102, []uint64{100}},
		{"pipelined", func(x *talk) {
			x.say(tcpACK, append(slices.Clone(q), q...))
			x.got(204)
			x.say(tcpFIN|tcpACK, nil)
			x.got(1)
		}, 204, nil},
		{"pipelined later", func(x *talk) {
			x.say(tcpACK, q)
			x.got(102)
			x.say(tcpACK, q)
			x.say(tcpACK, q)
			x.got(304)
			x.say(tcpACK, q)
			x.got(102)
			x.say(tcpFIN|tcpACK, nil)
			x.got(1)
		}, 508, []uint64{100}},
		{
			"asked in the middle of an answer's length",
			func(x *talk) { x.say(tcpACK, q); x.got(2); x.say(tcpACK, q); x.got(202); x.say(tcpRST, nil) }, 204, nil,
		},
		{"a query was not seen", func(x *talk) {
			x.say(tcpACK, q)
			x.seq += uint32(len(q))
			x.say(tcpACK, q)
			x.got(306)
			x.say(tcpRST, nil)
		}, 306, nil},
		{"a transfer", func(x *talk) {
			x.say(tcpACK, transfer)
			x.got(60000)
			x.say(tcpACK, q)
			x.got(102)
			x.say(tcpRST, nil)
		}, 60102, []uint64{100}},
		{"acknowledgements that jump", func(x *talk) { x.say(tcpACK, q); x.got(1 << 31); x.got(1 << 30) }, 0, nil},
		{"the port again", func(x *talk) {
			x.say(tcpACK, q)
			x.got(102)
			y := x.wire.talk(x.port, x.seq+1000, 77)
			y.say(tcpACK, q)
			y.got(202)
			y.say(tcpRST, nil)
		}, 304, []uint64{100, 200}},
	} {
		for _, start := range []uint32{1, 1<<32 - 50} { // the numbers wrap
			w := newWire(director())
			tt.talk(w.talk(4242, start, start+7))
			w.now += 100e9
			var want Histogram
			for _, n := range tt.sizes {
				want.add(ResponseSizes[:], n, 1)
			}
			if c := w.only(); c.AckedBytes != tt.bytes || c.AckedSize != want || c.Desyncs > 1 {
				t.Errorf("%s: %d bytes, want %d; sizes %+v, want %+v", tt.name, c.AckedBytes, tt.bytes, c.AckedSize, want)
			}
		}
	}
	// A connection that is older than the counter.
	w := newWire(director())
	x := &talk{w, 4242, 100, 200}
	x.say(tcpACK, q)
	x.got(102)
	x.say(tcpRST, nil)
	if c := w.only(); c.AckedBytes != 102 || c.AckedSize.Count() != 0 {
		t.Errorf("joined midway: %d bytes, %+v", c.AckedBytes, c.AckedSize)
	}
}

// TestAcksLikeResponses: on a host that sees both directions the acknowledgements say what the responses say.
func TestAcksLikeResponses(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	w := newWire(realServer())
	for n := range uint16(200) {
		x := w.talk(4242+n, random.Uint32(), random.Uint32())
		server := x.ack
		w.out(packets.Ether(macRouter, packets.IP(vip.Addr(), client.Addr(), protoTCP, packets.TCP(53, x.port, server-1, tcpSYN|tcpACK, nil))))
		for i := range uint16(1 + random.IntN(5)) {
			name := fmt.Sprintf("host-%d.example.com.", i)
			question := query(name, dns.TypeTXT, func(m *dns.Msg) { m.Id = i })
			r := new(dns.Msg).SetReply(question)
			for range random.IntN(300) {
				r.Answer = append(r.Answer, &dns.TXT{
					Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: 1},
					Txt: []string{"some text that takes room"},
				})
			}
			x.say(tcpACK, framed(pack(t, question)))
			for b := framed(pack(t, r)); len(b) > 0; {
				k := 1 + random.IntN(min(1448, len(b)))
				if k == 1 && len(b) == 1 { // an octet alone looks like a FIN at the end
					k = len(b)
				}
				w.out(packets.Ether(macRouter, packets.IP(vip.Addr(), client.Addr(), protoTCP, packets.TCP(53, x.port, server, tcpACK, b[:k]))))
				server, b = server+uint32(k), b[k:]
				if random.IntN(3) > 0 || len(b) == 0 {
					x.got(server - x.ack)
				}
			}
		}
		x.say(tcpFIN|tcpACK, nil)
		x.got(1)
	}
	c := w.only()
	if c.AckedSize != c.ResponseSize[TCP] || c.AckedSize.Count() < 400 || c.AckedBytes != c.AckedSize.Sum+2*c.AckedSize.Count() {
		t.Errorf("acknowledged %d: %+v\nresponses %+v", c.AckedBytes, c.AckedSize, c.ResponseSize[TCP])
	}
}

// FuzzAcks has a client say anything at all: it must not be counted for more octets than its acknowledgements moved.
func FuzzAcks(f *testing.F) {
	f.Add([]byte{0, 10, 0x10, 1, 1, 0x10, 0, 0x11, 0, 0x10})
	f.Fuzz(func(t *testing.T, script []byte) {
		w := newWire(director())
		x := w.talk(4242, 1, 1)
		q := framed(ask(t, 1, "a.", dns.TypeA))
		most := uint64(0)
		for len(script) >= 3 {
			step := uint32(script[0]) << (script[1] & 31)
			x.ack += step
			most += uint64(step)
			x.say(script[2]|tcpACK, q[:int(script[1])%(len(q)+1)])
			w.now += int64(script[2]) << 24
			script = script[3:]
		}
		w.now += 100e9
		c := w.only()
		if c.AckedBytes > most || c.AckedSize.Sum > most {
			t.Fatalf("%d bytes, sizes %d, and %d were acknowledged", c.AckedBytes, c.AckedSize.Sum, most)
		}
	})
}
