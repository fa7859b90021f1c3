package dnscount

import (
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
	"github.com/lvsdns/lvsdns/internal/dnscount/top"
)

// frames is traffic of a director: queries of many clients and both copies of all, with responses as NAT has them.
func frames(t testing.TB, clients int) (all []Frame) {
	add := func(b []byte, kind Kind) { all = append(all, Frame{Data: b, Wire: len(b), Kind: kind}) }
	for i := range clients {
		from := client
		m := query("www.example.com.", dns.TypeAAAA, func(m *dns.Msg) {
			m.Id = uint16(i * 40503)
			withEDNS(m, 1232, true, &dns.EDNS0_COOKIE{Code: 10, Cookie: "0011223344556677"})
		})
		r := new(dns.Msg).SetRcode(m, 0)
		r.Answer = records(
			t, "www.example.com. AAAA 2001:db8::1", "www.example.com. AAAA 2001:db8::2",
			"www.example.com. AAAA 2001:db8::3", "www.example.com. AAAA 2001:db8::4",
		)
		withEDNS(r, 1232, true)
		r.Compress = true
		addr := from.Addr().As4()
		binary.BigEndian.PutUint16(addr[2:], uint16(i))
		from = ap(ip("198.51.100.1").String() + ":4242")
		asked := packets.Datagram(from, vip, macHost, pack(t, m))
		copy(asked[26:], addr[:])
		forwarded := packets.Datagram(from, vip, macDNS1, pack(t, m))
		copy(forwarded[26:], addr[:])
		answered := packets.Datagram(vip, from, macRouter, pack(t, r))
		copy(answered[30:], addr[:])
		add(asked, Host)
		add(forwarded, Outgoing)
		add(answered, Outgoing)
	}
	return all
}

// processorTime reports what this process had of a processor, which others on the machine do not change as they change
// the time that passes.
func processorTime(b *testing.B) func() {
	used := func() int64 {
		var r unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return r.Utime.Nano() + r.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

func benchmark(b *testing.B, all []Frame) {
	c := New(Options{Seed: 9})
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
		if i++; i == len(all) {
			i = 0
		}
	}
	if n := c.Report().Services[0].Counts.Queries[UDP][0]; b.N > len(all) && n == 0 {
		b.Fatal("nothing counted")
	}
}

// BenchmarkFrame is one packet of a director's traffic, of 20,000 clients that lie scattered in memory.
func BenchmarkFrame(b *testing.B) { benchmark(b, frames(b, 20000)) }

// BenchmarkFrameWarm is the same of so few clients that all is in the processor's cache.
func BenchmarkFrameWarm(b *testing.B) { benchmark(b, frames(b, 64)) }

func BenchmarkFrameQuery(b *testing.B) {
	all := frames(b, 20000)
	var queries []Frame
	for i := 0; i < len(all); i += 3 {
		queries = append(queries, all[i])
	}
	benchmark(b, queries)
}

// BenchmarkFrameTCP is one segment with one query.
func BenchmarkFrameTCP(b *testing.B) {
	data := framed(ask(b, 1, "www.example.com.", dns.TypeAAAA))
	var all []Frame
	for i := range 20000 {
		p := packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(uint16(i), 53, 1, tcpACK, data)))
		all = append(all, Frame{Data: p, Wire: len(p)})
	}
	c := New(Options{Seed: 9})
	c.Use(director())
	b.ReportAllocs()
	defer processorTime(b)()
	i, round := 0, uint32(0)
	for b.Loop() {
		f := &all[i]
		binary.BigEndian.PutUint32(f.Data[14+20+4:], 1+round*uint32(len(data)))
		f.Time++
		c.Frame(f)
		if i++; i == len(all) {
			i, round = 0, round+1
		}
	}
}

// BenchmarkDecode is the parser alone: a packet taken apart, link to EDNS, and nothing counted.
func BenchmarkDecode(b *testing.B) {
	all := frames(b, 64)
	var p packet
	var m Message
	b.ReportAllocs()
	defer processorTime(b)()
	i := 0
	for b.Loop() {
		f := &all[i]
		if decode(f, &p, nil) {
			m.Parse(p.payload, p.size)
		}
		if i++; i == len(all) {
			i = 0
		}
	}
}

func BenchmarkParse(b *testing.B) {
	all := frames(b, 1)
	for _, part := range []struct {
		name string
		b    []byte
	}{{"query", all[0].Data[42:]}, {"response", all[2].Data[42:]}} {
		b.Run(part.name, func(b *testing.B) {
			var m Message
			b.ReportAllocs()
			defer processorTime(b)()
			for b.Loop() {
				m.Parse(part.b, len(part.b))
			}
		})
	}
}

