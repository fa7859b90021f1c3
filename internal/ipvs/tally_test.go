package ipvs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// service makes a virtual server with real servers such as "192.0.2.21:53" or, with weight 0, "192.0.2.21:53 drained"; and
// "persistent".
func service(key ServiceKey, scheduled uint64, servers ...string) TableEntry {
	e := TableEntry{Service: Service{ServiceKey: key, Stats: Stats{Connections: scheduled}}}
	for _, s := range servers {
		if s == "persistent" {
			e.Service.Flags |= Persistent
			continue
		}
		addr, idle := strings.CutSuffix(s, " drained")
		d := Destination{DestinationKey: To(netip.MustParseAddrPort(addr)), Weight: 1}
		if idle {
			d.Weight = 0
		}
		e.Destinations = append(e.Destinations, d)
	}
	return e
}

// conn reads "udp CLIENT VIRTUAL DESTINATION [STATE]".
func conn(text string) Connection {
	words := strings.Fields(text + " UDP")
	c := Connection{
		Protocol: map[string]Protocol{"udp": UDP, "tcp": TCP, "ip": 0}[words[0]], State: words[4],
		Client: netip.MustParseAddrPort(words[1]), Virtual: netip.MustParseAddrPort(words[2]), Destination: netip.MustParseAddrPort(words[3]),
	}
	return c
}

// show writes one line: "udp 192.0.2.1:53: 1 live 2 drained 0 missing TEMPLATE=1 UDP=3".
func (h Held) show() string {
	key := h.Service.String()
	if !h.Service.Addr.IsValid() && h.Service.FWMark == 0 {
		key = fmt.Sprintf("%s %s of nobody", h.Service.Protocol, h.Service.Family)
	}
	line := fmt.Sprintf("%s: %d live %d drained %d missing", key, h.Live, h.Drained, h.Missing)
	if h.Bound > 0 {
		line += fmt.Sprintf(" %d bound", h.Bound)
	}
	for _, s := range slices.Sorted(maps.Keys(h.States)) {
		line += fmt.Sprintf(" %s=%d", s, h.States[s])
	}
	return line
}

