package main

import (
	"context"
	"os"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

func configuration(settings *config.Exporter) func() (*keepalived.Config, error) {
	k := settings.Keepalived
	options := keepalived.Options{FS: os.DirFS(settings.Sources.Root), ConfigID: k.ConfigID}
	return func() (*keepalived.Config, error) { return keepalived.Load(k.ConfigFile, options) }
}

func flows(c config.Conntrack) exporter.FlowsConfig {
	f := exporter.FlowsConfig{MaxEntries: c.MaxEntries, Wanted: conntrack.Timeouts{UDP: c.WantedUDP, Stream: c.WantedStream}}
	if c.Passes {
		f.Interval = c.Interval
	}
	return f
}

// belief asks keepalived, if that is allowed.
func belief(k config.Keepalived) func(context.Context) (*keepalived.Belief, error) {
	if !k.Signal {
		return nil
	}
	dump := &host.StateDump{PIDFile: k.PIDFile, File: k.DumpFile, Interval: k.SignalInterval}
	return func(ctx context.Context) (*keepalived.Belief, error) {
		text, err := dump.Read(ctx)
		if err != nil {
			return nil, err
		}
		b := keepalived.ParseBelief(text)
		return &b, nil
	}
}
