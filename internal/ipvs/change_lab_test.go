//go:build lab

package ipvs

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// TestSnapshotsWhileTheTableChanges: a hundred changes a second must not cost a snapshot, nor double or lose
// what stays.
func TestSnapshotsWhileTheTableChanges(t *testing.T) {
	requireLab(t)
	c, writer := labClient(t), labClient(t)
	vip := netip.MustParseAddr("192.0.2.1")
	stays := At(UDP, netip.AddrPortFrom(vip, 1))
	if err := c.NewService(t.Context(), Service{ServiceKey: stays, Scheduler: "rr"}); err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddr("10.0.0.0")
	for range 300 { // more than one datagram holds
		addr = addr.Next()
		d := Destination{DestinationKey: To(netip.AddrPortFrom(addr, 1)), Forward: DR, Weight: 1}
		if err := c.NewDestination(t.Context(), stays, d); err != nil {
			t.Fatal(err)
		}
	}

	// On one processor of Go's no change would ever come between two datagrams of a snapshot.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0))))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var changes atomic.Int64
	wg.Go(func() {
		addr := addr.Next()
		for port := uint16(2); ctx.Err() == nil; port++ {
			k := At(TCP, netip.AddrPortFrom(vip, port))
			d := Destination{DestinationKey: To(netip.AddrPortFrom(addr, port)), Forward: DR, Weight: 1}
			comes := d
			comes.Port = 1
			_, err := writer.DeleteService(t.Context(), At(TCP, netip.AddrPortFrom(vip, port-20)))
			err = errors.Join(err,
				writer.NewService(t.Context(), Service{ServiceKey: k, Scheduler: "rr"}),
				writer.NewDestination(t.Context(), k, d),
				writer.NewDestination(t.Context(), stays, comes)) // at the head of the list: it shifts the rest
			_, other := writer.DeleteDestination(t.Context(), stays, comes.DestinationKey)
			if err := errors.Join(err, other); err != nil {
				t.Error(err)
				return
			}
			changes.Add(5)
			time.Sleep(10 * time.Millisecond)
		}
	})
	gone, duplicates, holes := 0, 0, 0
	snapshots := 0
	for ; snapshots < 100 || changes.Load() < 200 && snapshots < 10_000; snapshots++ {
		table, err := c.Snapshot(t.Context())
		if err != nil {
			t.Error(err)
			break
		}
		duplicates += table.Duplicates
		found := false
		seen := map[ServiceKey]bool{}
		for _, e := range table.Entries {
			if seen[e.Service.ServiceKey] {
				t.Errorf("%s twice", e.Service)
			}
			seen[e.Service.ServiceKey] = true
			if e.Gone {
				gone++
				continue
			}
			if e.Service.ServiceKey != stays {
				continue
			}
			found = true
			there := map[DestinationKey]bool{}
			for _, d := range e.Destinations {
				if there[d.DestinationKey] {
					t.Errorf("%s twice", d.DestinationKey)
				}
				there[d.DestinationKey] = true
			}
			if len(e.Destinations) < 300 {
				holes++
			}
		}
		if !found {
			t.Error("the service that stays is missing")
		}
	}
	stop()
	wg.Wait()
	t.Logf(
		"%d changes: %d duplicates dropped, %d services gone, %d of %d snapshots miss a destination", changes.Load(),
		duplicates, gone, holes, snapshots,
	)
	if n := changes.Load(); n < 200 {
		t.Errorf("only %d changes", n)
	}
}

// TestWithoutRights runs itself again as a user without capabilities.
func TestWithoutRights(t *testing.T) {
	const second = "LVSDNS_TEST_WITHOUT_RIGHTS"
	if os.Getenv(second) != "" {
		c := New(Config{})
		_, err := c.Snapshot(t.Context())
		if !errors.Is(err, ErrPermission) || !errors.Is(err, syscall.EPERM) {
			t.Errorf("snapshot: %v", err)
		}
		if err := c.NewService(t.Context(), Service{ServiceKey: Mark(IPv4, 8)}); !errors.Is(err, ErrPermission) {
			t.Errorf("write: %v", err)
		}
		table, _, err := Proc("").Table()
		if err != nil || len(table.Entries) != 1 {
			t.Errorf("proc shows %v, %v", table, err)
		}
		if _, err := Proc("").Stats(); err != nil {
			t.Error(err)
		}
		return
	}
	requireLab(t)
	ipvsadm(t, "", "-A", "-f", "7", "-s", "rr")
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), second+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestNamespace reads the table of another network namespace, as an exporter beside several directors does.
func TestNamespace(t *testing.T) {
	requireLab(t)
	ip(t, "netns", "add", "elsewhere")
	t.Cleanup(func() { ip(t, "netns", "del", "elsewhere") })
	ip(t, "netns", "exec", "elsewhere", "ipvsadm", "-A", "-f", "7", "-s", "rr")
	ns, err := netns.Open("elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	for _, test := range []struct {
		name string
		in   int
		want int
	}{{"here", 0, 0}, {"elsewhere", int(ns.Fd()), 1}} {
		c := New(Config{NetNS: test.in, Timeout: time.Minute})
		table, err := c.Snapshot(t.Context())
		if err != nil || len(table.Entries) != test.want {
			t.Errorf("%s: %v, %v; want %d services", test.name, table, err, test.want)
		}
		_ = c.Close()
	}
}

