package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
	"github.com/lvsdns/lvsdns/internal/flows"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/site"
)

// lookAtFlows reads both tables and, if it is told to, deletes what it has found.
func lookAtFlows(ctx context.Context, o flowsOptions) (flowsReport, error) {
	var r flowsReport
	table, services, err := servicesOf(ctx, o)
	if err != nil {
		return r, err
	}
	r.settings = flowSettings(o.root)
	index := conntrack.NewServices(services)
	look := flows.NewLook(index, o.wants, o.most)
	if r.settings.ExpireQuiescent <= 0 {
		look.Persistence(ipvs.NewTemplates(table), len(o.names) == 0)
	}
	kernel := conntrack.New(conntrack.Config{Timeout: 5 * time.Minute}) // somebody is waiting, and can interrupt
	// A kernel without conntrack has no such flows; IPVS's may be there all the same.
	if err := kernel.Flows(ctx, index, look.Conntrack); err != nil && !errors.Is(err, conntrack.ErrAbsent) {
		return r, err
	}
	if err := connections(filepath.Join("/", o.root, "proc/net/ip_vs_conn"), look); err != nil {
		return r, err
	}
	r.held, r.tally = look.Held()
	if o.remove {
		r.asked = true
		if r.deleted, r.gone, err = kernel.Delete(ctx, flows.Deletable(r.held)); err != nil {
			return r, fmt.Errorf("%w (%d are deleted)", err, r.deleted)
		}
		r.settings.DeletedConntrack = r.tally.Left == 0
	}
	return r, nil
}

// servicesOf reads the virtual servers and picks those that are named.
func servicesOf(ctx context.Context, o flowsOptions) (ipvs.Table, []conntrack.Service, error) {
	table, _, err := site.ReadTable(ctx, o.root)
	// conntrack may remember flows of virtual servers from before the module was unloaded.
	if err != nil && (len(o.names) == 0 || !errors.Is(err, ipvs.ErrAbsent)) {
		return table, nil, err
	}
	services, err := pick(flows.Services(table), o.names)
	return table, services, err
}

// pick takes the services with these names; all without names. A virtual server that is gone has no real servers.
func pick(services []conntrack.Service, names []string) ([]conntrack.Service, error) {
	if len(names) == 0 {
		return services, nil
	}
	var picked []conntrack.Service
	for _, name := range names {
		if at, err := netip.ParseAddrPort(name); err == nil {
			i := slices.IndexFunc(services, func(s conntrack.Service) bool { return s.At == at })
			if i < 0 {
				services, i = append(services, conntrack.Service{At: at}), len(services)
			}
			picked = append(picked, services[i])
			continue
		}
		addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
		if err != nil {
			return nil, fmt.Errorf("%q is no virtual server: write ADDRESS or ADDRESS:PORT, such as 192.0.2.1 or [2001:db8::1]:53", name)
		}
		before := len(picked)
		for _, s := range services {
			if s.At.Addr() == addr {
				picked = append(picked, s)
			}
		}
		if len(picked) == before {
			return nil, fmt.Errorf("the IPVS table has no virtual server for UDP at %s; for flows to one that is gone name its port too", name)
		}
	}
	return picked, nil
}

// connections reads IPVS's own table. It goes when the module is unloaded.
func connections(path string, look *flows.Look) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read IPVS's connections: %w", err)
	}
	defer f.Close()
	if err := ipvs.ParseConnections(f, look.Connection); err != nil {
		return fmt.Errorf("read IPVS's connections: %s: %w", path, err)
	}
	return nil
}

// flowSettings are the sysctls that decide what becomes of flows. Without them less can be said.
func flowSettings(root string) flows.Settings {
	s := flows.Settings{Conntrack: -1, ExpireNoDest: -1, ExpireQuiescent: -1}
	all, _ := host.IPVSSysctls(root)
	for _, x := range all {
		switch x.Name {
		case "conntrack":
			s.Conntrack = x.Value
		case "expire_nodest_conn":
			s.ExpireNoDest = x.Value
		case "expire_quiescent_template":
			s.ExpireQuiescent = x.Value
		}
	}
	return s
}
