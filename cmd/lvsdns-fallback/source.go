package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// keepalivedPIDFile is where keepalived writes its process ID (lib/utils.h), if nobody said otherwise.
const keepalivedPIDFile = "/run/keepalived.pid"

// source says which configuration and which kernel.
type source struct {
	config      string
	configID    string
	version     string
	skipUnknown bool
	netns       string
}

func (s *source) flags(f *flag.FlagSet) {
	f.StringVar(&s.config, "keepalived-config", "/etc/keepalived/keepalived.conf", "keepalived's configuration `file`")
	f.StringVar(&s.configID, "config-id", "", "keepalived's --config-id, for conditional lines (default: the host's name)")
	f.StringVar(&s.version, "keepalived-version", "", "read the file as this `version` of keepalived does, such as 2.2.7 (default: the one that is installed here, else the newest known)")
	f.BoolVar(&s.skipUnknown, "skip-unknown-keywords", false, "skip keywords that are not known also where it is not certain that keepalived does (its version is not known, or newer than 2.4.3),\ninstead of leaving their virtual server alone")
	f.StringVar(&s.netns, "netns", "", "network namespace, by its `name` (default: net_namespace_ipvs or net_namespace of the configuration)")
}

// load reads the configuration and what of it is not supported.
func (s *source) load() (*keepalived.Config, []plan.Block, error) {
	id := s.configID
	if id == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, nil, fmt.Errorf("find keepalived's configuration id: %w; --config-id sets it", err)
		}
		id, _, _ = strings.Cut(name, ".")
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, nil, fmt.Errorf("find the working directory: %w", err)
	}
	version := s.version
	if version == "" {
		version, _ = host.KeepalivedVersion("/", keepalivedPIDFile) // Without a keepalived the newest known does.
	}
	c, err := keepalived.Load(s.config, keepalived.Options{ConfigID: id, Version: version, Dir: dir})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w; --keepalived-config says where it is", err)
	}
	if err != nil {
		return nil, nil, err
	}
	blocks, err := plan.Blocks(c, plan.Options{SkipUnknown: s.skipUnknown})
	return c, blocks, err
}

// checkersPIDFile is the file behind a setting: keepalived's own choice, if nobody said otherwise.
func checkersPIDFile(setting string, c *keepalived.Config) string {
	if setting == config.Auto {
		return c.Global.CheckersPIDFile()
	}
	return setting
}

// client talks to the kernel that the configuration is for.
func (s *source) client(c *keepalived.Config) (*ipvs.Client, func(), error) {
	name := s.netns
	for _, configured := range []keepalived.Value[string]{c.Global.NetNamespaceIPVS, c.Global.NetNamespace} {
		if name == "" {
			name = configured.V
		}
	}
	var options ipvs.Config
	closer := func() {}
	if name != "" {
		// ip-netns(8): namespaces by name are mounted here.
		ns, err := os.Open(filepath.Join("/run/netns", name))
		if err != nil {
			return nil, nil, fmt.Errorf("open the network namespace of the virtual servers: %w", err)
		}
		options.NetNS = int(ns.Fd())
		closer = func() { ns.Close() }
	}
	client := ipvs.New(options)
	return client, func() { _ = client.Close(); closer() }, nil
}

// kernel is what the kernel has.
type kernel struct {
	table    ipvs.Table
	timeouts ipvs.Timeouts
	daemons  []ipvs.Daemon
}

// observe reads the kernel; one without IPVS is an empty table.
func observe(ctx context.Context, c *ipvs.Client, cfg *keepalived.Config) (k kernel, err error) {
	if k.table, err = c.Snapshot(ctx); errors.Is(err, ipvs.ErrAbsent) {
		return k, nil
	}
	if err == nil && cfg.Global.Timeouts.IsSet() {
		k.timeouts, err = c.Timeouts(ctx)
	}
	if err == nil && cfg.Global.SyncDaemon.IsSet() {
		k.daemons, err = c.Daemons(ctx)
	}
	return k, err
}
