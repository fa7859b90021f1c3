//go:build lab

package ipvs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// traffic sends datagrams through a NAT service to an echo server on this host, each source port once.
func traffic(t *testing.T, c *Client, vip netip.AddrPort, flows, each int) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:5353")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(b[:n], from)
		}
	}()
	ip(t, "address", "replace", vip.Addr().String()+"/32", "dev", "lo")
	key := At(UDP, vip)
	if err := c.NewService(t.Context(), Service{ServiceKey: key, Scheduler: "rr"}); err != nil {
		t.Fatal(err)
	}
	d := Destination{DestinationKey: To(server.LocalAddr().(*net.UDPAddr).AddrPort()), Forward: Masq, Weight: 1}
	if err := c.NewDestination(t.Context(), key, d); err != nil {
		t.Fatal(err)
	}
	for range flows {
		conn, err := net.Dial("udp", vip.String())
		if err != nil {
			t.Fatal(err)
		}
		for range each {
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			if _, err := conn.Write(make([]byte, 72)); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Read(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		_ = conn.Close()
	}
}

// ip changes the network of the guest.
func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func TestCountersUnderTraffic(t *testing.T) {
	requireLab(t)
	c := labClient(t)
	// An address that no test had before: the kernel gives a destination its old connections back.
	vip := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 8, byte(rand.IntN(256)), byte(1 + rand.IntN(254))}), 53)
	before := cpuSum(t)
	traffic(t, c, vip, 3, 10)
	want := Stats{Connections: 3, InPackets: 30, OutPackets: 30, InBytes: 3000, OutBytes: 3000, Wide: true}

	var e TableEntry
	var got Stats
	for range 50 { // the estimator runs every two seconds
		table, err := c.Snapshot(t.Context())
		if err != nil || len(table.Entries) != 1 || len(table.Entries[0].Destinations) != 1 {
			t.Fatalf("%+v, %v", table, err)
		}
		e = table.Entries[0]
		if got = counters(e.Service.Stats); got == want {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if got != want {
		t.Errorf("service counted %+v, want %+v", got, want)
	}
	d := e.Destinations[0]
	if got := counters(d.Stats); got != want {
		t.Errorf("destination counted %+v, want %+v", got, want)
	}
	// UDP is always inactive (ip_vs_proto_udp.c).
	if d.Active != 0 || d.Inactive != 3 || d.Persistent != 0 {
		t.Errorf("connections %d active, %d inactive, %d persistent; want 0, 3, 0", d.Active, d.Inactive, d.Persistent)
	}

	out := ipvsadm(t, "", "-Ln", "--stats", "--exact")
	for _, row := range []string{"UDP " + vip.String() + " 3 30 30 3000 3000", "-> 127.0.0.1:5353 3 30 30 3000 3000"} {
		if !slices.ContainsFunc(strings.Split(out, "\n"), func(line string) bool { return strings.Join(strings.Fields(line), " ") == row }) {
			t.Errorf("ipvsadm does not say %q:\n%s", row, out)
		}
	}

	if n := cpuSum(t) - before; n != 30 {
		t.Errorf("/proc/net/ip_vs_stats_percpu counted %d packets, want 30", n)
	}
	if total, err := Proc("").Stats(); err != nil || total.InPackets != cpuSum(t) {
		t.Errorf("/proc/net/ip_vs_stats counted %d packets, the CPUs %d; %v", total.InPackets, cpuSum(t), err)
	}

	var connections []Connection
	if err := (Proc("")).Connections(func(c Connection) error {
		if c.Virtual != vip {
			return nil
		}
		if c.Expires <= 0 || c.Expires > 5*time.Minute {
			t.Errorf("%+v: expires after the UDP timeout", c)
		}
		c.Expires, c.Client = 0, netip.AddrPortFrom(c.Client.Addr(), 0)
		connections = append(connections, c)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	one := Connection{
		Protocol: UDP, Client: netip.AddrPortFrom(vip.Addr(), 0), Virtual: vip,
		Destination: netip.MustParseAddrPort("127.0.0.1:5353"), State: "UDP",
	}
	if want := []Connection{one, one, one}; !slices.Equal(connections, want) {
		t.Errorf("connections\n%+v, want\n%+v", connections, want)
	}

	if err := c.Zero(t.Context(), e.Service.ServiceKey); err != nil {
		t.Fatal(err)
	}
	table, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := counters(table.Entries[0].Destinations[0].Stats); got != (Stats{Wide: true}) {
		t.Errorf("after Zero %+v", got)
	}
}

// TestCountersOfAServerThatComesBack: the kernel keeps a deleted destination for two to three minutes, and for as long as a connection
// has it (IP_VS_DEST_TRASH_PERIOD, ip_vs_dest_trash_expire and ip_vs_trash_get_dest in net/netfilter/ipvs/ip_vs_ctl.c). docs/exporter.md
// says so.
func TestCountersOfAServerThatComesBack(t *testing.T) {
	requireLab(t)
	c := labClient(t)
	vip := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 9, byte(rand.IntN(256)), byte(1 + rand.IntN(254))}), 53)
	traffic(t, c, vip, 3, 10)
	counted := func() Stats {
		table, err := c.Snapshot(t.Context())
		if err != nil || len(table.Entries) != 1 || len(table.Entries[0].Destinations) != 1 {
			t.Fatalf("%+v, %v", table, err)
		}
		return counters(table.Entries[0].Destinations[0].Stats)
	}
	want := Stats{Connections: 3, InPackets: 30, OutPackets: 30, InBytes: 3000, OutBytes: 3000, Wide: true}
	for range 100 { // the estimator runs every two seconds
		if counted() == want {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	key := At(UDP, vip)
	d := Destination{DestinationKey: To(netip.MustParseAddrPort("127.0.0.1:5353")), Forward: Masq, Weight: 1}
	if there, err := c.DeleteDestination(t.Context(), key, d.DestinationKey); err != nil || !there {
		t.Fatalf("%t, %v", there, err)
	}
	if err := c.NewDestination(t.Context(), key, d); err != nil {
		t.Fatal(err)
	}
	if got := counted(); got != want {
		t.Errorf("the server that comes back counts %+v, want it to go on from %+v", got, want)
	}
}

// cpuSum is what all CPUs counted together, which does not wait for the estimator.
func cpuSum(t *testing.T) uint64 {
	t.Helper()
	cpus, err := Proc("").CPUStats()
	if err != nil {
		t.Fatal(err)
	}
	var sum uint64
	for _, cpu := range cpus {
		sum += cpu.InPackets
	}
	return sum
}

// counters is the statistics without the rates.
func counters(s Stats) Stats {
	s.ConnectionRate, s.InPacketRate, s.OutPacketRate, s.InByteRate, s.OutByteRate = 0, 0, 0, 0, 0
	return s
}

func TestTimeoutsAndDaemons(t *testing.T) {
	requireLab(t)
	c := labClient(t)

	before, err := c.Timeouts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ipvsadm(t, "", "--set", "900", "120", "300") })
	if err := c.SetTimeouts(t.Context(), Timeouts{UDP: 17 * time.Second}); err != nil {
		t.Fatal(err)
	}
	want := Timeouts{TCP: before.TCP, TCPFin: before.TCPFin, UDP: 17 * time.Second}
	if got, err := c.Timeouts(t.Context()); err != nil || got != want {
		t.Errorf("timeouts %+v, %v; want %+v", got, err, want)
	}
	if out := ipvsadm(t, "", "-L", "--timeout"); !strings.Contains(out, "900 120 17") {
		t.Errorf("ipvsadm says %s", out)
	}

	ip(t, "link", "add", "sync0", "mtu", "1500", "type", "dummy")
	t.Cleanup(func() { ip(t, "link", "del", "sync0") })
	ip(t, "link", "set", "sync0", "multicast", "on", "addrgenmode", "none", "up")
	ip(t, "address", "add", "192.0.2.1/24", "dev", "sync0")
	ip(t, "address", "add", "fe80::1/64", "dev", "sync0", "nodad")
	if got, err := c.Daemons(t.Context()); err != nil || got != nil {
		t.Errorf("daemons %v, %v; want none", got, err)
	}
	master := Daemon{
		Role: Master, Interface: "sync0", SyncID: 200, MaxLength: 1400, Group: netip.MustParseAddr("ff02::51"),
		Port: 8849, TTL: 3,
	}
	backup := Daemon{Role: Backup, Interface: "sync0", SyncID: 7}
	for _, d := range []Daemon{master, backup} {
		if err := c.NewDaemon(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if err := c.NewDaemon(t.Context(), d); !errors.Is(err, ErrExists) {
			t.Errorf("%s a second time: %v", d.Role, err)
		}
	}
	got, err := c.Daemons(t.Context())
	if err != nil || len(got) != 2 {
		t.Fatalf("daemons %+v, %v", got, err)
	}
	// What was left to the kernel; the length is the interface's.
	backup.Group, backup.Port, backup.TTL, backup.MaxLength = netip.MustParseAddr("224.0.0.81"), 8848, 1, got[1].MaxLength
	if want := []Daemon{master, backup}; !slices.Equal(got, want) {
		t.Errorf("daemons %+v, want %+v", got, want)
	}
	out := ipvsadm(t, "", "-L", "--daemon")
	for _, line := range []string{
		"master sync daemon (mcast=sync0, syncid=200, maxlen=1400, group=ff02::51, port=8849, ttl=3)",
		fmt.Sprintf("backup sync daemon (mcast=sync0, syncid=7, maxlen=%d, group=224.0.0.81, port=8848, ttl=1)", backup.MaxLength),
	} {
		if !strings.Contains(out, line) {
			t.Errorf("ipvsadm does not say %q:\n%s", line, out)
		}
	}
	for _, r := range []DaemonRole{Master, Backup} {
		for _, want := range []bool{true, false} {
			if existed, err := c.DeleteDaemon(t.Context(), r); err != nil || existed != want {
				t.Errorf("stop %s: existed %v, %v; want %v", r, existed, err, want)
			}
		}
	}
}