// TestNoAllocations: a frame costs no memory, whatever it is.
func TestNoAllocations(t *testing.T) {
	c := New(Options{Seed: 9})
	c.Use(director())
	all := frames(t, 50)
	data := framed(ask(t, 1, "a.", 1), large(t, 2, 0))
	for i := range 50 {
		b := packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(uint16(i), 53, 1, tcpACK, data[:40+i])))
		all = append(all, Frame{Data: b, Wire: len(b)})
	}
	for _, p := range pieces(vip.Addr(), client.Addr(), protoUDP, packets.UDP(53, 1, large(t, 3, 0)), 1, 1480) {
		p = packets.Ether(macRouter, p)
		all = append(all, Frame{Data: p, Wire: len(p), Kind: Outgoing})
	}
	if n := testing.AllocsPerRun(20, func() {
		for i := range all {
			c.Frame(&all[i])
		}
		c.Tick(1e10)
	}); n != 0 {
		t.Errorf("%g allocations for %d frames", n, len(all))
	}
}

func FuzzFrame(f *testing.F) {
	for i, frame := range frames(f, 2) {
		f.Add(frame.Data, []byte{}, uint8(frame.Kind), uint8(i))
	}
	inner := packets.IP(client.Addr(), vip.Addr(), protoUDP, packets.UDP(1, 53, ask(f, 1, "a.", 1)))
	f.Add(
		packets.Ether(macHost, packets.IP(ip("192.0.2.11"), ip("192.0.2.22"), protoIPIP, inner)),
		packets.Ether(macHost, inner6Fragment(f), 7), uint8(0), uint8(1),
	)
	f.Add(
		packets.Ether(macHost, packets.IP(client.Addr(), vip.Addr(), protoTCP, packets.TCP(1, 53, 1, 16, framed(ask(f, 1, "a.", 1))))),
		packets.Ether(macHost, inner), uint8(0), uint8(2),
	)
	f.Add(
		packets.Ether(macHost, packets.IP(ip("192.0.2.11"), vip.Addr(), protoICMP, append([]byte{3, 4, 0, 0, 0, 0, 0, 0}, inner...))),
		packets.Ether(macHost, inner), uint8(0), uint8(2),
	)
	counters := map[Role]*Counter{}
	for _, v := range []View{director(), realServer()} {
		counters[v.Role] = New(Options{Seed: 1, Waiting: 64, Flows: 64, Fragments: 64, Top: top.New(top.Options{Zones: 4, Clients: 4})})
		counters[v.Role].Use(v)
	}
	f.Fuzz(func(t *testing.T, one, two []byte, kind, cut uint8) {
		for _, b := range [][]byte{one, two} {
			samePlain(t, b)
		}
		c := counters[Role(kind>>4&1)]
		before := c.totals
		for i, b := range [][]byte{one, two, one} {
			c.Sample(kind >> 5)
			c.Frame(&Frame{
				Data: b[:max(0, len(b)-int(cut)*(i&1))], Wire: len(b), Time: int64(i) * 1e9, Kind: Kind(kind & 7),
				Link: Link(kind >> 3 & 1),
			})
		}
		c.Tick(int64(cut) * 1e9)
		if c.totals.Frames != before.Frames+3 {
			t.Error("frames are not counted")
		}
		if r := c.Top(int64(cut)*1e9, 2); len(r.Zones) > 4 || len(r.Clients) > 2 {
			t.Errorf("%+v", r)
		}
		for _, s := range c.Report().Services {
			var queries, types uint64
			for _, transport := range s.Counts.Queries {
				queries += transport[0] + transport[1]
			}
			for _, n := range s.Counts.ByType {
				types += n
			}
			if queries != types {
				t.Fatalf("%d queries, and %d by type", queries, types)
			}
		}
	})
}

func inner6Fragment(t testing.TB) []byte {
	return packets.Fragment(client6.Addr(), vip6.Addr(), protoUDP, packets.UDP(1, 53, ask(t, 1, "a.", 1)), 1, 0, true)
}

// samePlain: what the short way takes, the long one finds the same in.
func samePlain(t *testing.T, b []byte) {
	t.Helper()
	var short, long packet
	if short.guePorts = []uint16{6080}; !short.plain(b) {
		return
	}
	long.guePorts = short.guePorts
	copy(long.mac[:], b)
	if !long.ip(b[14:], len(b)-14, 0) || !reflect.DeepEqual(short, long) {
		t.Fatalf("%+v, and %+v the long way", short, long)
	}
}

// TestPlain: the short way is taken by what it is for.
func TestPlain(t *testing.T) {
	for _, f := range frames(t, 20) {
		var p packet
		if len(f.Data) > 14 && f.Data[14]>>4 == 4 && f.Data[23] == protoUDP && !p.plain(f.Data) {
			t.Errorf("%x", f.Data)
		}
		samePlain(t, f.Data)
	}
}
