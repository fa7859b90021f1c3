package dnscount

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
)

// pieces cuts a payload as a sender with a small MTU does.
func pieces(src, dst netip.Addr, proto byte, payload []byte, id uint16, size int) (all [][]byte) {
	for at := 0; at < len(payload); at += size {
		end := min(at+size, len(payload))
		all = append(all, packets.Fragment(src, dst, proto, payload[at:end], id, at, end < len(payload)))
	}
	return all
}

func large(t testing.TB, id uint16, rcode int) []byte {
	m := new(dns.Msg).SetRcode(query("a.", dns.TypeTXT, func(m *dns.Msg) { m.Id = id }), rcode)
	for range 60 {
		m.Answer = append(m.Answer, records(t, `a. TXT "some text that takes room, some text that takes room"`)...)
	}
	withEDNS(m, 4096, true, &dns.EDNS0_EDE{InfoCode: 22})
	return pack(t, m)
}

func TestFragments(t *testing.T) {
	for family, at := range []struct{ client, vip netip.AddrPort }{{client, vip}, {client6, vip6}} {
		only := func(w *wire) Counts {
			w.now += 10e9
			w.Tick(w.now)
			return w.Report().Services[family].Counts
		}
		b := large(t, 7, dns.RcodeBadVers)
		parts := pieces(at.vip.Addr(), at.client.Addr(), protoUDP, packets.UDP(53, at.client.Port(), b), 99, 1480)
		if len(parts) != 3 {
			t.Fatalf("%d fragments", len(parts))
		}
		// What matters comes in the last fragment: extended rcode, extended error.
		w := newWire(realServer())
		for _, p := range parts {
			w.out(packets.Ether(macRouter, p))
		}
		c := only(w)
		if c.Fragmented[Response][family] != 1 || c.Fragments[First][Response] != 1 || c.Fragments[Later][Response] != 2 ||
			c.Fragments[Unattributed][Response] != 0 {
			t.Errorf("fragments: %+v", c.Fragments)
		}
		if c.Responses[UDP][9] != 1 || c.ExtendedErrors[8] != 1 || c.ResponseSize[UDP].Sum != uint64(len(b)) {
			t.Errorf("response: %+v", c)
		}
		// The last one is lost: the header still says what it says.
		w = newWire(realServer())
		w.out(packets.Ether(macRouter, parts[0]))
		w.out(packets.Ether(macRouter, parts[1]))
		if c := only(w); c.Responses[UDP][0] != 1 || c.ResponseSize[UDP].Sum != uint64(len(b)) || c.Malformed != [len(Defects)]uint64{} {
			t.Errorf("without the last one: %+v", c)
		}
		// The one between them is lost.
		w = newWire(realServer())
		w.out(packets.Ether(macRouter, parts[0]))
		w.out(packets.Ether(macRouter, parts[2]))
		if c := only(w); c.Responses[UDP][0] != 1 || c.Fragments[Later][Response] != 1 {
			t.Errorf("without the second one: %+v", c)
		}
		// The first one is lost.
		w = newWire(realServer())
		w.out(packets.Ether(macRouter, parts[1]))
		w.out(packets.Ether(macRouter, parts[2]))
		if c := only(w); c.Fragments[Unattributed][Response] != 2 || c.Responses[UDP] != [len(Rcodes)]uint64{} {
			t.Errorf("without the first one: %+v", c)
		}
		// In and out are apart: a director sends on what it put together, under the same addresses and ID.
		w = newWire(director())
		long := pack(t, query("a.", dns.TypeTXT, func(m *dns.Msg) {
			withEDNS(m, 1232, true, &dns.EDNS0_PADDING{Padding: make([]byte, 3000)})
		}))
		q := pieces(at.client.Addr(), at.vip.Addr(), protoUDP, packets.UDP(at.client.Port(), 53, long), 5, 1480)
		for _, p := range q {
			w.in(packets.Ether(macHost, p))
		}
		for _, p := range q {
			w.out(packets.Ether(macDNS1, p))
		}
		c = only(w)
		if c.Fragmented[Query][family] != 1 || c.Fragments[First][Query] != 1 || c.Fragments[Later][Query] != 2 ||
			c.Fragments[Unattributed][Query] != 0 ||
			c.Queries[UDP][family] != 1 || c.QueryFlags[3] != 1 || c.Seen[UDP] != 1 {
			t.Errorf("on a director: %+v", c)
		}
		if got := w.Report().Services[family].Servers[0].Queries[UDP]; got != 1 {
			t.Errorf("the real server got %d queries", got)
		}
	}
}

