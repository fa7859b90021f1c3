package exporter

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

// TestTrouble breaks one source after another. The page is always there; only what depends on the source is not.
func TestTrouble(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*testing.T, *rig, *Config)
		down   map[string]source.Failure
		gone   []string // beginnings of series that must not be there
		there  []string
	}{
		{
			name: "ipvs is not loaded", change: func(_ *testing.T, r *rig, _ *Config) {
				r.kernel.err, r.kernel.procErr = fmt.Errorf("x: %w", ipvs.ErrAbsent), fmt.Errorf("x: %w", ipvs.ErrAbsent)
			},
			down: map[string]source.Failure{"ipvs": source.Absent, "ipvs_stats": source.Absent, "drift": source.Absent},
			gone: []string{"lvsdns_ipvs_virtual", "lvsdns_ipvs_real", "lvsdns_ipvs_connections_total", "lvsdns_drift"}, there: []string{"lvsdns_check_success", "lvsdns_vrrp_state"},
		},
		{
			name: "no CAP_NET_ADMIN", change: func(_ *testing.T, r *rig, _ *Config) { r.kernel.err = fmt.Errorf("x: %w", ipvs.ErrPermission) },
			down:  map[string]source.Failure{"ipvs": source.Permission},
			gone:  []string{"lvsdns_ipvs_real_server_in_packets_total", "lvsdns_ipvs_timeout_seconds", "lvsdns_ipvs_sync_daemon_running", "lvsdns_ipvs_real_server_upper_threshold"},
			there: []string{"lvsdns_ipvs_real_server_weight", "lvsdns_ipvs_virtual_server_info", "lvsdns_ipvs_connections_total", "lvsdns_drift"},
		},
		{
			name: "no CAP_NET_ADMIN and no /proc", change: func(_ *testing.T, r *rig, _ *Config) {
				r.kernel.err, r.kernel.procErr = ipvs.ErrPermission, fs.ErrNotExist
			},
			down: map[string]source.Failure{"ipvs": source.Permission, "ipvs_stats": source.Absent, "drift": source.Permission},
			gone: []string{"lvsdns_ipvs_virtual"}, there: []string{"lvsdns_ipvs_sysctl"},
		},
		{
			name: "the kernel hangs", change: func(t *testing.T, r *rig, c *Config) {
				r.kernel.hang, c.Timeout = make(chan struct{}), 50*time.Millisecond
				t.Cleanup(func() { close(r.kernel.hang) })
			},
			down: map[string]source.Failure{"ipvs": source.Timeout, "drift": source.Timeout},
			gone: []string{"lvsdns_ipvs_virtual", "lvsdns_drift"}, there: []string{"lvsdns_ipvs_connections_total", "lvsdns_check_success"},
		},
		{
			name: "a part of IPVS fails", change: func(_ *testing.T, r *rig, _ *Config) { r.kernel.restErr = errors.New("odd") },
			down: map[string]source.Failure{"ipvs": source.Other},
			gone: []string{"lvsdns_ipvs_timeout_seconds"}, there: []string{"lvsdns_ipvs_real_server_in_packets_total", "lvsdns_drift"},
		},
		{
			name: "a source panics", change: func(_ *testing.T, _ *rig, c *Config) { c.Addresses = func() ([]host.Address, error) { panic("odd") } },
			down: map[string]source.Failure{"vrrp": source.Other}, gone: []string{"lvsdns_vrrp"}, there: []string{"lvsdns_ipvs_virtual", "lvsdns_drift"},
		},
		{
			name: "keepalived.conf may not be read", change: func(_ *testing.T, _ *rig, c *Config) {
				c.Configuration = func() (*keepalived.Config, error) { return nil, fs.ErrPermission }
			},
			down: map[string]source.Failure{"keepalived": source.Permission, "vrrp": source.Permission, "drift": source.Permission},
			gone: []string{"lvsdns_vrrp_address", "lvsdns_drift", "lvsdns_keepalived"}, there: []string{"lvsdns_ipvs_virtual", "lvsdns_vrrp_transitions"},
		},
		{
			name: "keepalived does not write its state", change: func(_ *testing.T, _ *rig, c *Config) {
				c.Belief = func(context.Context, *keepalived.Config) (*keepalived.Belief, error) {
					return nil, context.DeadlineExceeded
				}
			},
			down: map[string]source.Failure{"belief": source.Timeout, "drift": source.Timeout}, there: []string{"lvsdns_drift", "lvsdns_ipvs_virtual"},
		},
		{
			name: "no sysctls", change: func(_ *testing.T, _ *rig, c *Config) { os.RemoveAll(filepath.Join(c.Root, "proc/sys/net/ipv4/vs")) },
			down: map[string]source.Failure{"sysctl": source.Absent}, gone: []string{"lvsdns_ipvs_sysctl"}, there: []string{"lvsdns_ipvs_virtual"},
		},
		{
			name: "nobody can listen to checks", change: func(_ *testing.T, r *rig, _ *Config) { r.checks.SetListening(time.Time{}, fs.ErrPermission) },
			down: map[string]source.Failure{"checks": source.Permission}, there: []string{"lvsdns_check_known", "lvsdns_ipvs_virtual"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil)
			config := r.config
			tt.change(t, r, &config)
			r.Exporter = New(config)
			checked(t, r)
			page := r.page(t, "")
			for _, s := range r.State(t.Context()).Sources {
				if s.Failure != tt.down[s.Name] || s.Up != (s.Failure == "") {
					t.Errorf("%s: up %t, %q %s; want %q", s.Name, s.Up, s.Failure, s.Error, tt.down[s.Name])
				}
				line := fmt.Sprintf("lvsdns_source_up{source=%q} %g\n", s.Name, metric.Truth(tt.down[s.Name] == ""))
				if !strings.Contains(page, line) {
					t.Errorf("not on the page: %s", line)
				}
			}
			for _, beginning := range tt.gone {
				if strings.Contains(page, "\n"+beginning) {
					t.Errorf("%s… is there", beginning)
				}
			}
			for _, beginning := range tt.there {
				if !strings.Contains(page, "\n"+beginning) {
					t.Errorf("%s… is not there", beginning)
				}
			}
		})
	}
}

