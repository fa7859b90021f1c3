//go:build lab

package main_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// leastRate is how many changes a second make this a proof.
const leastRate = 100

// TestChanging scrapes while the table changes more than a hundred times a second.
func TestChanging(t *testing.T) {
	r := newRig(t)
	r.load(6, 100, 1000)
	r.start()
	w := startWriter(t, "/run/netns/director")
	r.lab.WaitFor("the table changes", 20*time.Second, func() bool { return w.changes.Load() > leastRate })
	var tables []string
	began, before := time.Now(), w.changes.Load()
	for range 20 {
		p := r.page() // fails if a series is there twice
		if got := p.up("ipvs"); got != "up" {
			t.Errorf("ipvs is %s\n%s", got, r.exporter.Log())
		}
		n := 0
		var who string
		for _, s := range p["lvsdns_ipvs_virtual_server_info"] {
			if strings.HasPrefix(s.labels["vip"], "203.0.113.") {
				n++
				who += s.labels["vip"]
			}
		}
		if len(p["lvsdns_ipvs_virtual_server_info"])-n < 100 {
			t.Errorf("%d of 100 virtual servers that nobody touches", len(p["lvsdns_ipvs_virtual_server_info"])-n)
		}
		if !slices.Contains(tables, who) {
			tables = append(tables, who)
		}
	}
	took := time.Since(began)
	changes := w.changes.Load() - before
	w.stop()
	p := r.page()
	duplicates, _ := p.value("lvsdns_ipvs_duplicates_total")
	gone, _ := p.value("lvsdns_ipvs_gone_total")
	rate := float64(changes) / took.Seconds()
	t.Logf("%d changes in %.1f s, %.0f a second; 20 pages, %d different tables; %g duplicates dropped, %g virtual servers gone meanwhile",
		changes, took.Seconds(), rate, len(tables), duplicates, gone)
	if rate < leastRate || len(tables) < 5 {
		t.Errorf("%.0f changes a second, want %d, and %d different tables, want 5: this has shown nothing", rate, leastRate, len(tables))
	}
}

// writer changes a table until it is stopped.
type writer struct {
	changes atomic.Int64 // that the kernel has acknowledged
	stop    func()
}

func startWriter(t *testing.T, namespace string) *writer {
	t.Helper()
	ns, err := os.Open(namespace)
	if err != nil {
		t.Fatal(err)
	}
	client := ipvs.New(ipvs.Config{NetNS: int(ns.Fd())})
	ctx, cancel := context.WithCancel(t.Context())
	w := &writer{}
	done := make(chan error, 1)
	go func() { done <- w.run(ctx, client) }()
	ended := false
	w.stop = func() {
		t.Helper()
		if ended {
			return
		}
		ended = true
		cancel()
		if err := errors.Join(<-done, client.Close(), ns.Close()); err != nil {
			t.Errorf("the writer: %v", err)
		}
	}
	t.Cleanup(w.stop)
	return w
}

// run adds virtual servers with a real server, changes its weight, and removes the oldest.
func (w *writer) run(ctx context.Context, client *ipvs.Client) error {
	const live, batch = 20, 5
	key := func(i int) ipvs.ServiceKey {
		return ipvs.At(ipvs.UDP, netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i % 250)}), 53))
	}
	for i := 0; ctx.Err() == nil; i++ {
		k := key(i)
		d := ipvs.Destination{DestinationKey: ipvs.To(netip.MustParseAddrPort("192.168.1.20:53")), Forward: ipvs.DR, Weight: 1}
		heavier := d
		heavier.Weight = 2
		steps := []func() error{
			func() error {
				return client.NewService(ctx, ipvs.Service{ServiceKey: k, Scheduler: "rr", Netmask: ipvs.MaskBits(ipvs.IPv4, 32)})
			},
			func() error { return client.NewDestination(ctx, k, d) },
			func() error { return client.SetDestination(ctx, k, heavier) },
		}
		if i >= live {
			steps = append(steps, func() error { _, err := client.DeleteService(ctx, key(i-live)); return err })
		}
		for _, step := range steps {
			if err := step(); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
			w.changes.Add(1)
		}
		if i%batch == 0 { // The guest has one processor, and the exporter needs some of it.
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}
