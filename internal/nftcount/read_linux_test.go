package nftcount

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// TestExact: what clients sent and got is what was counted, to the byte, and reading changes nothing.
func TestExact(t *testing.T) {
	for _, tool := range []string{"nft", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed: lab/setup.sh installs it")
		}
	}
	if os.Getuid() != 0 {
		t.Skip("making network namespaces takes root")
	}
	client, server := namespaces(t)
	vips := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53"), netip.MustParseAddrPort("[2001:db8::53]:53")}
	if err := netns.Do(server, func() error {
		if got, err := Read(time.Second); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without a table: %v, %v", got, err)
		}
		return load(Ruleset([]Service{{vips[0], true}, {vips[1], true}, {netip.MustParseAddrPort("192.0.2.54:53"), false}}))
	}); err != nil {
		t.Fatal(err)
	}
	const asks = 50
	for i, vip := range vips {
		header := uint64(20)
		if i == 1 {
			header = 40
		}
		serve(t, server, vip)
		before := device(t, server)
		ask(t, client, "udp", vip, asks)
		// What comes in and goes out on the only card is UDP alone: an Ethernet header each is not nftables'.
		after := device(t, server)
		want := map[string]Counter{
			"udp_query":    {Packets: asks, Bytes: asks * (header + 8 + 40)},
			"udp_response": {Packets: asks, Bytes: asks * (header + 8 + 90)},
		}
		expect(t, server, vip, want)
		if after.in-before.in != asks || after.inBytes-before.inBytes != want["udp_query"].Bytes+14*asks {
			t.Errorf("the card counts %d packets of %d bytes in", after.in-before.in, after.inBytes-before.inBytes)
		}
		before = after
		ask(t, client, "tcp", vip, 20)
		after = device(t, server)
		in, out := after.in-before.in, after.out-before.out
		want["tcp_query"] = Counter{Packets: in, Bytes: after.inBytes - before.inBytes - 14*in}
		want["tcp_response"] = Counter{Packets: out, Bytes: after.outBytes - before.outBytes - 14*out}
		expect(t, server, vip, want)
		if in < 20*4 {
			t.Errorf("%d packets of 20 connections", in)
		}
		// In three fragments each way: a datagram is one packet. IPv6 is put together after the hook, unless conntrack or IPVS
		// has it done before, and of its fragments only the first one has ports.
		const large = 3000
		udp, fragment := want["udp_query"], header+8+large
		if i == 1 {
			fragment = 40 + 8 + (1500-40-8)/8*8
		}
		before = device(t, server)
		exchange(t, client, "udp", vip, 10, large, large)
		if after := device(t, server); after.in-before.in != 30 || after.out-before.out != 30 {
			t.Errorf("the card counts %d packets in and %d out, want fragments", after.in-before.in, after.out-before.out)
		}
		want["udp_query"] = Counter{Packets: udp.Packets + 10, Bytes: udp.Bytes + 10*fragment}
		udp = want["udp_response"]
		want["udp_response"] = Counter{Packets: udp.Packets + 10, Bytes: udp.Bytes + 10*(header+8+large)}
		expect(t, server, vip, want)
	}
	list := func() (text string) {
		err := netns.Do(server, func() error {
			b, err := exec.Command("nft", "list", "ruleset").Output()
			text = string(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := list()
	expect(t, server, netip.MustParseAddrPort("192.0.2.54:53"), map[string]Counter{"udp_query": {}, "tcp_query": {}})
	if after := list(); after != before {
		t.Errorf("reading has changed the rules from\n%s\nto\n%s", before, after)
	}
}

// expect reads the counters of a virtual server, and waits for packets that are under way.
func expect(t *testing.T, ns *os.File, vip netip.AddrPort, want map[string]Counter) {
	t.Helper()
	var got map[string]Counter
	for range 50 {
		got = map[string]Counter{}
		err := netns.Do(ns, func() error {
			all, err := Read(time.Second)
			for _, c := range all {
				if c.At == vip {
					got[c.Transport+"_"+c.Direction] = Counter{Packets: c.Packets, Bytes: c.Bytes}
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		same := true
		for name, w := range want {
			same = same && got[name] == w
		}
		if same {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%v: %v, want %v", vip, got, want)
}

// namespaces are two that are joined by a cable on which nothing is said but what the test says: no ARP, no neighbour discovery, no
// routers.
func namespaces(t *testing.T) (client, server *os.File) {
	t.Helper()
	var err error
	if client, err = netns.New(); err == nil {
		t.Cleanup(func() { _ = client.Close() })
		server, err = netns.New()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	run := func(ns *os.File, lines ...string) {
		t.Helper()
		if err := netns.Do(ns, func() error {
			for _, line := range lines {
				cmd := exec.Command("ip", strings.Fields(line)...)
				cmd.ExtraFiles = []*os.File{server} // number 3
				if out, err := cmd.CombinedOutput(); err != nil {
					return fmt.Errorf("ip %s: %w: %s", line, err, out)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	run(client, "link add c type veth peer name s netns /proc/self/fd/3", "link set c address 02:00:00:00:00:01 addrgenmode none arp off up", "addr add 192.0.2.1/24 dev c", "addr add 2001:db8::1/64 dev c nodad",
		"neigh add 192.0.2.53 lladdr 02:00:00:00:00:02 dev c", "neigh add 2001:db8::53 lladdr 02:00:00:00:00:02 dev c")
	run(server, "link set lo up", "link set s address 02:00:00:00:00:02 addrgenmode none arp off up", "addr add 192.0.2.53/24 dev s", "addr add 2001:db8::53/64 dev s nodad",
		"neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev s", "neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev s")
	return client, server
}

func load(rules string) error {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, out)
	}
	return nil
}

// serve answers each message of 40 bytes with one of 90, and a larger one with as much.
func serve(t *testing.T, ns *os.File, at netip.AddrPort) {
	t.Helper()
	var udp net.PacketConn
	var tcp net.Listener
	if err := netns.Do(ns, func() (err error) {
		if udp, err = net.ListenPacket("udp", at.String()); err == nil {
			tcp, err = net.Listen("tcp", at.String())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = udp.Close(); _ = tcp.Close() })
	go func() {
		b := make([]byte, 5000)
		for {
			n, from, err := udp.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = udp.WriteTo(b[:max(n, 90)], from)
		}
	}()
	go func() {
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			go func() {
				b := make([]byte, 100)
				_, _ = io.ReadFull(c, b[:40])
				_, _ = c.Write(b[:90])
				_, _ = c.Read(b) // until the client has closed
				_ = c.Close()
			}()
		}
	}()
}

// ask asks from the other end, and waits until the connections are gone.
func ask(t *testing.T, ns *os.File, network string, at netip.AddrPort, times int) {
	t.Helper()
	exchange(t, ns, network, at, times, 40, 90)
}

// exchange is ask with messages of other sizes.
func exchange(t *testing.T, ns *os.File, network string, at netip.AddrPort, times, query, response int) {
	t.Helper()
	for range times {
		var c net.Conn
		err := netns.Do(ns, func() (err error) {
			c, err = net.DialTimeout(network, at.String(), 5*time.Second)
			return err
		})
		if err == nil {
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			_, err = c.Write(make([]byte, query))
		}
		if err == nil {
			_, err = io.ReadFull(c, make([]byte, response))
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	if network == "tcp" {
		time.Sleep(300 * time.Millisecond) // the last segments of the last connection
	}
}

type traffic struct{ in, out, inBytes, outBytes uint64 }

// device reads the counters of the server's card.
func device(t *testing.T, ns *os.File) (c traffic) {
	t.Helper()
	if err := netns.Do(ns, func() error {
		b, err := os.ReadFile("/proc/thread-self/net/dev")
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(b)) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "s:"); ok {
				var skip uint64
				_, err = fmt.Sscan(rest, &c.inBytes, &c.in, &skip, &skip, &skip, &skip, &skip, &skip, &c.outBytes, &c.out)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return c
}
