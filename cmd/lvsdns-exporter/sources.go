package main

import (
	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// flows says how the kernel's table of flows is read.
func flows(c config.Conntrack) exporter.FlowsConfig {
	f := exporter.FlowsConfig{MaxEntries: c.MaxEntries, Wanted: conntrack.Timeouts{UDP: c.WantedUDP, Stream: c.WantedStream}}
	if c.Passes {
		f.Interval = c.Interval
	}
	return f
}

// connections reads IPVS's table of connections in the background; nil if it is not to be read.
func connections(settings *config.Exporter, kernel exporter.Kernel, proc ipvs.Proc) *exporter.Connections {
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
