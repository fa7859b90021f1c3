// Package vrrp answers one question: what state is each VRRP instance and group of this host in?
package vrrp

import (
	"context"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/vrrp"
	"github.com/lvsdns/lvsdns/notify"
)

// Subject is one instance or group.
type Subject struct {
	Kind      string       `json:"kind"` // instance or group
	Name      string       `json:"name"`
	State     notify.State `json:"state"`
	Interface string       `json:"interface,omitempty"`
	VRID      uint8        `json:"vrid,omitempty"`
	Priority  uint8        `json:"priority,omitempty"`
	Addresses []Held       `json:"addresses,omitempty"`

	// What lvsdns-notify has noted.
	Said              string            `json:"said,omitempty"` // keepalived's last word
	SaidAt            time.Time         `json:"said_at,omitzero"`
	Mismatch          bool              `json:"owner_mismatch,omitempty"`
	EffectivePriority int               `json:"effective_priority,omitempty"`
	Transitions       map[string]uint64 `json:"transitions,omitempty"`
	LastTransition    time.Time         `json:"last_transition,omitzero"`
}

// Held is an address of an instance, and whether this host holds it now.
type Held struct {
	Address netip.Addr `json:"address"`
	Held    bool       `json:"held"`
}

// vrrpOf is the state of each instance and group, as package notify decides it for lvsdns-notify too: by what is configured, by the addresses that
// this host holds, and by what keepalived has said. cfg is nil if keepalived.conf can't be read: then what lvsdns-notify has read of it counts, where
// there is lvsdns-notify. noted is nil where there is none.
func vrrpOf(cfg *keepalived.Config, addresses []host.Address, noted *notify.Document) []Subject {
	if noted == nil {
		noted = &notify.Document{}
	}
	var held []notify.Held
	for _, a := range addresses {
		held = append(held, notify.Held{Addr: a.Addr, Interface: a.Interface})
	}
	if cfg == nil {
		return journaled(nil, noted.Settled(nil, held, time.Time{}), noted)
	}
	c := vrrp.Configured(cfg)
	settled := noted.Settled(c, held, time.Time{})
	var all []Subject
	for n, i := range cfg.Instances {
		v := Subject{Kind: string(notify.Instance), Name: i.Name, Interface: i.Interface.V, VRID: i.VRID.V, Priority: i.Priority.V}
		for _, a := range c.Instances[n].Addresses {
			v.Addresses = append(v.Addresses, Held{a.Addr, a.HeldBy(held)})
		}
		all = append(all, v)
	}
	for _, g := range c.Groups {
		all = append(all, Subject{Kind: string(notify.Group), Name: g.Name})
	}
	return journaled(all, settled, noted)
}

// Reader asks keepalived.conf, the addresses of this host and, if there is one, lvsdns-notify's journal.
func Reader(
	config *source.Shared[keepalived.Config], journal *source.Shared[notify.Document], addresses func() ([]host.Address, error),
) func(context.Context) (*[]Subject, error) {
	return func(ctx context.Context) (*[]Subject, error) {
		cfg := config.Get(ctx)
		held, err := addresses()
		if err != nil {
			return nil, err
		}
		all := vrrpOf(cfg.Value, held, journal.Get(ctx).Value)
		if cfg.Value == nil && len(all) == 0 {
			return nil, cfg.Err
		}
		return &all, cfg.Err
	}
}

// Source is the source of the state of each instance and group.
func Source(all *source.Shared[[]Subject]) source.Source {
	return source.New("vrrp", all, metric.Each(table(), func(all *[]Subject) []Subject { return *all }))
}

func table() metric.Table[Subject] {
	return metric.Table[Subject]{
		Subject: "a vrrp_instance or vrrp_sync_group of keepalived.conf",
		Labels:  []string{"kind", "name"},
		Values:  func(v Subject) []string { return []string{v.Kind, v.Name} },
		Rows: append([]metric.Row[Subject]{
			metric.Series("lvsdns_vrrp_state",
				"1 for its state. By its addresses: master (this host holds all of them), backup (none) or partial (some). Of a backup keepalived's last word to lvsdns-notify tells more: fault, stop or deleted. Without addresses the state is that last word, or unknown.", []string{"state"},
				func(v Subject, emit metric.Emit) {
					for _, s := range append(notify.States(), notify.Partial, notify.Unknown) {
						emit(metric.Truth(v.State == s), string(s))
					}
				}),
			metric.Only(func(v Subject) bool { return v.Kind == "instance" && v.VRID != 0 },
				metric.Series("lvsdns_vrrp_info", "1; the settings of an instance.", []string{"interface", "vrid", "priority"},
					func(v Subject, emit metric.Emit) {
						emit(1, v.Interface, metric.Decimal(v.VRID), metric.Decimal(v.Priority))
					})),
			metric.Series("lvsdns_vrrp_address_held", "1 if this host holds this address of the instance now.", []string{"vip"},
				func(v Subject, emit metric.Emit) {
					seen := map[netip.Addr]bool{}
					for _, a := range v.Addresses {
						if !seen[a.Address] {
							seen[a.Address] = true
							emit(metric.Truth(a.Held), a.Address.String())
						}
					}
				}),
		}, journalRows()...),
	}
}