func TestAttribute(t *testing.T) {
	at := func(p Protocol, s string) ServiceKey { return At(p, netip.MustParseAddrPort(s)) }
	dns := at(UDP, "192.0.2.1:53")
	dns6 := at(UDP, "[2001:db8::1]:53")
	for _, test := range []struct {
		name        string
		table       []TableEntry
		connections []string
		gone        []ServiceKey
		want        []string
	}{
		{name: "nothing"},
		{
			name:  "served, drained, removed",
			table: []TableEntry{service(dns, 9, "192.0.2.21:53", "192.0.2.22:53 drained")},
			connections: []string{
				"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:53", "udp 203.0.113.5:1001 192.0.2.1:53 192.0.2.22:53",
				"udp 203.0.113.5:1002 192.0.2.1:53 192.0.2.22:53", "udp 203.0.113.5:1003 192.0.2.1:53 192.0.2.23:53",
			},
			want: []string{"udp 192.0.2.1:53: 1 live 2 drained 1 missing UDP=4"},
		},
		{
			name:  "IPv6, and the same address over TCP",
			table: []TableEntry{service(dns6, 9, "[2001:db8::21]:53"), service(at(TCP, "[2001:db8::1]:53"), 9)},
			connections: []string{
				"udp [2001:db8:9::5]:1000 [2001:db8::1]:53 [2001:db8::21]:53",
				"tcp [2001:db8:9::5]:1000 [2001:db8::1]:53 [2001:db8::21]:53 ESTABLISHED",
			},
			want: []string{
				"tcp [2001:db8::1]:53: 0 live 0 drained 1 missing ESTABLISHED=1",
				"udp [2001:db8::1]:53: 1 live 0 drained 0 missing UDP=1",
			},
		},
		{
			name:        "NAT to another port: the right port, and one that is not there",
			table:       []TableEntry{service(dns, 9, "192.0.2.21:5353")},
			connections: []string{"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:5353", "udp 203.0.113.5:1001 192.0.2.1:53 192.0.2.21:53"},
			want:        []string{"udp 192.0.2.1:53: 1 live 0 drained 1 missing UDP=2"},
		},
		{
			name:        "a tunnel to the other family",
			table:       []TableEntry{service(dns, 9, "[2001:db8::21]:53")},
			connections: []string{"udp 203.0.113.5:1000 192.0.2.1:53 [2001:db8::21]:53"},
			want:        []string{"udp 192.0.2.1:53: 1 live 0 drained 0 missing UDP=1"},
		},
		{
			name:  "every port: the client's choice of port is the real server's",
			table: []TableEntry{service(at(UDP, "192.0.2.1:0"), 9, "192.0.2.21:0", "192.0.2.22:99")},
			connections: []string{
				"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:53", "udp 203.0.113.5:1000 192.0.2.1:54 192.0.2.22:54",
				"udp 203.0.113.5:1000 192.0.2.1:54 192.0.2.23:54",
			},
			want: []string{"udp 192.0.2.1:0: 2 live 0 drained 1 missing UDP=3"},
		},
		{
			name:  "templates lead nowhere, whatever they are called and whoever has gone",
			table: []TableEntry{service(dns, 9, "192.0.2.21:53")},
			connections: []string{
				"udp 203.0.113.0:0 192.0.2.1:53 192.0.2.99:53 NONE",
				"udp 203.0.113.1:0 192.0.2.1:53 192.0.2.21:53 ASSURED", "udp 203.0.113.2:0 192.0.2.1:53 192.0.2.21:53",
				"udp 203.0.113.0:1000 192.0.2.1:53 192.0.2.21:53",
			},
			want: []string{"udp 192.0.2.1:53: 1 live 0 drained 0 missing TEMPLATE=3 UDP=1"},
		},
		{
			name:  "a template keeps its client with a real server of weight 0, and with no other",
			table: []TableEntry{service(dns, 9, "persistent", "192.0.2.21:53", "192.0.2.22:53 drained")},
			connections: []string{
				"udp 203.0.113.1:0 192.0.2.1:53 192.0.2.21:53 NONE",
				"udp 203.0.113.2:0 192.0.2.1:53 192.0.2.22:53 NONE", "udp 203.0.113.3:0 192.0.2.1:53 192.0.2.22:53 ASSURED",
				"udp 203.0.113.4:0 192.0.2.1:53 192.0.2.23:53 NONE",
				"udp 203.0.113.5:0 192.0.2.1:53 192.0.2.22:65535 NONE",    // its time is not over, and it is invalid: Linux 7.2
				"udp 203.0.113.6:0 192.0.2.1:65535 192.0.2.22:65535 NONE", // and 6.1
				"udp 203.0.113.2:1000 192.0.2.1:53 192.0.2.22:53",
			},
			want: []string{
				"udp ipv4 of nobody: 0 live 0 drained 0 missing TEMPLATE=1",
				"udp 192.0.2.1:53: 0 live 1 drained 0 missing 2 bound TEMPLATE=5 UDP=1",
			},
		},
		{
			name:  "nobody looks for the templates of a virtual server that is persistent no more",
			table: []TableEntry{service(dns, 9, "192.0.2.22:53 drained"), service(dns6, 9, "persistent")},
			connections: []string{
				"udp 203.0.113.2:0 192.0.2.1:53 192.0.2.22:53 NONE",
				"udp [2001:db8:9::5]:0 [2001:db8::1]:53 [2001:db8::21]:53 NONE",
			},
			want: []string{"udp 192.0.2.1:53: 0 live 0 drained 0 missing TEMPLATE=1", "udp [2001:db8::1]:53: 0 live 0 drained 0 missing TEMPLATE=1"},
		},
		{
			name: "templates of every port, and of a mark, tell no port: another real server at the address may be meant",
			table: []TableEntry{
				service(at(UDP, "192.0.2.1:0"), 9, "persistent", "192.0.2.21:0 drained", "192.0.2.22:53 drained", "192.0.2.22:54"),
				service(Mark(IPv4, 10), 9, "persistent", "192.0.2.21:0 drained", "192.0.2.22:0"),
			},
			connections: []string{
				"udp 203.0.113.1:0 192.0.2.1:0 192.0.2.21:0 NONE", "udp 203.0.113.2:0 192.0.2.1:0 192.0.2.22:0 NONE",
				"ip 203.0.113.1:0 0.0.0.10:0 192.0.2.21:0 NONE", "ip 203.0.113.2:0 0.0.0.10:0 192.0.2.22:0 NONE",
				"ip 203.0.113.2:0 0.0.0.11:0 192.0.2.21:0 NONE",
			},
			want: []string{
				"udp 192.0.2.1:0: 0 live 0 drained 0 missing 1 bound TEMPLATE=2",
				"fwm 10: 0 live 0 drained 0 missing 1 bound TEMPLATE=2", "fwm 11: 0 live 0 drained 0 missing TEMPLATE=1",
			},
		},
		{
			name: "a mark with the same real server has no part in the templates of an address, whatever is known of its numbers",
			table: []TableEntry{
				service(dns, 0, "persistent", "192.0.2.21:53 drained"),
				service(Mark(IPv4, 10), 0, "persistent", "192.0.2.21:0", "192.0.2.99:0"),
			},
			connections: []string{"udp 203.0.113.1:0 192.0.2.1:53 192.0.2.21:53 NONE", "udp 203.0.113.2:0 192.0.2.1:53 192.0.2.99:53 NONE"},
			want:        []string{"udp 192.0.2.1:53: 0 live 0 drained 0 missing 1 bound TEMPLATE=2"},
		},
		{
			name: "templates of marks say their mark, those of IPv6 in the first four bytes",
			table: []TableEntry{
				service(Mark(IPv4, 10), 9, "192.0.2.21:0"), service(Mark(IPv4, 11), 9, "192.0.2.21:0"),
				service(Mark(IPv6, 10), 9),
			},
			connections: []string{"ip 203.0.113.0:0 0.0.0.11:0 192.0.2.21:0 NONE", "ip [2001:db8:9::]:0 [0:a::]:0 [2001:db8::21]:0 NONE"},
			want:        []string{"fwm 10 ipv6: 0 live 0 drained 0 missing TEMPLATE=1", "fwm 11: 0 live 0 drained 0 missing TEMPLATE=1"},
		},
		{
			name:  "one mark: all that has no virtual server of its own is its",
			table: []TableEntry{service(Mark(IPv4, 10), 9, "192.0.2.21:0", "192.0.2.22:0 drained"), service(Mark(IPv6, 10), 9)},
			connections: []string{
				"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:53",
				"tcp 203.0.113.5:1000 192.0.2.2:53 192.0.2.22:53 SYN_RECV", "udp 203.0.113.5:1001 192.0.2.1:53 192.0.2.23:53",
			},
			want: []string{"fwm 10: 1 live 1 drained 1 missing SYN_RECV=1 UDP=2"},
		},
		{
			name: "two marks: the one that has the real server",
			table: []TableEntry{
				service(Mark(IPv4, 10), 9, "192.0.2.21:0", "192.0.2.22:0 drained"),
				service(Mark(IPv4, 11), 9, "192.0.2.21:0", "192.0.2.24:0"),
			},
			connections: []string{
				"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.22:53", "udp 203.0.113.5:1001 192.0.2.1:53 192.0.2.24:53",
				"udp 203.0.113.5:1002 192.0.2.1:53 192.0.2.21:53", "udp 203.0.113.5:1003 192.0.2.1:53 192.0.2.23:53",
			},
			want: []string{
				"udp ipv4 of nobody: 1 live 0 drained 1 missing UDP=2", "fwm 10: 0 live 1 drained 0 missing UDP=1",
				"fwm 11: 1 live 0 drained 0 missing UDP=1",
			},
		},
		{
			name:        "a mark with the same real server does not hide that a busy virtual server has lost it",
			table:       []TableEntry{service(dns, 9, "192.0.2.22:53"), service(Mark(IPv4, 10), 9, "192.0.2.21:0")},
			connections: []string{"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:53"},
			want:        []string{"udp 192.0.2.1:53: 0 live 0 drained 1 missing UDP=1"},
		},
		{
			name:        "a virtual server in the shadow of a mark gets nothing: the entry is the mark's",
			table:       []TableEntry{service(dns, 0, "192.0.2.22:53"), service(Mark(IPv4, 10), 9, "192.0.2.21:0")},
			connections: []string{"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:53", "udp 203.0.113.5:1001 192.0.2.1:53 192.0.2.99:53"},
			want:        []string{"udp 192.0.2.1:53: 0 live 0 drained 1 missing UDP=1", "fwm 10: 1 live 0 drained 0 missing UDP=1"},
		},
		{
			name:        "a mark of a family that is not known",
			table:       []TableEntry{service(Mark(0, 10), 0, "[2001:db8::21]:0")},
			connections: []string{"udp [2001:db8:9::5]:1000 [2001:db8::1]:53 [2001:db8::21]:53"},
			want:        []string{"fwm 10: 1 live 0 drained 0 missing UDP=1"},
		},
		{
			name:        "synchronised from another director, which has another real server",
			table:       []TableEntry{service(dns, 0, "192.0.2.21:53")},
			connections: []string{"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:53", "udp 203.0.113.5:1001 192.0.2.1:53 192.0.2.29:53"},
			want:        []string{"udp 192.0.2.1:53: 1 live 0 drained 1 missing UDP=2"},
		},
		{
			name:        "past all real servers (cache_bypass): nobody misses one",
			table:       []TableEntry{service(Mark(IPv4, 10), 9)},
			connections: []string{"tcp 203.0.113.5:1000 198.51.100.7:80 0.0.0.0:0 ESTABLISHED"},
			want:        []string{"fwm 10: 1 live 0 drained 0 missing ESTABLISHED=1"},
		},
		{
			name:  "a virtual server that was deleted keeps its name, a client's choice of address gets none",
			table: []TableEntry{service(at(UDP, "192.0.2.9:53"), 9)},
			connections: []string{
				"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:53", "udp 203.0.113.5:1000 192.0.2.2:77 192.0.2.21:77",
				"udp 203.0.113.5:1000 198.51.100.7:53 192.0.2.21:53",
			},
			gone: []ServiceKey{dns, at(UDP, "192.0.2.2:0")},
			want: []string{
				"udp ipv4 of nobody: 0 live 0 drained 1 missing UDP=1",
				"udp 192.0.2.1:53: 0 live 0 drained 1 missing UDP=1", "udp 192.0.2.2:0: 0 live 0 drained 1 missing UDP=1",
			},
		},
		{
			name:        "deleted while the table was read",
			table:       []TableEntry{{Service: Service{ServiceKey: dns}, Gone: true, Destinations: service(dns, 0, "192.0.2.21:53").Destinations}},
			connections: []string{"udp 203.0.113.5:1000 192.0.2.1:53 192.0.2.21:53"},
			gone:        []ServiceKey{dns},
			want:        []string{"udp 192.0.2.1:53: 0 live 0 drained 1 missing UDP=1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tally Tally
			for _, c := range test.connections {
				tally.Add(conn(c))
			}
			gone := map[ServiceKey]bool{}
			for _, k := range test.gone {
				gone[k] = true
			}
			var got []string
			for _, h := range tally.Attribute(Table{Entries: test.table}, gone) {
				got = append(got, h.show())
			}
			if !slices.Equal(got, test.want) || tally.Entries != len(test.connections) {
				t.Errorf("%d entries\ngot  %s\nwant %s", tally.Entries, strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
			}
		})
	}
}

// TestTallyIsBounded: with a mark for whole networks it is clients who choose the virtual address.
func TestTallyIsBounded(t *testing.T) {
	var tally Tally
	c := conn("udp 203.0.113.5:1000 10.0.0.0:53 192.0.2.21:53")
	for range maxFlows + 5000 {
		c.Virtual = netip.AddrPortFrom(c.Virtual.Addr().Next(), 53)
		tally.Add(c)
	}
	if len(tally.flows) != maxFlows+1 {
		t.Errorf("%d ways are remembered, want %d", len(tally.flows), maxFlows+1)
	}
	held := tally.Attribute(Table{Entries: []TableEntry{service(Mark(IPv4, 10), 9)}}, nil)
	if len(held) != 1 || held[0].Missing != maxFlows+5000 {
		t.Errorf("%+v", held)
	}
}

func TestScanConnections(t *testing.T) {
	const line = "UDP C0000232 CF2A C0000201 0035 C0000215 0035 UDP             298\n"
	clock := time.Unix(0, 0)
	for _, test := range []struct {
		name     string
		text     string
		budget   Budget
		entries  int
		complete bool
		err      string
	}{
		{name: "whole", text: connText, entries: 5, complete: true},
		{name: "empty", text: strings.SplitAfter(connText, "\n")[0], complete: true},
		{name: "exactly as many as allowed", text: connText, budget: Budget{Entries: 5}, entries: 5, complete: true},
		{name: "more than allowed", text: connText, budget: Budget{Entries: 4}, entries: 4},
		{
			name: "too slow", text: strings.Repeat(line, 3*lineRoom/len(line)), entries: 2 * (lineRoom / len(line)),
			// It is asked before and after each read, and passes a second each time.
			budget: Budget{Time: 2 * time.Second, Now: func() time.Time { clock = clock.Add(time.Second); return clock }},
		},
		{name: "broken", text: line + "UDP x", entries: 1, err: "line 2: unexpected number of words"},
	} {
		t.Run(test.name, func(t *testing.T) {
			scan, err := Proc(procWith(t, "ip_vs_conn", test.text)).ScanConnections(t.Context(), test.budget)
			if scan.Entries != test.entries || scan.Complete != test.complete || (err == nil) != (test.err == "") {
				t.Errorf("%d entries, complete %t, %v; want %d, %t", scan.Entries, scan.Complete, err, test.entries, test.complete)
			}
			if err != nil && !strings.HasSuffix(err.Error(), test.err) {
				t.Errorf("error %v, want %s", err, test.err)
			}
		})
	}
}

// TestScanRests: one part of reading, four parts of rest, and a rest can be cut short.
func TestScanRests(t *testing.T) {
	const line = "UDP C0000232 CF2A C0000201 0035 C0000215 0035 UDP             298\n"
	proc := Proc(procWith(t, "ip_vs_conn", strings.Repeat(line, 4*lineRoom/len(line))))
	clock := time.Unix(0, 0)
	var rests []time.Duration
	budget := Budget{
		Rest: 4, Now: func() time.Time { clock = clock.Add(3 * time.Millisecond); return clock },
		Pause: func(_ context.Context, d time.Duration) error { rests = append(rests, d); return nil },
	}
	scan, err := proc.ScanConnections(t.Context(), budget)
	// Five reads of 3 ms, the last of which finds the end.
	if want := []time.Duration{24 * time.Millisecond, 24 * time.Millisecond}; err != nil || !scan.Complete || !slices.Equal(rests, want) {
		t.Errorf("rests %v, complete %t, %v; want %v", rests, scan.Complete, err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	budget.Pause = func(ctx context.Context, _ time.Duration) error {
		cancel()
		return pause(ctx, time.Hour)
	}
	if scan, err := proc.ScanConnections(ctx, budget); !errors.Is(err, context.Canceled) || scan.Complete {
		t.Errorf("complete %t, %v", scan.Complete, err)
	}
}

// TestStatus has an example from the announcement of the file on netfilter-devel, shortened.
func TestStatus(t *testing.T) {
	text := "Conns:\t9401\nConn buckets:\t524288 (19 bits, lfactor -5)\nConn buckets empty:\t505633 (96%)\nConn buckets len-1:\t18322 (98%)\nServices:\t12\nStats thread slots:\t1 (max 16)\nStats thread ests:\t38400\n"
	want := map[string]uint64{
		"Conns": 9401, "Conn buckets": 524288, "Conn buckets empty": 505633, "Conn buckets len-1": 18322,
		"Services": 12, "Stats thread slots": 1, "Stats thread ests": 38400,
	}
	if got, err := Proc(procWith(t, "ip_vs_status", text)).Status(); err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
	for text, want := range map[string]string{
		"Conns 9401": "line 1: no name and colon", "Conns:\t1\nServices:\tmany": `line 2: not a number: "many"`,
	} {
		if _, err := ParseStatus(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
