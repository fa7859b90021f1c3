package main

import (
	"context"

	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/site"
)

// siteOf is the keepalived that the settings are about.
func siteOf(settings *config.Exporter) site.Keepalived {
	k := settings.Keepalived
	s := site.Keepalived{File: k.ConfigFile, Root: settings.Sources.Root, ConfigID: k.ConfigID, Version: k.Version}
	if k.PIDFile != config.Auto {
		s.PIDFile = k.PIDFile
	}
	return s
}

// configuration reads keepalived.conf. The version may be another after an upgrade; lvsdns_keepalived_info has it, or none.
func configuration(settings *config.Exporter) func() (*keepalived.Config, error) {
	return func() (*keepalived.Config, error) {
		r, err := siteOf(settings).Read()
		return r.Config, err
	}
}

// belief asks keepalived, if that is allowed. It is called once at a time.
func belief(settings *config.Exporter) exporter.Belief {
	k := settings.Keepalived
	if !k.Signal {
		return nil
	}
	b := &site.Belief{DumpFile: k.DumpFile, Interval: k.SignalInterval}
	return func(ctx context.Context, cfg *keepalived.Config) (*keepalived.Belief, error) {
		return b.Ask(ctx, siteOf(settings), cfg)
	}
}