// TestSources holds that a source writes what it says that it writes, and that one which is not read is described all the same.
func TestSources(t *testing.T) {
	tap := dnstapReport()
	r := newRig(t, func(c *Config) {
		c.Traffic, c.Dnstap = dnsTraffic(nil), tap
		c.Belief = func(context.Context, *keepalived.Config) (*keepalived.Belief, error) {
			return &keepalived.Belief{}, nil
		}
		c.Nftables = func() ([]nftcount.Counter, error) {
			return []nftcount.Counter{{Key: nftcount.Key{Transport: "udp", Direction: "query"}}}, nil
		}
	})
	checked(t, r)
	for i, s := range New(Config{}).all {
		full := r.all[i]
		if s.Name != full.Name || !slices.EqualFunc(s.Metrics, full.Metrics, func(a, b metric.Described) bool { return a.Name == b.Name }) {
			t.Errorf("%s is described in another way when it is not read", full.Name)
		}
		if full.Fetch == nil {
			t.Logf("the rig does not read %s", full.Name)
			continue
		}
		_, render := full.Fetch(t.Context())
		if render == nil {
			t.Errorf("%s has nothing to write", full.Name)
			continue
		}
		sheet := metric.NewSheet(0)
		render(sheet)
		var page bytes.Buffer
		if err := sheet.Write(&page, false); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(page.String()) {
			fields := strings.Fields(line)
			if fields[1] == "TYPE" && !slices.ContainsFunc(full.Metrics, func(d metric.Described) bool { return d.Name == fields[2] }) {
				t.Errorf("%s writes %s and does not say so", full.Name, fields[2])
			}
		}
	}
}

// TestOneRead has sixteen scrapes ask at once: the kernel is read once for all.
func TestOneRead(t *testing.T) {
	r := newRig(t, nil)
	r.kernel.hang = make(chan struct{})
	handler := r.Handler()
	var wg sync.WaitGroup
	pages := make([]string, 16)
	for i := range pages {
		wg.Go(func() {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
			pages[i] = recorder.Body.String()
		})
	}
	close(r.kernel.hang)
	wg.Wait()
	if n := r.kernel.asked.Load(); n != 1 {
		t.Errorf("the kernel was read %d times", n)
	}
	for i, page := range pages {
		if !strings.Contains(page, "lvsdns_ipvs_real_server_weight{") {
			t.Errorf("scrape %d has no real servers", i)
		}
	}
	r.clock.pass(1999 * time.Millisecond)
	r.page(t, "")
	if n := r.kernel.asked.Load(); n != 1 {
		t.Errorf("a reading of two seconds ago was not used: %d", n)
	}
	r.clock.pass(time.Millisecond)
	r.page(t, "")
	if n := r.kernel.asked.Load(); n != 2 {
		t.Errorf("an old reading was used: %d", n)
	}
}

