package main

import (
	"cmp"
	"context"
	"os"
	"time"

	"github.com/lvsdns/lvsdns/exporter"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// configuration reads keepalived.conf as the keepalived of this host does: by the rules of its version, which
// may be another after an upgrade, with the lines of its id.
func configuration(settings *config.Exporter) func() (*keepalived.Config, error) {
	k, root := settings.Keepalived, settings.Sources.Root
	return func() (*keepalived.Config, error) {
		options := keepalived.Options{FS: os.DirFS(root), ConfigID: k.ConfigID, Version: k.Version}
		var err error
		if options.ConfigID == "" {
			if options.ConfigID, err = host.KeepalivedID(); err != nil {
				return nil, err
			}
		}
		if options.Version == "" {
			// Without one the rules are those of the newest, and lvsdns_keepalived_info shows no version.
			options.Version, _ = host.KeepalivedVersion(root, pidFile(k.PIDFile, &keepalived.Config{}))
		}
		return keepalived.Load(k.ConfigFile, options)
	}
}

// pidFile is the file behind a setting: keepalived's own choice, if nobody said otherwise.
func pidFile(setting string, c *keepalived.Config) string {
	if setting == config.Auto {
		return c.Global.PIDFile()
	}
	return setting
}

// belief asks keepalived, if that is allowed. It is called once at a time.
func belief(settings *config.Exporter) exporter.Belief {
	k := settings.Keepalived
	if !k.Signal {
		return nil
	}
	dump := &host.StateDump{Root: settings.Sources.Root, Interval: k.SignalInterval}
	var at time.Time
	var parsed *keepalived.Belief
	return func(ctx context.Context, cfg *keepalived.Config) (*keepalived.Belief, error) {
		dump.PIDFile = pidFile(k.PIDFile, cfg)
		text, asked, err := dump.Read(ctx, cmp.Or(k.DumpFile, cfg.Global.StateDump()))
		if err != nil {
			return nil, err
		}
		if parsed == nil || asked != at {
			b := keepalived.ParseBelief(text)
			at, parsed = asked, &b
		}
		return parsed, nil
	}
}
