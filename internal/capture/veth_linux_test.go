package capture

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/netns"
)

// pair is two hosts, each a namespace, with a cable between them: a client and a real server that has the virtual
// server's address.
type pair struct {
	t              testing.TB
	client, server *os.File
}

const vip, vip6 = "192.0.2.1", "2001:db8::1"

// newPair makes them; extra are more lines for ip(8) on both, with the host's number in the place of #.
func newPair(t testing.TB, address string, extra ...string) *pair {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and packet sockets")
	}
	p := &pair{t: t}
	for _, ns := range []**os.File{&p.client, &p.server} {
		made, err := netns.New()
		if err != nil {
			t.Skipf("no network namespaces here: %v", err)
		}
		*ns = made
		t.Cleanup(func() { made.Close() })
	}
	// Made in the one namespace, moved to the other by its file descriptor.
	p.ip(p.client, "link add eth0 type veth peer name peer0")
	p.inside(p.client, func() error {
		cmd := exec.Command("ip", "link", "set", "peer0", "netns", "/proc/self/fd/3", "name", "eth0")
		cmd.ExtraFiles = []*os.File{p.server}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return nil
	})
	for i, ns := range []*os.File{p.client, p.server} {
		n := string(rune('1' + i))
		p.ip(ns, "link set lo up", "link set eth0 up")
		for _, line := range extra {
			p.ip(ns, strings.ReplaceAll(line, "#", n))
		}
		p.ip(ns, "addr add 10.0.0."+n+"/24 dev "+address, "addr add fd00::"+n+"/64 dev "+address+" nodad")
	}
	p.ip(p.server, "addr add "+vip+"/32 dev lo", "addr add "+vip6+"/128 dev lo nodad")
	p.ip(p.client, "route add "+vip+" via 10.0.0.2", "route add "+vip6+" via fd00::2")
	return p
}

func (p *pair) inside(ns *os.File, f func() error) {
	p.t.Helper()
	if err := netns.Do(ns, f); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) ip(ns *os.File, lines ...string) {
	p.t.Helper()
	p.inside(ns, func() error {
		for _, l := range lines {
			if out, err := exec.Command("ip", strings.Fields(l)...).CombinedOutput(); err != nil {
				p.t.Fatalf("ip %s: %v: %s", l, err, out)
			}
		}
		return nil
	})
}

// serve answers every question with itself, as a response.
func (p *pair) serve(address string) {
	p.inside(p.server, func() error {
		udp, err := net.ListenPacket("udp", net.JoinHostPort(address, "53"))
		if err != nil {
			return err
		}
		tcp, err := net.Listen("tcp", net.JoinHostPort(address, "53"))
		if err != nil {
			return err
		}
		p.t.Cleanup(func() { udp.Close(); tcp.Close() })
		go func() {
			b := make([]byte, 65536)
			for {
				n, from, err := udp.ReadFrom(b)
				if err != nil {
					return
				}
				b[2] |= 0x80
				udp.WriteTo(b[:n], from)
			}
		}()
		go func() {
			for {
				conn, err := tcp.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					b := make([]byte, 65537)
					for {
						if _, err := io.ReadFull(conn, b[:2]); err != nil {
							return
						}
						n := int(binary.BigEndian.Uint16(b))
						if _, err := io.ReadFull(conn, b[2:2+n]); err != nil {
							return
						}
						b[4] |= 0x80
						conn.Write(b[:2+n])
					}
				}()
			}
		}()
		return nil
	})
}

func (p *pair) dial(network, to string) net.Conn {
	p.t.Helper()
	var conn net.Conn
	p.inside(p.client, func() (err error) {
		conn, err = net.DialTimeout(network, net.JoinHostPort(to, "53"), 5*time.Second)
		return err
	})
	p.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// capture listens on the server.
func (p *pair) capture(c Config, v dnscount.View) *Capture {
	p.t.Helper()
	made := New(c)
	if err := made.Update(v); err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- netns.Do(p.server, func() error { return made.Run(ctx) }) }()
	p.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Error(err)
		}
	})
	p.wait("the rings are open", made, func(r Report) bool {
		return len(r.Links) > 0 && !slices.ContainsFunc(r.Links, func(l LinkReport) bool { return !l.Listening })
	})
	return made
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wait waits for a state, with a limit.
func (p *pair) wait(what string, c *Capture, ok func(Report) bool) Report {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r := c.Read()
		if ok(r) {
			return r
		}
		if time.Now().After(end) {
			p.t.Fatalf("not within 20 s: %s; %+v, %v", what, r.Links, r.Err)
		}
	}
}