// TestOuterFragments: a tunnel's packet is cut after the query was put inside, so ports are in the first piece only.
func TestOuterFragments(t *testing.T) {
	message := pack(t, query("a.", dns.TypeTXT, func(m *dns.Msg) {
		withEDNS(m, 1232, true, &dns.EDNS0_PADDING{Padding: make([]byte, 1400)})
	}))
	inner := packets.IP(client.Addr(), vip.Addr(), protoUDP, packets.UDP(client.Port(), 53, message))
	parts := pieces(ip("192.0.2.11"), ip("192.0.2.22"), protoIPIP, inner, 77, 1400)

	w := newWire(director())
	w.in(packets.Datagram(client, vip, macHost, message))
	for _, p := range parts {
		w.out(packets.Ether(macRouter, p))
	}
	c := w.only()
	if c.Queries[UDP][0] != 1 || c.Fragments[Outer][Query] != 2 || c.Fragmented[Query][0] != 0 ||
		w.Report().Services[0].Servers[1].Queries[UDP] != 1 {
		t.Errorf("director: %+v", c)
	}

	w = newWire(realServer())
	for _, p := range parts {
		w.in(packets.Ether(macHost, p))
	}
	c = w.only()
	if c.Queries[UDP][0] != 1 || c.Fragments[Outer][Query] != 2 || c.QueryFlags[3] != 1 || c.ByType[6] != 1 {
		t.Errorf("real server: %+v", c)
	}
}

func TestFeedback(t *testing.T) {
	icmp := func(kind, code byte, quoted []byte) []byte {
		return append([]byte{kind, code, 0, 0, 0, 0, 5, 0}, quoted...)
	}
	router, router6 := ip("203.0.113.254"), ip("2001:db8:ffff::1")
	response := packets.IP(vip.Addr(), client.Addr(), protoUDP, packets.UDP(53, client.Port(), make([]byte, 20)))
	response6 := packets.IP(vip6.Addr(), client6.Addr(), protoUDP, packets.UDP(53, client6.Port(), make([]byte, 20)))
	segment := packets.IP(vip.Addr(), client.Addr(), protoTCP, packets.TCP(53, client.Port(), 1, tcpACK, nil))
	later := packets.Fragment(vip.Addr(), client.Addr(), protoUDP, make([]byte, 20), 9, 1480, false)
	first6 := packets.Fragment(vip6.Addr(), client6.Addr(), protoUDP, packets.UDP(53, client6.Port(), make([]byte, 20)), 9, 0, true)
	asked := packets.IP(client.Addr(), vip.Addr(), protoUDP, packets.UDP(client.Port(), 53, make([]byte, 20)))
	for _, tt := range []struct {
		name    string
		b       []byte
		out     bool
		service int
		kind    int // -1: none
	}{
		{"does not fit", packets.IP(router, vip.Addr(), protoICMP, icmp(3, 4, response)), false, 0, FragNeeded},
		{"eight octets quoted", packets.IP(router, vip.Addr(), protoICMP, icmp(3, 4, response[:28])), false, 0, FragNeeded},
		{"too big", packets.IP(router6, vip6.Addr(), protoICMPv6, icmp(2, 0, response6)), false, 1, PacketTooBig},
		{"too big, a fragment", packets.IP(router6, vip6.Addr(), protoICMPv6, icmp(2, 0, first6)), false, 1, PacketTooBig},
		{"never whole", packets.IP(client.Addr(), vip.Addr(), protoICMP, icmp(11, 1, response)), false, 0, ReassemblyTime},
		{"never whole, IPv6", packets.IP(client6.Addr(), vip6.Addr(), protoICMPv6, icmp(3, 1, response6)), false, 1, ReassemblyTime},
		{"nobody there", packets.IP(client.Addr(), vip.Addr(), protoICMP, icmp(3, 3, response)), false, 0, PortUnreachable},
		{"nobody there, IPv6", packets.IP(client6.Addr(), vip6.Addr(), protoICMPv6, icmp(1, 4, response6)), false, 1, PortUnreachable},
		{"prohibited", packets.IP(router, vip.Addr(), protoICMP, icmp(3, 13, segment)), false, 0, OtherFeedback},
		{"about a later fragment", packets.IP(router, vip.Addr(), protoICMP, icmp(3, 4, later)), false, 0, FragNeeded},
		{"sent by the director", packets.IP(vip.Addr(), client.Addr(), protoICMP, icmp(3, 4, asked)), true, 0, FragNeeded},
		{"forwarded", packets.IP(router, vip.Addr(), protoICMP, icmp(3, 4, response)), true, 0, -1},
		{"about something else", packets.IP(router, vip.Addr(), protoICMP, icmp(3, 4, asked)), false, 0, -1},
		{"ping", packets.IP(router, vip.Addr(), protoICMP, icmp(8, 0, response)), false, 0, -1},
		{"neighbour", packets.IP(router6, vip6.Addr(), protoICMPv6, icmp(135, 0, response6)), false, 1, -1},
		{"cut", packets.IP(router, vip.Addr(), protoICMP, icmp(3, 4, response[:10])), false, 0, -1},
	} {
		w := newWire(director())
		direction := Query
		if tt.out {
			direction = Response
			w.out(packets.Ether(macRouter, tt.b))
		} else {
			w.in(packets.Ether(macHost, tt.b))
		}
		got := w.Report().Services[tt.service].Counts.Feedback
		var want [len(Feedbacks)][len(FeedbackDirections)]uint64
		if tt.kind >= 0 {
			want[tt.kind][direction] = 1
		}
		if got != want {
			t.Errorf("%s: %v, want %v", tt.name, got, want)
		}
	}
}
