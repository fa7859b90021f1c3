package exporter

import (
	"context"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/exporter/internal/differences"
	"github.com/lvsdns/lvsdns/exporter/internal/dns"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/exporter/internal/vrrp"
)

// State is all that the exporter shows, for /api/v1/state and the status page.
type State struct {
	Time           time.Time               `json:"time"`
	Host           string                  `json:"host"`
	Version        string                  `json:"version"`
	Sources        []source.State          `json:"sources"`
	Limited        bool                    `json:"limited"` // IPVS read without CAP_NET_ADMIN: numbers that are missing are 0
	VirtualServers []servers.VirtualServer `json:"virtual_servers"`
	Keepalived     *KeepalivedState        `json:"keepalived"` // null without a configuration
	VRRP           []vrrp.Subject          `json:"vrrp"`
	Checks         []checks.State          `json:"checks"`
	Drift          []differences.State     `json:"drift"`
	DNSCapture     DNSCapture              `json:"dns_capture"`
	DNSTop         *dns.TopState           `json:"dns_top"` // null unless dns.top
}

// DNSCapture is whether DNS traffic is counted in the packets of the network cards.
type DNSCapture struct {
	On  bool   `json:"on"`
	Why string `json:"why,omitempty"` // it is off, if dns.capture is auto
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
	sources, _ := source.FetchAll(ctx, e.sources)
	e.changes.Note(sources)
	s := State{
		Time: e.config.Now(), Host: e.config.Host, Version: e.config.Build.Version, Sources: sources,
		DNSCapture:     DNSCapture{On: e.config.Traffic != nil, Why: e.config.NoTraffic},
		VirtualServers: []servers.VirtualServer{}, VRRP: []vrrp.Subject{}, Checks: []checks.State{}, Drift: []differences.State{}, // in JSON an empty list is no null
	}
	if view := e.view.Get(ctx).Value; view != nil {
		s.Limited = view.Limited
		s.VirtualServers = append(s.VirtualServers, view.State(e.config.Connections.Missing())...)
	}
	if cfg := e.notes.Get(ctx).Value; cfg != nil {
		s.Keepalived = &KeepalivedState{cfg.Version, cfg.ID, cfg.Files}
	}
	if all := e.vrrp.Get(ctx).Value; all != nil {
		s.VRRP = append(s.VRRP, *all...)
	}
	if found := e.drift.Get(ctx).Value; found != nil {
		s.Drift = append(s.Drift, found.State()...)
	}
	if e.config.Checks != nil {
		s.Checks = append(s.Checks, e.config.Checks.View(e.scheduled(ctx)).State()...)
	}
	s.DNSTop = dns.TopOf(e.config.Top)
	return s
}
