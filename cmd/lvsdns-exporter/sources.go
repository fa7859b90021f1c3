package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// sources says what is read, by the settings.
func (s *service) sources() exporter.Config {
	settings := s.settings
	hostname, _ := os.Hostname() // Without one the page is headed by the program's name.
	proc := ipvs.Proc(filepath.Join(settings.Sources.Root, "proc"))
	c := exporter.Config{
		Kernel: s.tables.kernel, Proc: proc, Root: settings.Sources.Root, Addresses: host.Addresses,
		Configuration: configuration(settings), Belief: belief(settings), Checks: s.checks,
		Journal: journalOf(settings.Notify), FallbackFile: settings.Fallback.ReportFile, Connections: s.tables.connections,
		NoTraffic: s.off, DNSPorts: settings.DNS.Ports, Nftables: nftables(settings),
		Conntrack: conntrack.New(conntrack.Config{Proc: string(proc), Timeout: time.Minute}), Flows: flows(settings.Conntrack),
		ServicesOnly: settings.Metrics.Detail == "service", MaxSeries: settings.Metrics.MaxSeries, PerCPU: settings.Metrics.PerCPU,
		Keep:    func(k ipvs.ServiceKey) bool { return settings.Metrics.Shows(k.Addr, k.FWMark) },
		Timeout: settings.Sources.Timeout, Share: settings.Sources.Share, Host: hostname,
		Names: append(host.Names(settings.Sources.Root, hostname), settings.Web.Hosts...), Build: s.build, Log: s.Log,
	}
	if s.packets != nil {
		c.Traffic = s.packets
		if settings.DNS.Top {
			c.Top = s.packets
		}
	}
	if s.tap != nil {
		c.Dnstap = s.tap
	}
	return c
}

// flows says how the kernel's table of flows is read.
func flows(c config.Conntrack) exporter.FlowsConfig {
	f := exporter.FlowsConfig{MaxEntries: c.MaxEntries, Wanted: conntrack.Timeouts{UDP: c.WantedUDP, Stream: c.WantedStream}}
	if c.Passes {
		f.Interval = c.Interval
	}
	return f
}

// connections reads IPVS's table of connections in the background; nil if it is not to be read.
func connections(settings *config.Exporter, kernel *ipvs.Client, proc ipvs.Proc) *exporter.Connections {
	c := settings.Connections
	if c.Interval == 0 {
		return nil
	}
	return exporter.NewConnections(exporter.ConnectionsConfig{
		Table: proc, Kernel: kernel, Proc: proc, Configuration: configuration(settings), Interval: c.Interval, Timeout: settings.Sources.Timeout,
		Budget: ipvs.Budget{Entries: c.MaxEntries, Time: c.MaxTime},
	})
}

// journalOf is that of lvsdns-notify.
func journalOf(n config.NotifyJournal) func() (*notify.Document, error) {
	if n.StateDir == "" {
		return nil
	}
	return (&journal.Journal{StateDir: n.StateDir, Any: true}).Read
}
