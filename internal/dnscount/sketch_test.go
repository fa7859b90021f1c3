package dnscount

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
	"github.com/lvsdns/lvsdns/internal/dnscount/top"
)

// sketched is a wire with a table of what is asked most, in plain text.
func sketched(v View) *wire {
	c := New(Options{Seed: 7, Waiting: 4096, Flows: 256, Fragments: 64, Top: top.New(top.Options{ZoneForm: top.Plain, ClientForm: top.Plain})})
	c.Use(v)
	return &wire{c, 1e18}
}

func (w *wire) lists() (zones, clients string) {
	var z, n []string
	r := w.Top(w.now, 10)
	for _, x := range r.Zones {
		z = append(z, fmt.Sprintf("%s=%d at %s", x.Zone, x.Queries, x.At.Addr()))
	}
	for _, x := range r.Clients {
		n = append(n, fmt.Sprintf("%s=%d", x.Client, x.Queries))
	}
	return strings.Join(z, ", "), strings.Join(n, ", ")
}

// TestSketch: which messages are among what is asked most, and by which name.
func TestSketch(t *testing.T) {
	question := ask(t, 1, "www.example.com.", dns.TypeA)
	stream := func(w *wire, segments ...[]byte) {
		seq := uint32(100)
		for _, b := range segments {
			w.in(packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(4242, 53, seq, tcpACK, b))))
			seq += uint32(len(b))
		}
	}
	notify := pack(t, query("example.org.", dns.TypeSOA, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }))
	none := pack(t, &dns.Msg{})
	const one, net = "example.com.=1 at 192.0.2.1", "198.51.100.0/24=1"
	for _, tt := range []struct {
		name           string
		send           func(w *wire)
		zones, clients string
	}{
		{"UDP", func(w *wire) { w.in(packets.Datagram(client, vip, macHost, question)) }, one, net},
		{
			"IPv6", func(w *wire) { w.in(packets.Datagram(client6, vip6, macHost, question)) },
			"example.com.=1 at 2001:db8::1", "2001:db8:5::/56=1",
		},
		{"the copy to the real server", func(w *wire) {
			w.in(packets.Datagram(client, vip, macHost, question))
			w.out(packets.Datagram(client, vip, macDNS1, question))
		}, one, net},
		{"TCP", func(w *wire) { stream(w, framed(question)) }, one, net},
		{"TCP, two in a segment", func(w *wire) { stream(w, framed(question, question)) }, "example.com.=2 at 192.0.2.1", "198.51.100.0/24=2"},
		{"TCP, in pieces", func(w *wire) { stream(w, framed(question), framed(question)[:20], framed(question)[20:]) }, one, "198.51.100.0/24=2"},
		{"a notification", func(w *wire) { w.in(packets.Datagram(client, vip, macHost, notify)) }, "", net},
		{"no question", func(w *wire) { w.in(packets.Datagram(client, vip, macHost, none)) }, "", net},
		{"a name that is cut", func(w *wire) { w.in(packets.Datagram(client, vip, macHost, question[:16])) }, "", net},
		{"garbage", func(w *wire) { w.in(packets.Datagram(client, vip, macHost, question[:5])) }, "", ""},
		{"a response alone", func(w *wire) {
			w.out(packets.Datagram(vip, client, macRouter, answer(t, 1, "www.example.com.", dns.TypeA, 0)))
		}, "", ""},
		{"nobody's", func(w *wire) { w.in(packets.Datagram(client, ap("192.0.2.99:53"), macHost, question)) }, "", ""},
		{"a minute ago", func(w *wire) { w.in(packets.Datagram(client, vip, macHost, question)); w.now += 61e9 }, one, net},
		{"three minutes ago", func(w *wire) {
			w.in(packets.Datagram(client, vip, macHost, question))
			w.now += 180e9
			w.Tick(w.now)
		}, "", ""},
	} {
		w := sketched(director())
		tt.send(w)
		if zones, clients := w.lists(); zones != tt.zones || clients != tt.clients {
			t.Errorf("%s: %q and %q, want %q and %q", tt.name, zones, clients, tt.zones, tt.clients)
		}
	}
	if newWire(director()).Top(0, 10) != nil {
		t.Error("nobody asked for it")
	}
	// Who takes the slot of another has none of its questions.
	w := sketched(director())
	w.in(packets.Datagram(client, vip, macHost, question))
	var others View
	for i := range MaxServices {
		others.Services = append(others.Services, service(i))
	}
	w.Use(others)
	if zones, clients := w.lists(); zones+clients != "" {
		t.Errorf("others' questions: %s, %s", zones, clients)
	}
}

