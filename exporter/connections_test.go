package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/connections"
	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// passed are connections of which one pass was made.
func passed(t *testing.T, change func(*connections.Config, *fakeKernel)) *connections.Reader {
	scanned := full()
	config := connections.Config{Table: scanned, Kernel: scanned, Proc: scanned, Now: newClock().now, Budget: ipvs.Budget{Entries: 1000, Time: 2 * time.Second}}
	change(&config, scanned)
	c := connections.New(config)
	c.Pass(t.Context())
	return c
}

// lines are those of the page with this beginning.
func (r *rig) lines(t *testing.T, beginning string) (all []string) {
	t.Helper()
	for line := range strings.Lines(r.page(t, "")) {
		if strings.HasPrefix(line, beginning) {
			all = append(all, strings.TrimSpace(strings.TrimPrefix(line, beginning)))
		}
	}
	return all
}

const (
	missingOf = `lvsdns_ipvs_connections_orphaned{vip="192.0.2.1",vport="53",proto="udp",fwmark="",family="ipv4",reason="real_server_missing"}`
	drainedOf = `lvsdns_ipvs_connections_orphaned{vip="192.0.2.1",vport="53",proto="udp",fwmark="",family="ipv4",reason="real_server_drained"}`
	entriesOf = `lvsdns_ipvs_connection_entries{vip="192.0.2.1",vport="53",proto="udp",fwmark="",family="ipv4",state="udp"}`
)

func TestPasses(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(r *rig)
		up      source.Failure
		missing string // at the UDP service; "" if absent
		entries string
		result  string
		want    map[string]string // series and its value; "" if absent
	}{
		{name: "complete", missing: "2", entries: "4", result: "complete"},
		{
			name: "a part, with orphans in it: at least so many", change: func(r *rig) { r.scanned.readable = 3 },
			missing: "1", result: "part",
			want: map[string]string{
				"lvsdns_ipvs_connection_pass_complete": "0",
				"lvsdns_ipvs_connection_pass_entries":  "3",
				// Two of the 31 connections that the kernel counts at real servers that are there.
				"lvsdns_ipvs_connection_pass_coverage_ratio": fmt.Sprint(2. / 31),
			},
		},
		{
			name: "a part, without orphans: nobody knows", change: func(r *rig) { r.scanned.readable = 2 },
			result: "part", want: map[string]string{"lvsdns_ipvs_connection_pass_complete": "0"},
		},
		{
			name: "failed", change: func(r *rig) { r.scanned.scanErr = errors.New("odd") },
			up: source.Other, result: "failed", want: map[string]string{"lvsdns_ipvs_connection_pass_entries": "", "lvsdns_ipvs_connection_table_entries": ""},
		},
		{
			name: "may not be read", change: func(r *rig) { r.scanned.scanErr = os.ErrPermission },
			up: source.Permission, result: "failed",
		},
		{
			name: "without the right to ask netlink", change: func(r *rig) { r.scanned.err = ipvs.ErrPermission },
			missing: "2", entries: "4", result: "complete",
		},
		{
			name: "the virtual servers cannot be read", change: func(r *rig) { r.scanned.err = ipvs.ErrAbsent },
			up: source.Absent, result: "failed",
		},
		{
			name: "a kernel without /proc/net/ip_vs_status", change: func(r *rig) { r.scanned.status = nil },
			missing: "2", entries: "4", result: "complete",
			want: map[string]string{"lvsdns_ipvs_connection_table_entries": "", "lvsdns_ipvs_connection_table_chains{length=\"0\"}": "", "lvsdns_ipvs_estimator_threads": ""},
		},
		{
			name: "an empty table", change: func(r *rig) { r.scanned.connections = "" },
			missing: "0", result: "complete", want: map[string]string{"lvsdns_ipvs_connection_pass_coverage_ratio": "1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, nil)
			if test.change != nil {
				test.change(r)
				r.table.Pass(t.Context())
			}
			page := r.page(t, "")
			want := map[string]string{missingOf: test.missing, drainedOf: "7", entriesOf: test.entries, `lvsdns_source_up{source="connections"}`: fmt.Sprint(metric.Truth(test.up == ""))}
			for name, value := range test.want {
				want[name] = value
			}
			for name, value := range want {
				_, after, there := strings.Cut(page, "\n"+name+" ")
				got, _, _ := strings.Cut(after, "\n")
				if there != (value != "") || got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
			if got, _ := r.table.Source().Fetch(t.Context()); got.Failure != test.up {
				t.Errorf("failure %q (%s), want %q", got.Failure, got.Error, test.up)
			}
			if n := value(t, r, `lvsdns_ipvs_connection_passes_total{result="`+test.result+`"}`); n < 1 {
				t.Errorf("no pass is counted as %s", test.result)
			}
		})
	}
}

