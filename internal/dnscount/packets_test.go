package dnscount

import (
	"net/netip"
)

var (
	macHost   = [6]byte{2, 0, 0, 0, 0, 1}
	macRouter = [6]byte{2, 0, 0, 0, 0, 9}
	macDNS1   = [6]byte{2, 0, 0, 0, 0, 0x21}
	macDNS2   = [6]byte{2, 0, 0, 0, 0, 0x22}
)

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
func ip(s string) netip.Addr     { return netip.MustParseAddr(s) }

// wire is frames that a Counter is given, with a clock.
type wire struct {
	*Counter
	now int64
}

func newWire(v View) *wire {
	c := New(Options{Seed: 7, Waiting: 4096, Flows: 256, Fragments: 64})
	c.Use(v)
	return &wire{c, 1e18}
}

func (w *wire) in(b []byte)  { w.frame(b, Host) }
func (w *wire) out(b []byte) { w.frame(b, Outgoing) }

func (w *wire) frame(b []byte, kind Kind) {
	w.Frame(&Frame{Data: b, Wire: len(b), Time: w.now, Kind: kind})
}

func (w *wire) only() Counts {
	w.Tick(w.now)
	return w.Report().Services[0].Counts
}

// director is a view with a virtual server of each family and each method.
func director() View {
	return View{
		Role:  Director,
		Local: []netip.Addr{ip("192.0.2.11"), ip("2001:db8::11")},
		MACs:  [][6]byte{macHost},
		Services: []Service{
			{Addr: ip("192.0.2.1"), Port: 53, Servers: []Server{
				{Addr: ip("192.0.2.21"), Port: 53, Method: DR, MAC: macDNS1},
				{Addr: ip("192.0.2.22"), Port: 53, Method: TUN},
				{Addr: ip("192.0.2.23"), Port: 5353, Method: NAT},
			}},
			{Addr: ip("2001:db8::1"), Port: 53, Servers: []Server{
				{Addr: ip("2001:db8::21"), Port: 53, Method: DR, MAC: macDNS1},
				{Addr: ip("2001:db8::22"), Port: 53, Method: TUN},
			}},
		},
		GUEPorts: []uint16{6080},
	}
}

// realServer is a view of one with the same virtual servers.
func realServer() View {
	v := director()
	v.Role = RealServer
	v.Local = []netip.Addr{ip("192.0.2.21"), ip("2001:db8::21")}
	for i := range v.Services {
		v.Services[i].Servers = nil
	}
	return v
}
