package exporter

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/exporter/internal/connections"
	"github.com/lvsdns/lvsdns/exporter/internal/tracking"
	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/fallback/report"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/notify"
)

var update = flag.Bool("update", false, "write what the goldens should be")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what it should be; run with -update and look at the difference", name)
	}
}

// fakeKernel gives what it holds, or err, and counts how often it was asked. It
// stands for both ways to read IPVS.
type fakeKernel struct {
	mu       sync.Mutex
	table    ipvs.Table
	daemons  []ipvs.Daemon
	timeouts ipvs.Timeouts
	info     ipvs.Info
	err      error
	restErr  error         // of all but the table
	hang     chan struct{} // if there is one, answers wait for it and for nothing else
	asked    atomic.Int64

	procErr error
	stats   ipvs.Stats
	cpus    []ipvs.CPUStats

	connections string // as in /proc/net/ip_vs_conn
	readable    int    // entries, before the budget is used up; 0: all
	status      map[string]uint64
	scanErr     error
	scans       atomic.Int64
}

func (f *fakeKernel) set(change func(*fakeKernel)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fakeKernel) Snapshot(context.Context) (ipvs.Table, error) {
	f.asked.Add(1)
	f.mu.Lock()
	hang, table, err := f.hang, f.table, f.err
	f.mu.Unlock()
	if hang != nil {
		<-hang
	}
	return table, err
}

func (f *fakeKernel) Daemons(context.Context) ([]ipvs.Daemon, error)  { return f.daemons, f.restErr }
func (f *fakeKernel) Timeouts(context.Context) (ipvs.Timeouts, error) { return f.timeouts, f.restErr }
func (f *fakeKernel) Info(context.Context) (ipvs.Info, error)         { return f.info, f.restErr }

func (f *fakeKernel) Table() (ipvs.Table, ipvs.Info, error) {
	// What /proc/net/ip_vs lacks is zero.
	limited := ipvs.Table{}
	for _, e := range f.table.Entries {
		s := e.Service
		s.Stats, s.Timeout, s.PEName = ipvs.Stats{}, 0, ""
		entry := ipvs.TableEntry{Service: s}
		for _, d := range e.Destinations {
			entry.Destinations = append(entry.Destinations, ipvs.Destination{
				DestinationKey: d.DestinationKey, Forward: d.Forward, Weight: d.Weight, Active: d.Active, Inactive: d.Inactive,
			})
		}
		limited.Entries = append(limited.Entries, entry)
	}
	return limited, f.info, f.procErr
}
func (f *fakeKernel) Stats() (ipvs.Stats, error)         { return f.stats, f.procErr }
func (f *fakeKernel) CPUStats() ([]ipvs.CPUStats, error) { return f.cpus, f.procErr }

func (f *fakeKernel) Status() (map[string]uint64, error) {
	if f.status == nil {
		return nil, fs.ErrNotExist
	}
	return f.status, nil
}

func (f *fakeKernel) ScanConnections(context.Context, ipvs.Budget) (ipvs.Scan, error) {
	f.scans.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	s := ipvs.Scan{Complete: true}
	err := ipvs.ParseConnections(strings.NewReader(f.connections), func(c ipvs.Connection) error {
		if f.readable > 0 && s.Entries >= f.readable {
			s.Complete = false
			return nil
		}
		s.Add(c)
		return nil
	})
	return s, errors.Join(err, f.scanErr)
}

