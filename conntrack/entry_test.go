package conntrack

import (
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// recorded are the attributes of entries as Linux 6.18 has sent them; each line of the file is one, what it is goes before it.
func recorded(t testing.TB) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/linux-6.18.hex")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		what, digits, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if all[what], err = hex.DecodeString(digits); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	return all
}

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// host is the n-th address of a network.
func host(six bool, net, n int) netip.Addr {
	if six {
		return netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, byte(net), 13: byte(n >> 16), byte(n >> 8), byte(n)})
	}
	return netip.AddrFrom4([4]byte{byte(net), byte(n >> 16), byte(n >> 8), byte(n)})
}

func anEntry(t testing.TB) []byte { return recorded(t)["udp, translated, assured"] }

func TestDecode(t *testing.T) {
	for what, want := range map[string]struct {
		protocol   Protocol
		client, at string
		server     string
		state      State
		expires    time.Duration
	}{
		"udp, translated, assured": {UDP, "10.0.0.1:1001", "192.0.2.1:53", "198.51.100.1:53", Assured, 100 * time.Second},
		"udp, ipv6, unreplied":     {UDP, "[2001:db8::50]:1001", "[2001:db8::1]:53", "[2001:db8::1]:53", Unreplied, 99 * time.Second},
		"tcp":                      {TCP, "10.0.0.2:4000", "192.0.2.1:53", "192.0.2.1:53", Replied, 300 * time.Second},
		"icmp":                     {ICMP, "127.0.0.1:0", "127.0.0.2:0", "127.0.0.2:0", Replied, 30 * time.Second},
	} {
		var e entry
		var original, reply tuple
		attrs := recorded(t)[what]
		if attrs == nil {
			t.Errorf("%s: not recorded", what)
			continue
		}
		if err := e.decode(attrs); err != nil {
			t.Fatal(err)
		}
		if err := original.decode(e.original); err != nil {
			t.Fatal(err)
		}
		if err := reply.decode(e.reply); err != nil {
			t.Fatal(err)
		}
		got := time.Duration(e.timeout) * time.Second
		if protocolOf(original.protocol) != want.protocol || original.source != addr(want.client) || original.destination != addr(want.at) ||
			reply.source != addr(want.server) || reply.destination != original.source || e.state() != want.state ||
			got > want.expires || got < want.expires-3*time.Second || e.id == 0 {
			t.Errorf("%s: %+v %+v %+v, want %+v", what, original, reply, e, want)
		}
	}
}

// FuzzEntry: any bytes give values or an error, and cost no memory.
func FuzzEntry(f *testing.F) {
	for _, b := range recorded(f) {
		f.Add(b)
	}
	tally := tally{
		index: NewServices([]Service{{At: addr("192.0.2.1:53")}, {At: addr("[2001:db8::1]:0")}}),
		pass:  Pass{Services: make([]Count, 2)},
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := tally.pass.Entries()
		tally.left = 1
		err := tally.add(message{attrs: b})
		if n := tally.pass.Entries() - before; n > 1 {
			t.Errorf("counted %d times, %v", n, err)
		}
		for _, c := range tally.pass.Services {
			if sum := c.ByState[Unreplied] + c.ByState[Replied] + c.ByState[Assured]; c.Stale > sum {
				t.Errorf("%d stale of %d", c.Stale, sum)
			}
		}
	})
}

// FuzzDatagram: netlink messages too.
func FuzzDatagram(f *testing.F) {
	f.Add(append(say(256, 1, append([]byte{2, 0, 0, 0}, anEntry(f)...)...), say(typeDone, 1, number(0)...)...))
	f.Add(say(typeError, 1, number(-1)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		length := 0
		_, _ = parts(b, 1, func(m message) error {
			length += len(m.attrs)
			return nil
		})
		if length > len(b) {
			t.Errorf("%d bytes of attributes in %d", length, len(b))
		}
	})
}