// TestHungReadHoldsOneGoroutine scrapes a kernel that never answers.
func TestHungReadHoldsOneGoroutine(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Timeout = time.Millisecond })
	r.kernel.hang = make(chan struct{})
	defer close(r.kernel.hang)
	r.page(t, "")
	before := runtime.NumGoroutine()
	for range 50 {
		r.clock.pass(time.Minute)
		r.page(t, "")
	}
	if after := runtime.NumGoroutine(); after > before+5 || r.kernel.asked.Load() != 1 {
		t.Errorf("%d goroutines became %d, the kernel was asked %d times", before, after, r.kernel.asked.Load())
	}
}

// TestGone comes and goes as a module does that is unloaded and loaded again.
func TestGone(t *testing.T) {
	r := newRig(t, nil)
	for i, err := range []error{nil, ipvs.ErrAbsent, nil, ipvs.ErrPermission, nil} {
		r.kernel.set(func(f *fakeKernel) { f.err = err })
		r.clock.pass(3 * time.Second)
		page := r.page(t, "")
		if got := strings.Contains(page, "\nlvsdns_ipvs_virtual_server_connections_total{"); got != (err == nil) {
			t.Errorf("%d: %v: virtual servers are there: %t", i, err, got)
		}
	}
}

// TestLogOnce holds that trouble is logged when it begins and ends, not at each scrape.
func TestLogOnce(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	for _, err := range []error{nil, nil, ipvs.ErrAbsent, ipvs.ErrAbsent, ipvs.ErrAbsent, ipvs.ErrPermission, nil, nil} {
		r.kernel.set(func(f *fakeKernel) { f.err = err })
		r.clock.pass(3 * time.Second)
		r.page(t, "")
	}
	var got []string
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "source=ipvs ") || strings.Contains(line, "source=ipvs\n") {
			got = append(got, line)
		}
	}
	if len(got) != 3 || !strings.Contains(got[0], "reason=absent") || !strings.Contains(got[1], "reason=permission") || !strings.Contains(got[2], "up again") {
		t.Errorf("logged:\n%s", strings.Join(got, ""))
	}
}

// TestDuplicates has the same labels come twice, whatever the reason: the page stays.
func TestDuplicates(t *testing.T) {
	r := newRig(t, nil)
	e := r.kernel.table.Entries[0]
	e.Destinations = append(e.Destinations, e.Destinations[0])
	r.kernel.table.Entries = append(r.kernel.table.Entries, e)
	page := r.page(t, "")
	if n := strings.Count(page, "lvsdns_ipvs_real_server_weight{"); n != 5 {
		t.Errorf("%d real servers, want 5", n)
	}
	if got := value(t, r, "lvsdns_exporter_duplicates_dropped"); got != 6 {
		t.Errorf("%g duplicates counted: one virtual server, its flows and four real servers", got)
	}
}

// memoryServices makes a longer proof of TestMemory.
var memoryServices = flag.Int("memory-services", 0, "virtual servers of ten real servers each for TestMemory; 0: a table with one of everything")

// TestMemory scrapes ten thousand times with a clock that goes on, so that everything is read anew each time.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	r := newRig(t, func(c *Config) {
		if *memoryServices > 0 {
			f := large(*memoryServices, 10)
			c.Kernel, c.Proc, c.MaxSeries, c.compare = f, f, 0, nil
		}
	})
	checked(t, r)
	r.process = prometheus.NewRegistry() // half of the time, and not ours
	handler := r.Handler()
	scrape := func(n int) {
		for range n {
			r.clock.pass(2 * time.Second)
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
		}
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	scrape(500)
	before, goroutines := heap(), runtime.NumGoroutine()
	for range 10 {
		scrape(1000)
		t.Logf("heap %d kB", heap()>>10)
	}
	after := heap()
	t.Logf("heap %d kB after 500 scrapes, %d kB after 10,500; %d goroutines, then %d", before>>10, after>>10, goroutines, runtime.NumGoroutine())
	if after > before+1<<20 || runtime.NumGoroutine() > goroutines+5 {
		t.Errorf("heap grew from %d to %d kB, goroutines from %d to %d", before>>10, after>>10, goroutines, runtime.NumGoroutine())
	}
}