// TestPassesAge: what is old is not shown as if it were true.
func TestPassesAge(t *testing.T) {
	r := newRig(t, nil)
	for _, step := range []struct {
		pass time.Duration
		up   source.Failure
	}{{3 * time.Minute, ""}, {time.Second, source.Timeout}} {
		r.clock.pass(step.pass)
		state, _ := r.table.Source().Fetch(t.Context())
		if there := len(r.lines(t, missingOf)) == 1; state.Failure != step.up || there != (step.up == "") {
			t.Errorf("after %s: %q %s, shown %t", step.pass, state.Failure, state.Error, there)
		}
	}
	r.table.Pass(t.Context())
	if n := len(r.lines(t, missingOf)); n != 1 {
		t.Error("a new pass is not shown")
	}
}

func TestBeforeTheFirstPass(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Connections = connections.New(connections.Config{}) })
	if got := r.lines(t, `lvsdns_source_failure{source="connections",reason="timeout"}`); !slices.Equal(got, []string{"1"}) {
		t.Errorf("the source is down for its timeout: %q", got)
	}
	if missing, drained := r.lines(t, missingOf), r.lines(t, drainedOf); len(missing) != 0 || !slices.Equal(drained, []string{"7"}) {
		t.Errorf("missing %q, drained %q", missing, drained)
	}
}

func TestWithoutPasses(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Connections = nil })
	if got := r.lines(t, `lvsdns_source_up{source="connections"}`); got != nil {
		t.Errorf("there is a source: %q", got)
	}
	if missing, drained := r.lines(t, missingOf), r.lines(t, drainedOf); len(missing) != 0 || !slices.Equal(drained, []string{"7"}) {
		t.Errorf("missing %q, drained %q", missing, drained)
	}
}

// TestDeletedVirtualServer: its entries keep its name as long as there are any.
func TestDeletedVirtualServer(t *testing.T) {
	r := newRig(t, nil)
	table := r.scanned.table
	for _, test := range []struct {
		name        string
		entries     []ipvs.TableEntry
		connections string
		want        []string
	}{
		{"there", table.Entries, r.scanned.connections, []string{"2"}},
		// One of the four leads to a real server that a firewall mark has.
		{"gone", table.Entries[1:], r.scanned.connections, []string{"3"}},
		{"still gone", table.Entries[1:], r.scanned.connections, []string{"3"}},
		{"forgotten", table.Entries[1:], "", []string{"0"}},
		{"an entry with this address, and it may be a client's choice", table.Entries[1:], r.scanned.connections, []string{"0"}},
		{"there again", table.Entries, r.scanned.connections, []string{"2"}},
	} {
		r.scanned.table.Entries, r.scanned.connections = test.entries, test.connections
		r.table.Pass(t.Context())
		if got := r.lines(t, missingOf); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// addsServer is a table to which a real server comes while its connections are read.
type addsServer struct{ *fakeKernel }

func (a addsServer) ScanConnections(ctx context.Context, b ipvs.Budget) (ipvs.Scan, error) {
	s, err := a.fakeKernel.ScanConnections(ctx, b)
	a.set(func(f *fakeKernel) {
		e := &f.table.Entries[0]
		e.Destinations = append(slices.Clone(e.Destinations), ipvs.Destination{DestinationKey: ipvs.To(netip.MustParseAddrPort("198.51.100.9:53")), Weight: 1})
	})
	return s, err
}

func TestServerAddedMeanwhile(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Connections = passed(t, func(c *connections.Config, f *fakeKernel) { c.Table = addsServer{f} })
	})
	if got := r.lines(t, missingOf); !slices.Equal(got, []string{"0"}) {
		t.Errorf("missing %q: the real server came before its entries", got)
	}
}

// TestKeepHidesOrphans: what is not to be shown is not, whatever leads there.
func TestKeepHidesOrphans(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Keep = func(k ipvs.ServiceKey) bool { return k.FWMark != 0 } })
	for _, beginning := range []string{"lvsdns_ipvs_connections_orphaned{vip=\"1", "lvsdns_ipvs_connection_entries{vip=\"1"} {
		if got := r.lines(t, beginning); got != nil {
			t.Errorf("%s: %q", beginning, got)
		}
	}
	if got := r.lines(t, `lvsdns_ipvs_connections_orphaned{vip="",vport="",proto="fwm",fwmark="7",family="ipv4",reason="real_server_missing"}`); !slices.Equal(got, []string{"1"}) {
		t.Errorf("the mark: %q", got)
	}
}

