package main

import (
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/kernelact"
	"github.com/lvsdns/lvsdns/internal/site"
	"github.com/lvsdns/lvsdns/internal/truth"
	"github.com/lvsdns/lvsdns/notify/hook"
)

// kernel is the clients of the kernel, as actions want them, and where the truth is.
type kernel struct {
	table   kernelact.Table
	daemons kernelact.Daemons
	flows   kernelact.Flows
	truth   truth.Source
}

func clients(paths hook.Paths, settings *config.Notify) *kernel {
	c := ipvs.New(ipvs.Config{Timeout: 2 * time.Second})
	return &kernel{
		table: kernelact.Table{Kernel: c}, daemons: kernelact.Daemons{Kernel: c},
		flows: kernelact.Flows{Kernel: conntrack.New(conntrack.Config{Timeout: 4 * time.Second})},
		truth: source(paths, settings),
	}
}

func source(paths hook.Paths, settings *config.Notify) truth.Source {
	as := settings.Keepalived
	return truth.Source{Keepalived: site.Keepalived{File: paths.Conf, ConfigID: as.ConfigID, Version: as.Version}, Settings: paths.Settings}
}
