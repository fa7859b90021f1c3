package conntrack

import (
	"net/netip"
	"testing"
)

// BenchmarkEntry is what a pass does for each entry besides what the kernel does.
func BenchmarkEntry(b *testing.B) {
	var services []Service
	for i := range 1000 {
		s := Service{At: netip.AddrPortFrom(host(false, 192, i), 53)}
		for j := range 5 {
			s.Servers = append(s.Servers, Server{At: netip.AddrPortFrom(host(false, 198, j), 53)})
		}
		services = append(services, s)
	}
	services = append(services, Service{At: addr("192.0.2.1:53"), Servers: []Server{{At: addr("198.51.100.1:53")}}})
	t := tally{index: NewServices(services), pass: Pass{Services: make([]Count, len(services))}}
	m := message{attrs: anEntry(b)}
	b.ReportAllocs()
	for b.Loop() {
		t.left = 1
		if err := t.add(m); err != nil {
			b.Fatal(err)
		}
	}
}