func served() dnscount.View {
	return dnscount.View{
		Role:     dnscount.RealServer,
		Local:    []netip.Addr{ip("10.0.0.2"), ip("fd00::2")},
		Services: []dnscount.Service{{Addr: ip(vip), Port: 53}, {Addr: ip(vip6), Port: 53}},
	}
}

// question is a query for A of example.com. with room for more octets behind it, as padding is.
func question(id uint16, more int) []byte {
	b := append([]byte{byte(id >> 8), byte(id), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "\x07example\x03com\x00\x00\x01\x00\x01"...)
	return append(b, make([]byte, more)...)
}

// exchange asks so often over UDP, one question after the other, and once over TCP with all questions under way at a time.
func (p *pair) exchange(to string, asks int) {
	p.t.Helper()
	conn := p.dial("udp", to)
	b := make([]byte, 65536)
	for i := range asks {
		if _, err := conn.Write(question(uint16(i), 0)); err != nil {
			p.t.Fatal(err)
		}
		if _, err := conn.Read(b); err != nil {
			p.t.Fatal(err)
		}
	}
	stream := p.dial("tcp", to)
	var all []byte
	for i := range asks {
		q := question(uint16(i), 0)
		all = append(binary.BigEndian.AppendUint16(all, uint16(len(q))), q...)
	}
	go stream.Write(all)
	if _, err := io.ReadFull(stream, make([]byte, len(all))); err != nil {
		p.t.Fatal(err)
	}
	stream.Close()
}

// TestDevices: whatever is stacked on what, a packet is counted once, and every one is.
func TestDevices(t *testing.T) { devices(t) }

func devices(t *testing.T) {
	const asks = 300
	for _, tt := range []struct {
		name, device string
		extra        []string
	}{
		{"cable", "eth0", nil},
		{"VLAN", "eth0.5", []string{"link add link eth0 name eth0.5 type vlan id 5", "link set eth0.5 up"}},
		{"two VLANs", "eth0.5.6", []string{"link add link eth0 name eth0.5 type vlan id 5", "link set eth0.5 up", "link add link eth0.5 name eth0.5.6 type vlan id 6", "link set eth0.5.6 up"}},
		{"bridge", "br0", []string{"link add br0 address 02:00:00:00:0b:0# type bridge forward_delay 0", "link set eth0 master br0", "link set br0 up"}},
		{"VRRP's own MAC", "vrrp51", []string{"link add link eth0 name vrrp51 address 00:00:5e:00:01:0# type macvlan mode bridge", "link set vrrp51 up"}},
		{"bond", "bond0", []string{"link set eth0 down", "link add bond0 type bond mode active-backup", "link set eth0 master bond0", "link set bond0 up"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := supported(tt.extra); err != nil {
				t.Skipf("this kernel has no such device: %v", err)
			}
			p := newPair(t, tt.device, tt.extra...)
			p.serve(vip)
			p.serve(vip6)
			v := served()
			p.inside(p.server, func() error {
				links, err := Links()
				for _, l := range links {
					v.MACs = append(v.MACs, l.MAC)
				}
				return err
			})
			c := p.capture(Config{}, v)
			p.exchange(vip, asks)
			p.exchange(vip6, asks)
			done := func(r Report) bool {
				return len(r.Services) == 2 && r.Services[1].Counts.PerConnection.Count() == 1 && r.Services[0].Counts.PerConnection.Count() == 1
			}
			for family, s := range p.wait("both connections are over", c, done).Services {
				got := s.Counts
				if got.Queries[dnscount.UDP][family] != asks || got.Queries[dnscount.TCP][family] != asks || got.ByType[0] != 2*asks || got.Responses[dnscount.UDP][0] != asks ||
					got.Responses[dnscount.TCP][0] != asks || got.Latency[dnscount.UDP].Count() != asks || got.Latency[dnscount.TCP].Count() != asks || got.Connections != 1 || got.Desyncs+got.Orphans != 0 {
					t.Errorf("%s: not what was sent: %+v", s.At, got)
				}
			}
			r := c.Read()
			if len(r.Links) != 1 || r.Links[0].Name != "eth0" || r.Links[0].Drops != 0 || r.Links[0].Truncated != 0 || len(r.Blind) != 0 || r.Totals.Undecodable != 0 {
				t.Errorf("%+v, blind %q, %+v", r.Links, r.Blind, r.Totals)
			}
		})
	}
}

// supported tries whether the kernel can make what the lines ask for.
func supported(lines []string) error {
	ns, err := netns.New()
	if err != nil {
		return err
	}
	defer ns.Close()
	return netns.Do(ns, func() error {
		if err := exec.Command("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0").Run(); err != nil {
			return err
		}
		for _, l := range append([]string{"link set eth0 up"}, lines...) {
			if err := exec.Command("ip", strings.Fields(strings.ReplaceAll(l, "#", "1"))...).Run(); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestCardsComeAndGo: a card that goes down, or away and comes back, is listened on again.
func TestCardsComeAndGo(t *testing.T) {
	p := newPair(t, "eth0")
	p.serve(vip)
	c := p.capture(Config{Interfaces: []string{"eth0", "eth7"}}, served())
	if r := c.Read(); r.Err == nil || !strings.Contains(r.Err.Error(), "eth7") || !slices.Contains(r.Blind, NotListening) {
		t.Errorf("a card that is not there: %v, blind %q", r.Err, r.Blind)
	}
	queries := func(n uint64) func(Report) bool {
		return func(r Report) bool { return r.Services[0].Counts.Queries[dnscount.UDP][0] == n }
	}
	p.exchange(vip, 10)
	p.wait("10 queries", c, queries(10))
	p.ip(p.server, "link set eth0 down", "link set eth0 up")
	p.ip(p.client, "link set eth0 down", "link set eth0 up", "route replace "+vip+" via 10.0.0.2")
	p.exchange(vip, 10)
	p.wait("10 more", c, queries(20))
}

// TestFragmented sends questions that need several packets, and gets answers of the same size.
func TestFragmented(t *testing.T) {
	p := newPair(t, "eth0")
	p.serve(vip)
	p.serve(vip6)
	c := p.capture(Config{}, served())
	for _, to := range []string{vip, vip6} {
		conn := p.dial("udp", to)
		for i := range 20 {
			if _, err := conn.Write(question(uint16(i), 3500)); err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 4096)); err != nil || n < 3500 {
				t.Fatal(n, err)
			}
		}
	}
	r := p.wait("all responses", c, func(r Report) bool {
		return r.Services[0].Counts.Responses[dnscount.UDP][0] == 20 && r.Services[1].Counts.Responses[dnscount.UDP][0] == 20
	})
	for family, s := range r.Services {
		got := s.Counts
		for d := range dnscount.Directions {
			if got.Fragmented[d][family] != 20 || got.Fragments[dnscount.First][d] != 20 || got.Fragments[dnscount.Later][d] != 40 || got.Fragments[dnscount.Unattributed][d] != 0 {
				t.Errorf("%s, %s: %v %v", s.At, dnscount.Directions[d], got.Fragmented, got.Fragments)
			}
		}
		if got.Latency[dnscount.UDP].Count() != 20 || got.ByType[0] != 20 {
			t.Errorf("%s: %+v", s.At, got)
		}
	}
}

// TestOverload makes the ring tiny, so that packets are lost, and looks that it is said and acted on.
func TestOverload(t *testing.T) {
	p := newPair(t, "eth0")
	p.serve(vip)
	c := p.capture(Config{Blocks: 2, BlockSize: 4096, MaxSample: 3}, served())
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	conn := p.dial("udp", vip)
	go func() {
		for i := uint16(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				conn.Write(question(i, 0))
			}
		}
	}()
	r := p.wait("packets are lost, and a sample is taken", c, func(r Report) bool { return r.Links[0].Drops > 0 && r.Sample == 8 })
	if r.Links[0].Packets <= r.Links[0].Drops {
		t.Errorf("%+v", r.Links[0])
	}
}