// TestEdges has the values that ipvsadm can't write or can't show.
func TestEdges(t *testing.T) {
	requireLab(t)
	c := labClient(t)
	want := []TableEntry{
		{
			Service: Service{
				ServiceKey: At(UDP, netip.MustParseAddrPort("192.0.2.1:53")), Scheduler: "wlc",
				Flags: Persistent | OnePacket, Timeout: 24 * 24 * time.Hour, Netmask: MaskBits(IPv4, 0),
			},
			Destinations: []Destination{
				{DestinationKey: To(netip.MustParseAddrPort("192.0.2.21:53")), Forward: Local, Weight: 1<<31 - 1},
				{DestinationKey: To(netip.MustParseAddrPort("192.0.2.22:53")), UpperThreshold: 1<<31 - 1, LowerThreshold: 1<<31 - 1},
				{DestinationKey: To(netip.MustParseAddrPort("192.0.2.22:54")), Forward: DR},
			},
		},
		{
			Service: Service{
				ServiceKey: At(TCP, netip.MustParseAddrPort("[2001:db8::1]:0")), Scheduler: "mh",
				Flags: Sched1 | Sched2 | Sched3, Netmask: MaskBits(IPv6, 1),
			},
		},
		{Service: Service{ServiceKey: Mark(IPv4, 1<<32-1)}}, // without a scheduler
	}
	writeTable(t, c, want)
	got, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compareTables(t, got.Entries, want)

	first := want[0].Service.ServiceKey
	for _, test := range []struct {
		name string
		err  error
		want error
	}{
		{"service twice", c.NewService(t.Context(), want[0].Service), ErrExists},
		{"destination twice", c.NewDestination(t.Context(), first, want[0].Destinations[0]), ErrExists},
		{"change a service that is not there", c.SetService(t.Context(), Service{ServiceKey: Mark(IPv6, 9), Scheduler: "rr"}), ErrMissing},
		{
			"change a destination that is not there",
			c.SetDestination(t.Context(), first, Destination{DestinationKey: To(netip.MustParseAddrPort("192.0.2.9:53"))}),
			ErrMissing,
		},
		{"zero what is not there", c.Zero(t.Context(), Mark(IPv6, 9)), ErrMissing},
		{"a scheduler that is not there", c.NewService(t.Context(), Service{ServiceKey: Mark(IPv6, 9), Scheduler: "wr"}), errNoModule},
		{"another scheduler that is not there", c.SetService(t.Context(), Service{ServiceKey: first, Scheduler: "wr"}), errNoModule},
		{
			"an engine that is not there",
			c.NewService(t.Context(), Service{ServiceKey: Mark(IPv6, 9), Scheduler: "rr", PEName: "pop"}), errNoModule,
		},
		{
			"lower threshold above the upper",
			c.SetDestination(t.Context(), first, Destination{DestinationKey: want[0].Destinations[0].DestinationKey, LowerThreshold: 1}),
			syscall.ERANGE,
		},
		{
			"negative weight",
			c.SetDestination(t.Context(), first, Destination{DestinationKey: want[0].Destinations[0].DestinationKey, Weight: 1 << 31}),
			syscall.ERANGE,
		},
		{
			"other family without a tunnel",
			c.NewDestination(t.Context(), first, Destination{DestinationKey: To(netip.MustParseAddrPort("[2001:db8::2]:53")), Forward: DR}),
			syscall.EINVAL,
		},
		{
			"prefix length 0",
			c.NewService(t.Context(), Service{ServiceKey: Mark(IPv6, 9), Scheduler: "rr", Netmask: MaskBits(IPv6, 0)}),
			syscall.EINVAL,
		},
		{
			"GUE without a port",
			c.SetDestination(t.Context(), first, Destination{
				DestinationKey: want[0].Destinations[0].DestinationKey, Forward: Tun, Tunnel: Tunnel{Type: GUE},
			}),
			syscall.EINVAL,
		},
	} {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, test.err, test.want)
		}
	}
	if got, err = c.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	compareTables(t, got.Entries, want)

	out := ipvsadm(t, "", "-Ln", "--thresholds")
	if !strings.Contains(strings.Join(strings.Fields(out), " "), "-> 192.0.2.22:53 2147483647 2147483647 0 0") {
		t.Errorf("ipvsadm shows other thresholds:\n%s", out)
	}
}
