package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/flows"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/site"
)

// flowTables are those of this kernel, or the files below root; conntrack's table is this kernel's.
func flowTables(root string) flows.Tables {
	return flows.Tables{
		Table: func(ctx context.Context) (ipvs.Table, error) {
			t, _, err := site.ReadTable(ctx, root)
			return t, err
		},
		Conntrack:   conntrack.New(conntrack.Config{Timeout: 5 * time.Minute}), // somebody is waiting, and can interrupt
		Connections: ipvs.Proc(filepath.Join("/", root, "proc")).Connections,
		Settings:    flowSettings(root),
	}
}

// flowSettings are the sysctls that decide what becomes of flows. Without them less can be said.
func flowSettings(root string) flows.Settings {
	all, _ := host.IPVSSysctls(root)
	return flows.Settings{
		Conntrack:       host.SysctlOr(all, "conntrack", -1),
		ExpireNoDest:    host.SysctlOr(all, "expire_nodest_conn", -1),
		ExpireQuiescent: host.SysctlOr(all, "expire_quiescent_template", -1),
	}
}
