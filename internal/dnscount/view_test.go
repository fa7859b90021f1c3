package dnscount

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

func service(n int, servers ...Server) Service {
	return Service{Addr: netip.AddrFrom4([4]byte{192, 0, byte(n >> 8), byte(n)}), Port: 53, Servers: servers}
}

func (w *wire) askAt(t testing.TB, s Service, id uint16) {
	w.in(packets.Datagram(client, netip.AddrPortFrom(s.Addr, s.Port), macHost, ask(t, id, "a.", 1)))
}

// TestViewChanges: numbers stay with their service while others come and go, and also when it was away for a while.
func TestViewChanges(t *testing.T) {
	a, b, c := service(1), service(2), service(3)
	w := newWire(View{Services: []Service{a, b}})
	ids := uint16(0)
	send := func() {
		for _, s := range []Service{a, b, c} {
			ids++
			w.askAt(t, s, ids)
		}
	}
	report := func() (all []string) {
		for _, s := range w.Report().Services {
			all = append(all, fmt.Sprintf("%s=%d", s.At.Addr(), s.Counts.Queries[UDP][0]))
		}
		return all
	}
	for i, step := range []struct {
		view []Service
		want []string
	}{
		{[]Service{a, b}, []string{"192.0.0.1=1", "192.0.0.2=1"}},
		{[]Service{c, b}, []string{"192.0.0.2=2", "192.0.0.3=1"}},
		{[]Service{c, b, a}, []string{"192.0.0.1=2", "192.0.0.2=3", "192.0.0.3=2"}},
		{nil, nil},
		{[]Service{a}, []string{"192.0.0.1=3"}},
	} {
		w.Use(View{Services: step.view})
		send()
		if got := report(); !slices.Equal(got, step.want) {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
}

// TestTooMany: what is above the bounds goes together, and is not lost.
func TestTooMany(t *testing.T) {
	var v View
	for i := range MaxServices + 10 {
		s := service(i)
		for j := range MaxServers + 5 {
			s.Servers = append(s.Servers, Server{Addr: netip.AddrFrom4([4]byte{10, byte(i), 0, byte(j)}), Port: 53, Method: NAT})
		}
		v.Services = append(v.Services, s)
	}
	w := newWire(v)
	for i, s := range v.Services {
		w.askAt(t, s, uint16(i))
		for j, r := range s.Servers {
			w.out(packets.Datagram(client, netip.AddrPortFrom(r.Addr, r.Port), macDNS1, ask(t, uint16(j), "a.", 1)))
		}
	}
	r := w.Report()
	last := r.Services[len(r.Services)-1]
	if len(r.Services) != MaxServices+1 || last.At.IsValid() || last.Counts.Queries[UDP][0] != 10 {
		t.Errorf("%d services, the last one %s with %d queries", len(r.Services), last.At, last.Counts.Queries[UDP][0])
	}
	first := r.Services[0]
	if rest := first.Servers[len(first.Servers)-1]; len(first.Servers) != MaxServers+1 || rest.At.IsValid() || rest.Queries[UDP] != 5 {
		t.Errorf("%d real servers, the last one %+v", len(first.Servers), rest)
	}
	// The ones that were above get the room of those that left.
	w.Use(View{Services: v.Services[10:]})
	if r := w.Report(); len(r.Services) != MaxServices || r.Services[0].Counts.Queries[UDP][0] != 1 ||
		r.Services[MaxServices-1].Counts.Queries[UDP][0] != 0 {
		t.Errorf("%d services after the change", len(r.Services))
	}
}

// TestSampled: a sample has its share of the transactions, all of each, and stands for the rest.
func TestSampled(t *testing.T) {
	w := newWire(realServer())
	w.Sample(4)
	const sent = 40000
	for i := range sent {
		w.now += 1000
		id, port := uint16(i*31), uint16(1024+i%2048)
		from := netip.AddrPortFrom(client.Addr(), port)
		w.in(packets.Datagram(from, vip, macHost, ask(t, id, "a.", 1)))
		w.out(packets.Datagram(vip, from, macRouter, answer(t, id, "a.", 1, 0)))
	}
	c := w.only()
	if n := c.Queries[UDP][0]; n < sent*95/100 || n > sent*105/100 || n%16 != 0 {
		t.Errorf("%d queries counted of %d", n, sent)
	}
	if c.Responses[UDP][0] != c.Queries[UDP][0] || c.Latency[UDP].Count() != c.Queries[UDP][0] || c.Unanswered+c.Orphans != 0 {
		t.Errorf("halves of exchanges: %+v", c)
	}
	if w.totals.Unsampled+c.Queries[UDP][0]/16*2 != 2*sent {
		t.Errorf("%d left out", w.totals.Unsampled)
	}
	for shift := range uint8(MaxSample) {
		for id := range uint16(1000) {
			if Sampled(id, 4242, shift+1) && !Sampled(id, 4242, shift) {
				t.Fatalf("a sample of 1/%d is not part of that of 1/%d", 2<<shift, 1<<shift)
			}
		}
	}
}
