package exporter

import (
	"context"
	"time"
)

// State is all that the exporter shows, for /api/v1/state and the status page.
type State struct {
	Time           time.Time        `json:"time"`
	Host           string           `json:"host"`
	Version        string           `json:"version"`
	Sources        []SourceState    `json:"sources"`
	Limited        bool             `json:"limited"` // IPVS read without CAP_NET_ADMIN: numbers that are missing are 0
	VirtualServers []VirtualServer  `json:"virtual_servers"`
	Keepalived     *KeepalivedState `json:"keepalived"` // null without a configuration
	VRRP           []VRRP           `json:"vrrp"`
	Checks         []CheckState     `json:"checks"`
	Drift          []DriftState     `json:"drift"`
	DNSTop         *DNSTop          `json:"dns_top"` // null unless dns.top
}

// KeepalivedState is how keepalived's configuration was read.
type KeepalivedState struct {
	Version  string   `json:"version"` // of keepalived, by whose rules; empty: the newest
	ConfigID string   `json:"config_id"`
	Files    []string `json:"files"`
}

// State reads all sources and returns what they say.
func (e *Exporter) State(ctx context.Context) State {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	sources, _ := fetchAll(ctx, e.sources)
	e.changes.note(sources)
	s := State{
		Time: e.config.Now(), Host: e.config.Host, Version: e.config.Build.Version, Sources: sources,
		VirtualServers: []VirtualServer{}, VRRP: []VRRP{}, Checks: []CheckState{}, Drift: []DriftState{}, // in JSON an empty list is no null
	}
	if view := e.view.get(ctx).value; view != nil {
		s.Limited = view.limited
		s.VirtualServers = append(s.VirtualServers, view.state(e.config.Connections.missing())...)
	}
	if cfg := e.notes.get(ctx).value; cfg != nil {
		s.Keepalived = &KeepalivedState{cfg.Version, cfg.ID, cfg.Files}
	}
	if all := e.vrrp.get(ctx).value; all != nil {
		s.VRRP = append(s.VRRP, *all...)
	}
	if found := e.drift.get(ctx).value; found != nil {
		s.Drift = append(s.Drift, found.state()...)
	}
	if e.config.Checks != nil {
		s.Checks = append(s.Checks, e.config.Checks.view(e.scheduled(ctx)).state()...)
	}
	s.DNSTop = topState(e.config.Top)
	return s
}