// clock stands still until it is told to go on.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanos.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}
func (c *clock) now() time.Time       { return time.Unix(0, c.nanos.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.nanos.Add(int64(d)) }

// full is a table with one of everything.
func full() *fakeKernel {
	at := func(p ipvs.Protocol, s string) ipvs.ServiceKey { return ipvs.At(p, netip.MustParseAddrPort(s)) }
	to := func(s string) ipvs.DestinationKey { return ipvs.To(netip.MustParseAddrPort(s)) }
	n := uint64(0)
	stats := func() ipvs.Stats {
		n += 1 << 33 // does not fit into 32 bits
		return ipvs.Stats{Connections: n + 1, InPackets: n + 2, OutPackets: n + 3, InBytes: n + 4, OutBytes: n + 5, InPacketRate: 9, Wide: true}
	}
	return &fakeKernel{
		info:     ipvs.Info{Version: "1.2.1", ConnectionTableSize: 4096},
		timeouts: ipvs.Timeouts{TCP: 900 * time.Second, TCPFin: 120 * time.Second, UDP: 300 * time.Second},
		daemons:  []ipvs.Daemon{{Role: ipvs.Master, Interface: "eth0", SyncID: 5, Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1}},
		stats:    stats(),
		status:   map[string]uint64{"Conns": 9, "Conn buckets": 512, "Conn buckets empty": 505, "Conn buckets len-1": 5, "Conn buckets len-2": 2, "Services": 5, "Stats thread slots": 1, "Stats chain max len": 16, "Stats thread ests": 38400},
		connections: `UDP CB007105 0400 C0000201 0035 C6336401 0035 UDP             298
UDP CB007105 0401 C0000201 0035 C6336402 0035 UDP             298
UDP CB007105 0402 C0000201 0035 C6336409 0035 UDP             298
UDP CB007105 0403 C0000201 0035 C6336409 0035 UDP             298
TCP 2001:0db8:0009:0000:0000:0000:0000:0005 0400 2001:0db8:0000:0000:0000:0000:0000:0001 0035 2001:0db8:0000:0000:0000:0000:0000:0003 0035 ESTABLISHED     899
TCP 2001:0db8:0009:0000:0000:0000:0000:0005 0000 2001:0db8:0000:0000:0000:0000:0000:0001 0035 2001:0db8:0000:0000:0000:0000:0000:0003 0035 NONE            299
UDP CB007105 0404 C0000207 1389 C6336401 1389 UDP             298
UDP CB007105 0405 C0000207 1389 C6336407 1389 UDP             298
`,
		cpus: []ipvs.CPUStats{{CPU: 0, Stats: stats()}, {CPU: 1, Stats: stats()}},
		table: ipvs.Table{Duplicates: 2, Entries: []ipvs.TableEntry{
			{Service: ipvs.Service{ServiceKey: at(ipvs.UDP, "192.0.2.1:53"), Scheduler: "wrr", Flags: ipvs.OnePacket | ipvs.Hashed, Stats: stats()}, Destinations: []ipvs.Destination{
				{DestinationKey: to("198.51.100.1:53"), Forward: ipvs.DR, Weight: 5, Inactive: 17, Stats: stats()},
				{DestinationKey: to("198.51.100.2:53"), Forward: ipvs.Masq, Weight: 0, UpperThreshold: 100, LowerThreshold: 50, Active: 3, Inactive: 4, Persistent: 1, Stats: stats()},
				{DestinationKey: to("[2001:db8::2]:53"), Forward: ipvs.Tun, Weight: 2, UpperThreshold: 7, Active: 3, Inactive: 4, Tunnel: ipvs.Tunnel{Type: ipvs.GUE, Port: 6080, Flags: ipvs.Csum}, Stats: stats()},
			}},
			{Service: ipvs.Service{ServiceKey: at(ipvs.TCP, "[2001:db8::1]:53"), Scheduler: "sh", Flags: ipvs.Sched1 | ipvs.Persistent, Timeout: 300 * time.Second, Netmask: ipvs.MaskBits(ipvs.IPv6, 64), PEName: "sip", Stats: stats()}, Destinations: []ipvs.Destination{
				{DestinationKey: to("[2001:db8::3]:53"), Forward: ipvs.Local, Weight: 1, Stats: stats()},
			}},
			{Service: ipvs.Service{ServiceKey: at(ipvs.SCTP, "192.0.2.1:2905"), Scheduler: "", Stats: stats()}},
			{Service: ipvs.Service{ServiceKey: at(ipvs.TCP, "192.0.2.9:53"), Scheduler: "rr"}, Gone: true},
			{Service: ipvs.Service{ServiceKey: ipvs.Mark(ipvs.IPv4, 7), Scheduler: "wlc", Stats: stats()}, Destinations: []ipvs.Destination{
				{DestinationKey: to("198.51.100.1:53"), Forward: ipvs.Bypass, Weight: 1, Stats: stats()},
			}},
			{Service: ipvs.Service{ServiceKey: ipvs.Mark(ipvs.IPv6, 7), Scheduler: "wlc", Stats: stats()}},
		}},
	}
}

// rig is an exporter on fakes.
type rig struct {
	*Exporter
	kernel    *fakeKernel
	conntrack *fakeConntrack
	clock     *clock
	checks    *checks.Memory

	// The connection table has a kernel of its own: it is read at other times.
	scanned *fakeKernel
	table   *connections.Reader
}

const rigConfig = `
vrrp_instance DNS {
  interface eth0
  virtual_router_id 51
  priority 150
  virtual_ipaddress {
    192.0.2.1/32
    192.0.2.2/32
  }
}
vrrp_instance HTTP {
  interface eth0
  virtual_router_id 52
  priority 100
  virtual_ipaddress {
    192.0.2.80/32
  }
}
vrrp_sync_group ALL {
  group {
    DNS
    HTTP
  }
}
virtual_server 192.0.2.1 53 {
  protocol UDP
  lb_algo wrr
  lb_kind DR
  ops
  real_server 198.51.100.1 53 {
    weight 9
    TCP_CHECK {
    }
  }
}
`

func newRig(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	root := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{"conntrack": "1", "sync_threshold": "3\t50", "est_cpulist": "0-3", "run_estimation": "1"} {
		write("proc/sys/net/ipv4/vs/"+name, value+"\n")
	}
	write("etc/keepalived/keepalived.conf", rigConfig)
	write("proc/net/snmp", "Ip: InReceives ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\nIp: 99 1 2 3 4 5 6 7\nIcmp: InDestUnreachs OutDestUnreachs\nIcmp: 8 9\n"+
		"Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors MemErrors\nUdp: 11 12 13 14 15 16 17 18\n")
	write("proc/net/udp", "   sl  local_address\n  1: 0B00000A:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4711 2 0 31\n  2: 0B00000A:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4712 2 0 1\n")
	write("proc/net/netstat", "IpExt: ReasmOverlaps\nIpExt: 10\n")
	write("proc/net/snmp6", "Ip6InReceives 99\nIp6InTooBigErrors 21\nIp6ReasmTimeout 22\nIp6ReasmReqds 23\nIp6ReasmOKs 24\nIp6ReasmFails 25\nIp6FragOKs 26\nIp6FragFails 27\nIp6FragCreates 18446744073709551615\n"+
		"Icmp6InPktTooBigs 28\nIcmp6OutPktTooBigs 29\nIcmp6InDestUnreachs 30\nIcmp6OutDestUnreachs 31\nUdp6InDatagrams 32\nUdp6NoPorts 33\nUdp6InErrors 34\nUdp6OutDatagrams 35\nUdp6RcvbufErrors 36\nUdp6SndbufErrors 37\nUdp6InCsumErrors 38\n")
	write("proc/net/softnet_stat", "0000000a 0000000b 0000000c 0 0 0 0 0 0 0000000d 0000000e 0000000f 00000000 1 2\nffffffff 00000001 00000001 0 0 0 0 0 0 00000001 00000001 00000001 00000002 1 2\n")
	write("proc/42/status", fmt.Sprintf("Name:\tlvsdns-fallback\nState:\tS (sleeping)\nUid:\t%d\t0\t0\t0\n", os.Getuid()))
	if err := os.Symlink("/usr/bin/lvsdns-fallback", filepath.Join(root, "proc/42/exe")); err != nil {
		t.Fatal(err)
	}
	if err := report.Write(filepath.Join(root, "fallback.json"), report.Report{
		PID: 42, At: time.Unix(1767323005, 0), Stopped: "somebody else wrote", Writes: 12, Errors: 1, VirtualServers: 3, Blocked: 1, Up: 4, Down: 2,
		Checks: map[string]uint64{"pass": 90, "fail": 3},
	}); err != nil {
		t.Fatal(err)
	}
	r := &rig{kernel: full(), conntrack: newFakeConntrack(), clock: newClock()}
	r.checks = checks.New(checks.Config{Now: r.clock.now})
	r.scanned = full()
	r.table = connections.New(connections.Config{Table: r.scanned, Kernel: r.scanned, Proc: r.scanned, Now: r.clock.now, Budget: ipvs.Budget{Entries: 1000, Time: 2 * time.Second}})
	r.table.Pass(t.Context())
	config := Config{
		Journal:      func() (*notify.Document, error) { return journal(), nil },
		FallbackFile: filepath.Join(root, "fallback.json"),
		Kernel:       r.kernel, Proc: r.kernel, Root: root, Checks: r.checks, Connections: r.table, PerCPU: true, MaxSeries: 1000,
		Conntrack: r.conntrack, Flows: tracking.Flows{Interval: time.Minute, MaxEntries: 1000, Wanted: conntrack.Timeouts{UDP: 10 * time.Second}},
		Addresses: func() ([]host.Address, error) {
			return []host.Address{
				{Interface: "lo", Addr: netip.MustParseAddr("192.0.2.2")},
				{Interface: "eth0", Addr: netip.MustParseAddr("192.0.2.1")},
			}, nil
		},
		Configuration: func() (*keepalived.Config, error) {
			return keepalived.Load("/etc/keepalived/keepalived.conf", keepalived.Options{FS: os.DirFS(root), ConfigID: "lb1", Version: "2.2.7"})
		},
		compare: func(in drift.Input) []drift.Difference {
			server := ipvs.To(netip.MustParseAddrPort("198.51.100.1:53"))
			service := ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53"))
			return []drift.Difference{
				{Kind: drift.WeightStuck, Service: service, Server: server, Pos: in.Config.VirtualServers[0].Pos, Text: "stuck", Mend: "reload"},
				{Kind: drift.ScriptMissing, Service: service, Server: server, Text: "no script <1>", Mend: "install it"},
				{Kind: drift.ScriptMissing, Service: service, Server: server, Text: "no script <2>", Mend: "install it"},
				{Kind: drift.ConfigIgnored, Text: "ignored", Mend: "correct it"},
			}
		},
		Host: "lb1.example.com", Build: Build{"1.0.0", "0123abc", "go1.26"}, Now: r.clock.now, Timeout: time.Minute, Share: 2 * time.Second,
	}
	if change != nil {
		change(&config)
	}
	r.table = config.Connections
	r.Exporter = New(config)
	return r
}

// journal has what lvsdns-notify may have noted.
func journal() *notify.Document {
	at := func(n int) time.Time { return time.Unix(1767323000+int64(n), 0) }
	d := &notify.Document{Written: at(9), Late: 1, Reader: &notify.ReaderNote{Lines: 12, Garbage: 1, Resyncs: 2}}
	for i, e := range []notify.Event{
		{Subject: notify.Subject{Kind: notify.Instance, Name: "DNS"}, State: notify.Backup, Priority: 150},
		{Subject: notify.Subject{Kind: notify.Instance, Name: "DNS"}, State: notify.Master, Priority: 140},
		{Subject: notify.Subject{Kind: notify.Instance, Name: "HTTP"}, State: notify.Fault, Priority: 100},
		{Subject: notify.Subject{Kind: notify.Group, Name: "ALL"}, State: notify.Fault},
		{Subject: notify.Subject{Kind: notify.Instance, Name: "GONE"}, State: notify.Stop, Priority: 1},
		{Subject: notify.Subject{Kind: notify.Host}, State: notify.Master},
	} {
		e.Mark, e.At = notify.Mark{Born: time.Duration(i), PID: i + 1}, at(i)
		d.Add(e)
	}
	d.Note(notify.ActionNote{Subject: d.Records[0].Subject, Action: "conntrack", State: notify.Master, OK: true, At: at(2), Seconds: 0.25})
	d.Note(notify.ActionNote{Subject: d.Records[0].Subject, Action: "webhook", State: notify.Master, At: at(2), Seconds: 5})
	d.Agreements = []notify.Agreement{{Subject: notify.Subject{Kind: notify.Group, Name: "ALL"}, Owner: true, Parts: []notify.Part{{Name: "haproxy", Active: true}, {Name: "ipvs-sync"}}}}
	vs := notify.Virtual{Addr: netip.MustParseAddrPort("192.0.2.1:53"), Proto: "udp"}
	d.Serve(notify.ServerEvent{Server: notify.Server{Virtual: vs}, Up: true}, notify.FIFO, at(3))
	d.Serve(notify.ServerEvent{Server: notify.Server{Virtual: vs, Real: netip.MustParseAddrPort("198.51.100.1:53")}}, notify.FIFO, at(4))
	d.Serve(notify.ServerEvent{Server: notify.Server{Virtual: notify.Virtual{Mark: 7}, Real: netip.MustParseAddrPort("[2001:db8::2]:53")}, Up: true}, notify.FIFO, at(4))
	d.Serve(notify.ServerEvent{Server: notify.Server{Virtual: notify.Virtual{Group: "dns"}}}, notify.FIFO, at(4))
	return d
}

// large is a table of many.
func large(services, servers int) *fakeKernel {
	f := full()
	f.table = ipvs.Table{}
	for i := range services {
		e := ipvs.TableEntry{Service: ipvs.Service{
			ServiceKey: ipvs.At(ipvs.UDP, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 53)), Scheduler: "wrr",
		}}
		for j := range servers {
			e.Destinations = append(e.Destinations, ipvs.Destination{
				DestinationKey: ipvs.To(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, byte(i >> 8), byte(i*servers + j)}), 53)), Forward: ipvs.DR, Weight: 1,
			})
		}
		f.table.Entries = append(f.table.Entries, e)
	}
	return f
}
