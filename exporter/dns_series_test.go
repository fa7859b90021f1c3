package exporter

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/exporter/internal/dns"
	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/dnscount/packets"
	"github.com/lvsdns/lvsdns/internal/dnscount/top"
)

// seriesOf are the DNS series of a page, without their values.
func seriesOf(page string) (all []string) {
	for _, l := range dnsLines(page) {
		if !strings.HasPrefix(l, "#") {
			all = append(all, l[:strings.LastIndexByte(l, ' ')])
		}
	}
	return all
}

// TestDNSSeriesTable: the table in docs/dns.md is the number of series that there are, for each metric and in sum.
func TestDNSSeriesTable(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Traffic = dnsTraffic(nil) })
	have, ofHost, ofCard := map[string][2]int{}, 0, 0
	for _, s := range seriesOf(r.page(t, "")) {
		switch capture := strings.HasPrefix(s, "lvsdns_capture_"); {
		case capture && strings.Contains(s, "interface="):
			ofCard++
		case capture && !strings.Contains(s, "vip="):
			ofHost++
		}
		name, labels, _ := strings.Cut(s, "{")
		name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		for i, vip := range []string{"2001:db8::1", "192.0.2.1"} {
			if strings.HasPrefix(labels, `vip="`+vip+`",vport="53"`) && !strings.Contains(labels, "rip=") {
				n := have[name]
				n[i]++
				have[name] = n
			}
		}
	}
	text, err := os.ReadFile("../docs/dns.md")
	if err != nil {
		t.Fatal(err)
	}
	if formula := fmt.Sprintf("series = %d + %d × cards + ", ofHost, ofCard); !strings.Contains(string(text), formula) {
		t.Errorf("the formula in docs/dns.md does not begin with %q", formula)
	}
	told, sum := map[string][2]int{}, [2]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(lvsdns_[a-z_]+)` \\| [^|]* \\| ([0-9]+) \\| ([0-9]+) \\|$").FindAllStringSubmatch(string(text), -1) {
		with, _ := strconv.Atoi(m[2])
		without, _ := strconv.Atoi(m[3])
		if _, optional := have[m[1]]; optional { // the two that may be absent are in the table, not in the sum
			told[m[1]] = [2]int{with, without}
			sum[0], sum[1] = sum[0]+with, sum[1]+without
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if told[name] != have[name] {
			t.Errorf("docs/dns.md says %d of %s, and there are %d", told[name], name, have[name])
		}
	}
	if want := [2]int{dnsSeriesPerVIP, dnsSeriesBypassed}; sum != want || !strings.Contains(string(text), fmt.Sprintf("| **sum** | | **%d** | **%d** |", sum[0], sum[1])) {
		t.Errorf("the table in docs/dns.md sums up to %d, want %d", sum, want)
	}
}

// TestDNSMillion: a million names, asked by a million clients, make no series, take no memory, and leave no trace on the page.
func TestDNSMillion(t *testing.T) {
	const messages = 1_000_000
	c := dnscount.New(dnscount.Options{Seed: 1, Top: top.New(top.Options{})})
	c.Use(dnscount.View{Services: []dnscount.Service{
		{Addr: netip.MustParseAddr("192.0.2.1"), Port: 53, Servers: []dnscount.Server{{Addr: netip.MustParseAddr("198.51.100.1"), Port: 53, Method: dnscount.DR, MAC: dnsServer1}}},
		{Addr: netip.MustParseAddr("2001:db8::1"), Port: 53, Servers: []dnscount.Server{{Addr: netip.MustParseAddr("2001:db8::21"), Port: 53, Method: dnscount.NAT}}},
	}})
	traffic := &fakeTop{counter: c}
	r := newRig(t, func(c *Config) { c.Traffic, c.Top = traffic, traffic })
	before := seriesOf(r.page(t, ""))

	// A name of four labels, of which three and the octets of the addresses are drawn for each message.
	message := append([]byte{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "\x08aaaaaaaa\x08bbbbbbbb\x08cccccccc\x03com\x00\x00\x01\x00\x01"...)
	query4 := packets.Datagram(netip.MustParseAddrPort("10.0.0.1:4242"), netip.MustParseAddrPort("192.0.2.1:53"), dnsHost, message)
	query6 := packets.Datagram(netip.MustParseAddrPort("[2001:db8:5::5]:4242"), netip.MustParseAddrPort("[2001:db8::1]:53"), dnsHost, message)
	message[2] |= 0x80
	answer6 := packets.Datagram(netip.MustParseAddrPort("[2001:db8::1]:53"), netip.MustParseAddrPort("[2001:db8:5::5]:4242"), dnsServer1, message)
	const ethernet, ip4, ip6, udp, header = 14, 20, 40, 8, 12
	random := rand.New(rand.NewPCG(5, 6))
	frame, now := dnscount.Frame{}, int64(1e18)
	count := func(b []byte, kind dnscount.Kind) {
		frame = dnscount.Frame{Data: b, Wire: len(b), Time: now, Kind: kind}
		c.Frame(&frame)
	}
	send := func(n int) {
		for i := range n {
			now += 100_000 // 10,000 in a second
			b, source, payload := query4, ethernet+12, ethernet+ip4+udp
			if i%2 == 0 {
				b, source, payload = query6, ethernet+8, ethernet+ip6+udp
			}
			binary.BigEndian.PutUint32(b[source:], random.Uint32()|1<<31)
			name := b[payload+header:]
			for label := 1; label < 28; label += 9 { // any octets may be in them
				binary.LittleEndian.PutUint64(name[label:], random.Uint64())
			}
			binary.BigEndian.PutUint32(b[payload:], random.Uint32()&^(0x8000)|0x0100)
			binary.BigEndian.PutUint16(b[payload+2:], 0x0100)
			binary.BigEndian.PutUint16(b[len(b)-4:], uint16(random.Uint32())) // the type, too
			count(b, dnscount.Host)
			if i%8 == 0 {
				copy(answer6[ethernet+24:], query6[ethernet+8:ethernet+24])
				copy(answer6[payload:], query6[payload:])
				answer6[payload+2] |= 0x80
				answer6[payload+3] = byte(i >> 3 & 15)
				count(answer6, dnscount.Outgoing)
			}
		}
	}
	send(1000)
	var stats [2]runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats[0])
	send(messages)
	runtime.GC()
	runtime.ReadMemStats(&stats[1])

	if after := seriesOf(r.page(t, "")); !slices.Equal(before, after) {
		t.Errorf("%d series before, %d after", len(before), len(after))
	} else {
		t.Logf("%d series before and after %d names", len(after), messages)
	}
	counted := c.Report()
	if n := counted.Services[0].Counts.Queries[dnscount.UDP][0] + counted.Services[1].Counts.Queries[dnscount.UDP][1]; n != messages+1000 {
		t.Errorf("%d queries were counted", n)
	}
	// Others in this process may allocate a little meanwhile.
	allocated, grown := stats[1].Mallocs-stats[0].Mallocs, int64(stats[1].HeapAlloc)-int64(stats[0].HeapAlloc)
	t.Logf("%d allocations, heap %+d octets", allocated, grown)
	if allocated > 1000 || grown > 1<<16 {
		t.Errorf("%d allocations for %d messages, and %d octets more are in use", allocated, messages, grown)
	}

	traffic.now = now
	state := r.State(t.Context()).DNSTop
	if state == nil || len(state.VirtualServers) != 2 || len(state.Zones) > 2*dns.TopRows || len(state.Clients) > dns.TopRows {
		t.Fatalf("%+v", state)
	}
	// Of the last minute or two: 100 s are 1,000,000 messages.
	for _, v := range state.VirtualServers {
		if off := float64(v.DistinctNames)/float64(v.Queries) - 1; off < -0.08 || off > 0.08 {
			t.Errorf("%d different names of %d at %s", v.DistinctNames, v.Queries, v.VIP)
		}
	}
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"(zone|client)":"([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
		if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(m[2]) {
			t.Errorf("%s %s is told, and nobody has asked for that", m[1], m[2])
		}
	}
}

// fakeTop is a capture of a counter that is given its frames by hand.
type fakeTop struct {
	counter *dnscount.Counter
	now     int64
}

func (f *fakeTop) Read() capture.Report     { return capture.Report{Report: f.counter.Report(), Sample: 1} }
func (f *fakeTop) Top(rows int) *top.Report { return f.counter.Top(f.now, rows) }

// TestDNSTop: what is asked most is in the state, as the settings say, and nowhere else.
func TestDNSTop(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Traffic = dnsTraffic(nil) })
	if s := r.State(t.Context()); s.DNSTop != nil {
		t.Errorf("nobody has asked for %+v", s.DNSTop)
	}
	f := &fakeTop{dnscount.New(dnscount.Options{Top: top.New(top.Options{ZoneForm: top.Plain, ClientForm: top.Plain})}), 1e18 + 5e9}
	f.counter.Use(dnscount.View{Services: []dnscount.Service{
		{Addr: netip.MustParseAddr("192.0.2.1"), Port: 53, Servers: []dnscount.Server{{Addr: netip.MustParseAddr("198.51.100.1"), Port: 53, Method: dnscount.DR, MAC: dnsServer1}}},
		{Addr: netip.MustParseAddr("192.0.2.2"), Port: 53},
	}})
	for i := range 200 {
		for _, vip := range []string{"192.0.2.1:53", "192.0.2.2:53"} {
			message := append([]byte{0, byte(i), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, fmt.Sprintf("\x04x%03d\x06target\x03com\x00\x00\x01\x00\x01", i)...)
			b := packets.Datagram(netip.MustParseAddrPort("100.64.7.5:4242"), netip.MustParseAddrPort(vip), dnsHost, message)
			f.counter.Frame(&dnscount.Frame{Data: b, Wire: len(b), Time: 1e18})
			message[2], message[3] = 0x81, 3*byte(i%2)
			b = packets.Datagram(netip.MustParseAddrPort(vip), netip.MustParseAddrPort("100.64.7.5:4242"), dnsServer1, message)
			f.counter.Frame(&dnscount.Frame{Data: b, Wire: len(b), Time: 1e18 + 1e6, Kind: dnscount.Outgoing})
		}
	}
	r = newRig(t, func(c *Config) { c.Traffic, c.Top = f, f })
	state := r.State(t.Context()).DNSTop
	// Estimates are of another hash each time: what is near enough is written as what it should be.
	settle := func(n *uint64, want uint64) {
		if *n+*n/10 >= want && *n <= want+want/10 {
			*n = want
		}
	}
	for i := range state.VirtualServers {
		settle(&state.VirtualServers[i].DistinctNames, 200)
	}
	for i := range state.Zones {
		settle(&state.Zones[i].DistinctNames, 200)
		state.Zones[i].Score = math.Round(10*state.Zones[i].Score) / 10
	}
	got, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/dns_top.json", append(got, '\n'))
	if page := r.page(t, ""); strings.Contains(page, "target") || strings.Contains(page, "100.64.") {
		t.Error("a name or a client is on the page of metrics")
	}
}
