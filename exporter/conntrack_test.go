package exporter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// fakeConntrack gives what it holds, or err.
type fakeConntrack struct {
	size         conntrack.Size
	cpus         []conntrack.CPU
	expectations int
	pass         conntrack.Pass // of the table that full makes; Services are made to fit
	err, passErr error
	asked        []conntrack.Service // by the last pass
	passed       atomic.Int64
}

func newFakeConntrack() *fakeConntrack {
	f := &fakeConntrack{size: conntrack.Size{Entries: 500, Limit: 262144, Buckets: 65536, ExpectLimit: 4096}, expectations: 3}
	for number := range uint16(2) {
		cpu := conntrack.CPU{Number: number}
		for i, e := range conntrack.Events() {
			cpu.Counts[e], cpu.Known[e] = uint32(i+1)<<29, e != conntrack.ChainTooLong // an older kernel
		}
		f.cpus = append(f.cpus, cpu)
	}
	f.pass.IPv4 = [4]uint64{400, 50, 4, 1}
	f.pass.IPv6 = [4]uint64{40, 5, 0, 0}
	f.pass.Took, f.pass.CPU = 20*time.Millisecond, 2*time.Millisecond
	return f
}

func (f *fakeConntrack) Size() (conntrack.Size, error) { return f.size, f.err }
func (f *fakeConntrack) Timeouts() (conntrack.Timeouts, error) {
	return conntrack.Timeouts{UDP: 30 * time.Second, Stream: 2 * time.Minute}, f.err
}
func (f *fakeConntrack) Counters(context.Context) ([]conntrack.CPU, error) { return f.cpus, f.err }
func (f *fakeConntrack) Expectations(context.Context) (int, error)         { return f.expectations, f.err }

func (f *fakeConntrack) Pass(_ context.Context, services []conntrack.Service, most int) (conntrack.Pass, error) {
	f.passed.Add(1)
	f.asked = services
	if f.size.Entries > most {
		return conntrack.Pass{}, fmt.Errorf("x: %w", conntrack.ErrTooBig)
	}
	p := f.pass
	for i := range services {
		n := uint64(i + 1)
		p.Services = append(p.Services, conntrack.Count{ByState: [3]uint64{100 * n, 10 * n, n}, Stale: 2 * n})
	}
	return p, errors.Join(f.err, f.passErr)
}