// flood is an attack with random subdomains, among clients that ask for what is there.
func flood(t testing.TB, w *wire, answers bool) {
	random := rand.New(rand.NewPCG(1, 9))
	for i := range 20_000 {
		w.now += 1e6
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())}), 4242)
		name, rcode := fmt.Sprintf("www.site%d.example.", int(random.ExpFloat64()*20)), 0
		if i%4 == 0 {
			name, rcode = fmt.Sprintf("%x.victim.example.", random.Uint32()), dns.RcodeNameError
		}
		w.in(packets.Datagram(from, vip, macHost, ask(t, uint16(i), name, dns.TypeA)))
		if answers {
			w.out(packets.Datagram(vip, from, macRouter, answer(t, uint16(i), name, dns.TypeA, rcode)))
		}
	}
}

// TestSketchAttack: the zone under attack stands out, on a director without sight of the answers and on a real server.
func TestSketchAttack(t *testing.T) {
	for _, v := range []View{director(), realServer()} {
		w := sketched(v)
		flood(t, w, v.Role == RealServer)
		r := w.Top(w.now, 20)
		if z := r.Zones[0]; z.Zone != "victim.example." || z.Queries < 5000 || z.Queries-z.Error > 5000 ||
			z.RandomSubdomains < 0.9 || z.Answers != (v.Role == RealServer) {
			t.Errorf("%s: %+v", v.Role, z)
		}
		for _, z := range r.Zones[1:] {
			if z.RandomSubdomains > 0.1 {
				t.Errorf("%s: %+v", v.Role, z)
			}
		}
		if s := r.Services[0]; s.Queries != 20_000 || s.Clients < 18_500 || s.Clients > 21_500 || s.Names < 4600 || s.Names > 5600 {
			t.Errorf("%s: %+v", v.Role, s)
		}
	}
}

// TestSketchSampled: with a sample the counts are of all, about.
func TestSketchSampled(t *testing.T) {
	w := sketched(realServer())
	w.Sample(3)
	flood(t, w, true)
	r := w.Top(w.now, 20)
	if z := r.Zones[0]; z.Zone != "victim.example." || z.Queries < 4000 || z.Queries > 6500 || z.RandomSubdomains < 0.9 {
		t.Errorf("%+v", z)
	}
}

// TestSketchAllocations: a frame costs none, with what is asked most, too.
func TestSketchAllocations(t *testing.T) {
	w := sketched(director())
	b := packets.Datagram(client, vip, macHost, ask(t, 1, "www.aaaa.example.com.", dns.TypeA))
	f := Frame{Data: b, Wire: len(b)}
	n := uint32(0)
	if allocs := testing.AllocsPerRun(10_000, func() {
		n += 0x01010101 // of the name and of the client
		binary.BigEndian.PutUint32(b[14+12:], n)
		binary.BigEndian.PutUint32(b[14+20+8+12+5:], n&0x0f0f0f0f|0x60606060)
		w.now += 1e7 // windows pass meanwhile
		f.Time = w.now
		w.Frame(&f)
	}); allocs != 0 {
		t.Errorf("%g allocations for a frame", allocs)
	}
}

// BenchmarkFrameQueryTop is BenchmarkFrameQuery with what is asked most.
func BenchmarkFrameQueryTop(b *testing.B) {
	all := frames(b, 20000)
	c := New(Options{Seed: 9, Top: top.New(top.Options{})})
	c.Use(director())
	now := int64(1e18)
	b.ReportAllocs()
	defer processorTime(b)()
	i := 0
	for b.Loop() {
		f := &all[i]
		now += 1000
		f.Time = now
		c.Frame(f)
		if i += 3; i >= len(all) {
			i = 0
		}
	}
}
