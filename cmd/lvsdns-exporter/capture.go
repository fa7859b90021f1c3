package main

import (
	"context"
	"log/slog"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/dnscount/top"
	"github.com/lvsdns/lvsdns/internal/dnstap"
	"github.com/lvsdns/lvsdns/internal/dnsview"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/nftcount"
)

// newCapture is a capture as the settings want it.
func newCapture(d config.DNS, log *slog.Logger) *capture.Capture {
	// Four blocks of the default size are a MiB.
	return capture.New(capture.Config{Interfaces: d.Interfaces, Blocks: 4 * d.Memory, Seed: rand.Uint64(), Top: newTop(d), Log: log})
}

// newTop is the table of what is asked most, or nil.
func newTop(d config.DNS) *top.Table {
	if !d.Top {
		return nil
	}
	var o top.Options
	if d.TopZones == "name" {
		o.ZoneForm = top.Plain
	}
	if d.TopClients == "network" {
		o.ClientForm = top.Plain
	}
	return top.New(o)
}

// newDnstap listens to name servers as the settings ask for, or is nil.
func newDnstap(d config.DNS, log *slog.Logger) *dnstap.Listener {
	if d.Dnstap == "" {
		return nil
	}
	return dnstap.New(dnstap.Config{Address: d.Dnstap, Seed: rand.Uint64(), Log: log})
}

// nftables reads the counters of nftables, or is nil.
func nftables(settings *config.Exporter) func() ([]nftcount.Counter, error) {
	if !settings.DNS.Nftables {
		return nil
	}
	return func() ([]nftcount.Counter, error) { return nftcount.Read(settings.Sources.Timeout) }
}

// counter counts the DNS traffic of the virtual servers in its view.
type counter interface {
	Update(dnscount.View) error
	Run(context.Context) error
}

// count runs a counter and keeps its view of the world up to date, until ctx ends.
func count(ctx context.Context, c counter, s *exporter.Served, d config.DNS, log *slog.Logger) error {
	follower := &dnsview.Follower{
		Options: dnsview.Options{Role: d.Role, Ports: d.Ports, Services: d.Services},
		Table:   func(ctx context.Context) (ipvs.Table, error) { return s.Now().Table(ctx) },
		Update:  c.Update, Log: log,
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return c.Run(ctx) })
	group.Go(func() error { follower.Run(ctx); return nil })
	return group.Wait()
}
