package ipvs

import (
	"errors"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

const tableHead = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`

// TestParseTable has what other readers of this file trip over.
func TestParseTable(t *testing.T) {
	at := func(s string) ServiceKey { return At(UDP, netip.MustParseAddrPort(s)) }
	to := func(s string, m ForwardMethod, weight, active, inactive uint32) Destination {
		return Destination{DestinationKey: To(netip.MustParseAddrPort(s)), Forward: m, Weight: weight, Active: active, Inactive: inactive}
	}
	for _, test := range []struct {
		name, text string
		want       []TableEntry
		duplicates int
	}{
		{name: "empty"},
		{
			name: "hexadecimal but for counts",
			text: "UDP  C0000201:0035 wlc  \n  -> C0000215:0035      Route   10     11         4294967295\n",
			want: []TableEntry{{
				Service:      Service{ServiceKey: at("192.0.2.1:53"), Scheduler: "wlc"},
				Destinations: []Destination{to("192.0.2.21:53", DR, 10, 11, math.MaxUint32)},
			}},
		},
		{
			name: "SCTP, and destinations that stay with it",
			text: "UDP  C0000201:0035 rr  \nSCTP  C0000201:0B59 none  \n  -> C0000215:0B59      Masq    1      0          0         \n",
			want: []TableEntry{
				{Service: Service{ServiceKey: at("192.0.2.1:53"), Scheduler: "rr"}},
				{
					Service:      Service{ServiceKey: At(SCTP, netip.MustParseAddrPort("192.0.2.1:2905"))},
					Destinations: []Destination{to("192.0.2.21:2905", Masq, 1, 0, 0)},
				},
			},
		},
		{
			name: "flags",
			text: "UDP  C0000201:0035 rr ops \nUDP  C0000202:0035 rr ops persistent 36000 FFFF0000\nUDP  C0000203:0035 sh  persistent 36000 FFFFFFFF\n",
			want: []TableEntry{
				{Service: Service{ServiceKey: at("192.0.2.1:53"), Scheduler: "rr", Flags: OnePacket}},
				{Service: Service{ServiceKey: at("192.0.2.2:53"), Scheduler: "rr", Flags: OnePacket | Persistent, Netmask: MaskBits(IPv4, 16)}},
				{Service: Service{ServiceKey: at("192.0.2.3:53"), Scheduler: "sh", Flags: Persistent}},
			},
		},
		{
			name: "IPv6 prefix lengths turned around, and not",
			text: "UDP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0035 rr persistent 36000 40000000\n" +
				"UDP  [2001:0db8:0000:0000:0000:0000:0000:0002]:0035 rr persistent 36000 00000040\n" +
				"UDP  [2001:0db8:0000:0000:0000:0000:0000:0003]:0035 rr persistent 36000 80000000\n",
			want: []TableEntry{
				{Service: Service{ServiceKey: at("[2001:db8::1]:53"), Scheduler: "rr", Flags: Persistent, Netmask: MaskBits(IPv6, 64)}},
				{Service: Service{ServiceKey: at("[2001:db8::2]:53"), Scheduler: "rr", Flags: Persistent, Netmask: MaskBits(IPv6, 64)}},
				{Service: Service{ServiceKey: at("[2001:db8::3]:53"), Scheduler: "rr", Flags: Persistent}},
			},
		},
		{
			name: "one mark for both families, told apart by destinations that are no tunnels",
			text: "FWM  0000000A rr \n  -> [2001:0db8:0000:0000:0000:0000:0000:0021]:0000      Route   1      0          0         \n" +
				"FWM  0000000A wrr ops persistent 36000 FFFFFFFF\n  -> [2001:0db8:0000:0000:0000:0000:0000:0022]:0000      Tunnel  1      0          0         \n" +
				"  -> C0000215:0000      Masq    1      0          0         \n",
			want: []TableEntry{
				{
					Service: Service{ServiceKey: Mark(IPv4, 10), Scheduler: "wrr", Flags: OnePacket | Persistent},
					Destinations: []Destination{
						to("192.0.2.21:0", Masq, 1, 0, 0), to("[2001:db8::22]:0", Tun, 1, 0, 0),
					},
				},
				{
					Service:      Service{ServiceKey: Mark(IPv6, 10), Scheduler: "rr"},
					Destinations: []Destination{to("[2001:db8::21]:0", DR, 1, 0, 0)},
				},
			},
		},
		{
			name: "marks that cannot be told apart",
			text: "FWM  0000000A rr \nFWM  0000000A rr \n", duplicates: 1,
			want: []TableEntry{{Service: Service{ServiceKey: Mark(0, 10), Scheduler: "rr"}}},
		},
		{
			name: "protocol without a name", text: "IP_51  C0000201:0000 rr  \n",
			want: []TableEntry{{Service: Service{ServiceKey: At(51, netip.MustParseAddrPort("192.0.2.1:0")), Scheduler: "rr"}}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, info, err := ParseTable(strings.NewReader(tableHead + test.text))
			if err != nil || info != (Info{"1.2.1", 4096}) {
				t.Fatalf("%+v, %v", info, err)
			}
			same := slices.EqualFunc(got.Entries, test.want, func(a, b TableEntry) bool {
				return a.Service == b.Service && slices.Equal(a.Destinations, b.Destinations)
			})
			if !same || got.Duplicates != test.duplicates {
				t.Errorf("got  %#v, %d duplicates\nwant %#v, %d", got.Entries, got.Duplicates, test.want, test.duplicates)
			}
		})
	}
}

func TestParseTableErrors(t *testing.T) {
	for text, want := range map[string]string{
		"  -> C0000215:0035 Route 1 0 0":                           "line 1: destination before any service",
		"UDP  C0000201:0035 rr\n  -> C0000215:0035 Route 1 0":      "line 2: unexpected number of words",
		"UDP  C0000201:0035 rr\n  -> C0000215:0035 Teleport 1 0 0": `line 2: unknown forwarding method "Teleport"`,
		"UDP  C0000201:0035 rr\n  -> C0000215:0035 Route x 0 0":    "line 2: not a number",
		"UDP  C0000201:0035":                                       "line 1: unexpected number of words",
		"UDP  C0000201 rr":                                         "line 1: not an address: \"C0000201\"",
		"UDP  C000020:0035 rr":                                     "line 1: not an address: \"C000020:0035\"",
		"UDP  C000020G:0035 rr":                                    "line 1: not a number: \"C000020G:0035\"",
		"UDP  C0000201:10035 rr":                                   "line 1: not a number: \"C0000201:10035\"",
		"XYZ  C0000201:0035 rr":                                    `line 1: unknown protocol "XYZ"`,
		"UDP  C0000201:0035 rr persistent 1":                       "line 1: unexpected number of words",
		"FWM  123456789 rr":                                        "line 1: not a number",
		"IP Virtual Server":                                        "line 1: unexpected number of words",
		"UDP  [2001:0db8:0000:0000:0000:0000:0000x0001]:0035 rr":   `line 1: not an address: "[2001:0db8:0000:0000:0000:0000:0000x0001]:0035"`,
	} {
		if _, _, err := ParseTable(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

const statsText = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
       A       1E        0 FFFFFFFFFFFFFFFF                0

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       1        2        3                4                5
`

const cpuText = `       Total Incoming Outgoing         Incoming         Outgoing
CPU    Conns  Packets  Packets            Bytes            Bytes
  0        1        2        3                4                5
  A        0        0        0                0       1234567890
  ~        1        2        3                4       1234567895

     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
           0        0        0                0                0
`

func TestParseStats(t *testing.T) {
	want := Stats{
		Connections: 10, InPackets: 30, InBytes: math.MaxUint64,
		ConnectionRate: 1, InPacketRate: 2, OutPacketRate: 3, InByteRate: 4, OutByteRate: 5, Wide: true,
	}
	if got, err := Proc(procWith(t, "ip_vs_stats", statsText)).Stats(); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"":                                "the file ends too early",
		"1 2 3 4":                         "line 1: unexpected number of words",
		"1 2 3 4 5\n1 2 3 4 5\n1 2 3 4 5": "line 3: unexpected number of words",
		"1 2 3 4 G":                       "line 1: not a number",
	} {
		if _, err := ParseStats(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestParseCPUStats(t *testing.T) {
	want := []CPUStats{
		{0, Stats{Connections: 1, InPackets: 2, OutPackets: 3, InBytes: 4, OutBytes: 5, Wide: true}},
		{10, Stats{OutBytes: 0x1234567890, Wide: true}},
	}
	if got, err := Proc(procWith(t, "ip_vs_stats_percpu", cpuText)).CPUStats(); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"":               "the file ends too early",
		"x 1 2 3 4 5\n~": "line 1: not a number",
		"0 1 2 3 4\n~":   "line 1: unexpected number of words",
	} {
		if _, err := ParseCPUStats(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

const connText = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
UDP C0000232 CF2A C0000201 0035 C0000215 0035 UDP             298
TCP 2001:0db8:0000:0000:0000:0000:0000:0050 CF2A 2001:0db8:0000:0000:0000:0000:0000:0001 0035 2001:0db8:0000:0000:0000:0000:0000:0021 0035 ESTABLISHED     899
UDP C0000232 CF2B C0000201 0035 C0000215 0035 UDP     18446744073709551
UDP C0000232 13C4 C0000201 13C4 2001:0db8:0000:0000:0000:0000:0000:0021 13C4 UDP             298 sip call-id@example.com
IP  C0000232 0000 0000000A 0000 C0000215 0000 ASSURED         360
`

func TestConnections(t *testing.T) {
	at := netip.MustParseAddrPort
	want := []Connection{
		{UDP, at("192.0.2.50:53034"), at("192.0.2.1:53"), at("192.0.2.21:53"), "UDP", 298 * time.Second},
		{TCP, at("[2001:db8::50]:53034"), at("[2001:db8::1]:53"), at("[2001:db8::21]:53"), "ESTABLISHED", 899 * time.Second},
		{UDP, at("192.0.2.50:53035"), at("192.0.2.1:53"), at("192.0.2.21:53"), "UDP", 0}, // overdue, in an older kernel's words
		{UDP, at("192.0.2.50:5060"), at("192.0.2.1:5060"), at("[2001:db8::21]:5060"), "UDP", 298 * time.Second},
		{0, at("192.0.2.50:0"), at("0.0.0.10:0"), at("192.0.2.21:0"), "ASSURED", 360 * time.Second},
	}
	var got []Connection
	if err := Proc(procWith(t, "ip_vs_conn", connText)).Connections(func(c Connection) error {
		got = append(got, c)
		return nil
	}); err != nil || !slices.Equal(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}

	enough := errors.New("enough")
	if err := ParseConnections(strings.NewReader(connText), func(Connection) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("stopped with %v", err)
	}
	for text, want := range map[string]string{
		"UDP C0000232 CF2A C0000201 0035 C0000215 0035 UDP":                       "line 1: unexpected number of words",
		"UDP C0000232 CF2A C0000201 0035 C0000215 0035 UDP 999999999999999999999": "line 1: not a number",
		"UDP C0000232 CF2A C0000201 0035 C0000215 0035 UDP x":                     "line 1: not a number",
		"UDP C0000232 12345 C0000201 0035 C0000215 0035 UDP 1":                    "line 1: not a number",
		"IP_999 C0000232 1234 C0000201 0035 C0000215 0035 UDP 1":                  `line 1: unknown protocol "IP_999"`,
		"UDP C000023 1234 C0000201 0035 C0000215 0035 UDP 1":                      "line 1: not an address",
	} {
		if err := ParseConnections(strings.NewReader(text), func(Connection) error { return nil }); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// TestConnectionsDoNotAllocate: a busy director has millions of entries.
func TestConnectionsDoNotAllocate(t *testing.T) {
	line := []byte(strings.Split(connText, "\n")[2])
	states := map[string]string{}
	parse := func() {
		if _, err := parseConnection(line, states); err != nil {
			t.Fatal(err)
		}
	}
	parse() // the name of the state is kept
	if n := testing.AllocsPerRun(100, parse); n != 0 {
		t.Errorf("%v allocations for an entry, want none", n)
	}
}