// TestScrapesMakeNoPass, and Run makes them without anybody asking, until it is told to end.
func TestScrapesMakeNoPass(t *testing.T) {
	r := newRig(t, nil)
	for range 20 {
		r.clock.pass(10 * time.Second)
		r.page(t, "")
	}
	if n := r.scanned.scans.Load(); n != 1 {
		t.Errorf("%d passes, want the one that was asked for", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	scanned := full()
	often := connections.New(connections.Config{Table: scanned, Kernel: scanned, Proc: scanned, Interval: time.Millisecond})
	done := make(chan error)
	go func() { done <- often.Run(ctx) }()
	for scanned.scans.Load() < 5 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestPanicInAPass is that pass's error, and no more.
func TestPanicInAPass(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Connections = passed(t, func(c *connections.Config, _ *fakeKernel) { c.Table = nil })
	})
	if state, _ := r.table.Source().Fetch(t.Context()); state.Failure != source.Other || !strings.HasPrefix(state.Error, "bug: ") {
		t.Errorf("%q %s", state.Failure, state.Error)
	}
}

// TestTemplatesToDrained: a persistent client whose template leads to a real server of weight 0 is lost from every new port, unless
// expire_quiescent_template is set. Who may read what makes no difference.
func TestTemplatesToDrained(t *testing.T) {
	const templates = `UDP CB007106 0000 C0000201 0035 C6336402 0035 NONE            299
UDP CB007107 0000 C0000201 0035 C6336402 0035 NONE            299
UDP CB007108 0000 C0000201 0035 C6336401 0035 NONE            299
UDP CB007109 0000 C0000201 0035 C6336402 FFFF NONE            299
`
	const flows = 7 // to the real server with weight 0, as the kernel counts them
	for _, test := range []struct {
		name   string
		change func(r *rig)
		want   string
	}{
		{"bound", func(*rig) {}, "9"},
		{"expire_quiescent_template is 0", func(r *rig) { r.sysctl(t, "expire_quiescent_template", "0") }, "9"},
		{"expire_quiescent_template is 1", func(r *rig) { r.sysctl(t, "expire_quiescent_template", "1") }, "7"},
		{"as nobody", func(r *rig) { r.kernel.err, r.scanned.err = ipvs.ErrPermission, ipvs.ErrPermission }, "9"},
		{"a part of the table", func(r *rig) { r.scanned.readable = 1 }, "8"},
		{"not persistent", func(r *rig) { r.scanned.table.Entries[0].Service.Flags &^= ipvs.Persistent }, "7"},
		{"the server is back since the pass", func(r *rig) { r.kernel.table.Entries[0].Destinations[1].Weight = 1 }, "0"},
		{"no pass at all", func(r *rig) { config := r.config; config.Connections = nil; r.Exporter = New(config) }, "7"},
	} {
		r := newRig(t, nil)
		r.scanned.connections = templates + r.scanned.connections
		for _, k := range []*fakeKernel{r.kernel, r.scanned} {
			k.table.Entries[0].Service.Flags |= ipvs.Persistent
		}
		test.change(r)
		r.table.Pass(t.Context())
		if got := r.lines(t, drainedOf); !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: %q, want %s (%d flows)", test.name, got, test.want, flows)
		}
	}
}

// sysctl sets one of net.ipv4.vs.
func (r *rig) sysctl(t *testing.T, name, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.Exporter.config.Root, "proc/sys/net/ipv4/vs", name), []byte(value+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rootsStatus is a kernel that tells root alone what it says of its tables.
type rootsStatus struct{ *fakeKernel }

func (rootsStatus) Status() (map[string]uint64, error) {
	return nil, fmt.Errorf("open /proc/net/ip_vs_status: %w", os.ErrPermission)
}

// TestStatusIsRoots: the connection table is everybody's all the same.
func TestStatusIsRoots(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Connections = passed(t, func(c *connections.Config, f *fakeKernel) { c.Table = rootsStatus{f} })
	})
	state, _ := r.table.Source().Fetch(t.Context())
	if missing, told := r.lines(t, missingOf), r.lines(t, "lvsdns_ipvs_connection_table_entries"); state.Failure != "" || !slices.Equal(missing, []string{"2"}) || told != nil {
		t.Errorf("failure %q, missing %q, told %q", state.Failure, missing, told)
	}
}