// value is that of the series that begins so; false if there is none.
func (r *rig) series(t *testing.T, series string) (string, bool) {
	t.Helper()
	for line := range strings.Lines(r.page(t, "")) {
		if v, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

func (r *rig) expect(t *testing.T, want map[string]string) {
	t.Helper()
	for series, v := range want {
		if got, ok := r.series(t, series); got != v || ok != (v != "") {
			t.Errorf("%s is %q, want %q", series, got, v)
		}
	}
}

func TestFlowsOfServices(t *testing.T) {
	r := newRig(t, nil)
	r.tracker.Pass(t.Context())
	if len(r.conntrack.asked) != 1 || r.conntrack.asked[0].At != netip.MustParseAddrPort("192.0.2.1:53") || len(r.conntrack.asked[0].Servers) != 3 || !r.conntrack.asked[0].Servers[1].Drained {
		t.Errorf("asked for %+v", r.conntrack.asked)
	}
	r.expect(t, map[string]string{
		`lvsdns_conntrack_udp_flows{vip="192.0.2.1",vport="53",state="unreplied"}`:       "100",
		`lvsdns_conntrack_udp_flows{vip="192.0.2.1",vport="53",state="assured"}`:         "1",
		`lvsdns_conntrack_udp_stale_flows{vip="192.0.2.1",vport="53"}`:                   "2",
		`lvsdns_conntrack_tracking{vip="192.0.2.1",vport="53"}`:                          "0",
		`lvsdns_conntrack_tracking_info{vip="192.0.2.1",vport="53",reason="one_packet"}`: "1",
		`lvsdns_conntrack_pass_entries{protocol="udp",family="ipv6"}`:                    "40",
		`lvsdns_conntrack_timeout_seconds{timeout="udp_stream"}`:                         "120",
		`lvsdns_conntrack_timeout_wanted_seconds{timeout="udp"}`:                         "10",
		`lvsdns_conntrack_timeout_wanted_seconds{timeout="udp_stream"}`:                  "",
		`lvsdns_conntrack_insert_failed_total`:                                           "1073741824",
		`lvsdns_conntrack_clash_resolve_total`:                                           "7516192768", // more than 32 bits hold
		`lvsdns_conntrack_chain_toolong_total`:                                           "",           // this kernel has none
		`lvsdns_conntrack_expectations`:                                                  "3",
		`lvsdns_conntrack_passes_total{result="done"}`:                                   "1",
		`lvsdns_conntrack_pass_age_seconds`:                                              "0",
	})
	// What the counters do next is added, wraps included; a new virtual server has no flows before the next pass.
	r.conntrack.cpus[0].Counts[conntrack.InsertFailed] += 1<<31 - 1
	r.kernel.table.Entries = append(r.kernel.table.Entries, ipvs.TableEntry{Service: ipvs.Service{ServiceKey: ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.8:53"))},
		Destinations: []ipvs.Destination{{DestinationKey: ipvs.To(netip.MustParseAddrPort("198.51.100.1:53")), Forward: ipvs.Masq}}})
	r.clock.pass(30 * time.Second)
	r.expect(t, map[string]string{
		`lvsdns_conntrack_insert_failed_total`:                                        "3221225471",
		`lvsdns_conntrack_tracking{vip="192.0.2.8",vport="53"}`:                       "1",
		`lvsdns_conntrack_tracking_info{vip="192.0.2.8",vport="53",reason="tracked"}`: "1",
		`lvsdns_conntrack_udp_flows{vip="192.0.2.8",vport="53",state="replied"}`:      "",
		`lvsdns_conntrack_pass_age_seconds`:                                           "30",
	})
	r.conntrack.cpus[0].Counts[conntrack.InsertFailed] += 1<<31 - 1
	r.tracker.Pass(t.Context())
	r.clock.pass(30 * time.Second)
	r.expect(t, map[string]string{
		`lvsdns_conntrack_insert_failed_total`:                                   "5368709118",
		`lvsdns_conntrack_udp_flows{vip="192.0.2.8",vport="53",state="replied"}`: "20",
	})
}

// TestPassesThatAreNotMade has a table that is too big, then dear, then unreadable: the numbers of the last pass stay as long as
// they are true, and what is wrong is said.
func TestPassesThatAreNotMade(t *testing.T) {
	r := newRig(t, nil)
	r.tracker.Pass(t.Context())
	const flows, age = `lvsdns_conntrack_udp_flows{vip="192.0.2.1",vport="53",state="replied"}`, `lvsdns_conntrack_pass_age_seconds`
	const tooBig, sparse = `lvsdns_conntrack_pass_skipped{reason="too_big"}`, `lvsdns_conntrack_pass_skipped{reason="sparse"}`
	r.conntrack.size.Entries = 1001
	for minute := range 4 {
		r.clock.pass(time.Minute)
		r.tracker.Pass(t.Context())
		want := map[string]string{flows: "10", age: fmt.Sprint(60 * (minute + 1)), tooBig: "1", sparse: "0", `lvsdns_source_up{source="conntrack"}`: "1"}
		if minute >= 3 {
			want[flows] = ""
		}
		r.expect(t, want)
	}
	r.expect(t, map[string]string{`lvsdns_conntrack_passes_total{result="too_big"}`: "4", `lvsdns_conntrack_entries`: "1001", `lvsdns_conntrack_pass_entries_limit`: "1000"})

	// 500 entries in 20.1 ms: other namespaces' entries must have been in the way.
	r.conntrack.size.Entries, r.conntrack.pass.CPU = 500, 20*time.Millisecond+100*time.Microsecond
	before := r.conntrack.passed.Load()
	for range 11 {
		r.clock.pass(time.Minute)
		r.tracker.Pass(t.Context())
	}
	if n := r.conntrack.passed.Load() - before; n != 2 {
		t.Errorf("%d dear passes in eleven minutes, want 2", n)
	}
	r.expect(t, map[string]string{flows: "10", age: "0", sparse: "0", `lvsdns_conntrack_passes_total{result="sparse"}`: "9"})
	r.clock.pass(9 * time.Minute)
	r.tracker.Pass(t.Context())
	r.expect(t, map[string]string{flows: "10", age: "540", tooBig: "0", sparse: "1"})

	r.clock.pass(5 * time.Minute)
	r.conntrack.passErr = context.DeadlineExceeded
	r.tracker.Pass(t.Context())
	r.expect(t, map[string]string{
		flows: "", sparse: "0", `lvsdns_conntrack_passes_total{result="failed"}`: "1",
		`lvsdns_source_up{source="conntrack"}`: "0", `lvsdns_source_failure{source="conntrack",reason="timeout"}`: "1", `lvsdns_conntrack_entries`: "500",
	})
}

func TestConntrackTrouble(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*rig, *Config)
		want   map[string]string
	}{
		{
			"no conntrack in the kernel", func(r *rig, _ *Config) {
				r.conntrack.err = fmt.Errorf("x: %w: %w", conntrack.ErrAbsent, fs.ErrNotExist)
			},
			map[string]string{
				`lvsdns_source_up{source="conntrack"}`: "1", `lvsdns_conntrack_loaded`: "0", `lvsdns_conntrack_entries`: "", `lvsdns_conntrack_passes_total{result="failed"}`: "",
				`lvsdns_conntrack_tracking_info{vip="192.0.2.1",vport="53",reason="nothing_tracked"}`: "1",
			},
		},
		{
			"vs.conntrack is off", func(_ *rig, c *Config) {
				os.WriteFile(filepath.Join(c.Root, "proc/sys/net/ipv4/vs/conntrack"), []byte("0\n"), 0o644)
			},
			map[string]string{`lvsdns_conntrack_tracking_info{vip="192.0.2.1",vport="53",reason="vs_conntrack_off"}`: "1", `lvsdns_conntrack_tracking{vip="192.0.2.1",vport="53"}`: "0"},
		},
		{
			"vs.conntrack cannot be read", func(_ *rig, c *Config) { os.RemoveAll(filepath.Join(c.Root, "proc/sys/net/ipv4/vs")) },
			map[string]string{`lvsdns_conntrack_tracking_info{vip="192.0.2.1",vport="53",reason="unknown"}`: "1", `lvsdns_source_up{source="conntrack"}`: "1"},
		},
		{
			"nothing of IPv4 is tracked", func(r *rig, _ *Config) { r.conntrack.pass.IPv4 = [4]uint64{} },
			map[string]string{`lvsdns_conntrack_tracking_info{vip="192.0.2.1",vport="53",reason="nothing_tracked"}`: "1"},
		},
		{
			"no IPVS", func(r *rig, _ *Config) { r.kernel.err, r.kernel.procErr = ipvs.ErrAbsent, ipvs.ErrAbsent },
			map[string]string{
				`lvsdns_source_up{source="conntrack"}`: "1", `lvsdns_conntrack_pass_entries{protocol="tcp",family="ipv4"}`: "50", `lvsdns_conntrack_tracking{vip="192.0.2.1",vport="53"}`: "",
			},
		},
		{
			"a virtual server that is not shown", func(_ *rig, c *Config) { c.Keep = func(ipvs.ServiceKey) bool { return false } },
			map[string]string{`lvsdns_conntrack_tracking{vip="192.0.2.1",vport="53"}`: "", `lvsdns_conntrack_entries`: "500"},
		},
		{
			"no passes", func(_ *rig, c *Config) { c.Flows.Interval = 0 },
			map[string]string{`lvsdns_conntrack_entries`: "500", `lvsdns_source_up{source="conntrack"}`: "1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil)
			config := r.config
			tt.change(r, &config)
			r.Exporter = New(config)
			r.tracker.Pass(t.Context())
			r.expect(t, tt.want)
		})
	}
	// What everybody may read is shown without the capability.
	r := newRig(t, nil)
	r.conntrack.passErr = fmt.Errorf("x: %w: %w", conntrack.ErrPermission, fs.ErrPermission)
	r.tracker.Pass(t.Context())
	r.clock.pass(5 * time.Second)
	r.expect(t, map[string]string{`lvsdns_source_failure{source="conntrack",reason="permission"}`: "1", `lvsdns_conntrack_entries`: "500", `lvsdns_conntrack_timeout_seconds{timeout="udp"}`: "30"})
}

// TestWatch makes passes until it is told to end.
func TestWatch(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Flows.Interval = time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		r.Watch(ctx)
		close(done)
	}()
	for r.conntrack.passed.Load() < 5 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
	newRig(t, func(c *Config) { c.Flows.Interval, c.Checks = 0, nil }).Watch(t.Context()) // there is nothing to watch: it returns at once
}
