package exporter

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// VRRPState is what the addresses of this host tell about a vrrp_instance or vrrp_sync_group.
type VRRPState string

// The states. Addresses alone can't tell a backup from an instance that is in fault or stopped: none
// of the three holds its addresses. Where lvsdns-notify runs, its journal does.
const (
	Master  VRRPState = "master"  // holds all its addresses
	Backup  VRRPState = "backup"  // holds none of them
	Partial VRRPState = "partial" // holds some of them; of a group: its instances differ
	Unknown VRRPState = "unknown" // has no addresses to tell by
	Fault   VRRPState = "fault"
	Stopped VRRPState = "stop"
	Deleted VRRPState = "deleted"
)

var vrrpStates = [...]VRRPState{Master, Backup, Fault, Stopped, Deleted, Partial, Unknown}

// VRRP is one instance or group.
type VRRP struct {
	Kind      string    `json:"kind"` // instance or group
	Name      string    `json:"name"`
	State     VRRPState `json:"state"`
	Interface string    `json:"interface,omitempty"`
	VRID      uint8     `json:"vrid,omitempty"`
	Priority  uint8     `json:"priority,omitempty"`
	Addresses []Held    `json:"addresses,omitempty"`

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

// vrrpOf compares what is configured with the addresses that this host holds.
func vrrpOf(cfg *keepalived.Config, addresses []host.Address) []VRRP {
	var all []VRRP
	states := map[string]VRRPState{}
	for _, i := range cfg.Instances {
		v := VRRP{Kind: "instance", Name: i.Name, Interface: i.Interface.V, VRID: i.VRID.V, Priority: i.Priority.V}
		for _, vip := range slices.Concat(i.VIPs, i.Excluded) {
			if h := (Held{vip.Prefix.Addr(), holds(addresses, vip)}); !slices.Contains(v.Addresses, h) {
				v.Addresses = append(v.Addresses, h)
			}
		}
		v.State = stateOf(v.Addresses)
		states[v.Name] = v.State
		all = append(all, v)
	}
	for _, g := range cfg.SyncGroups {
		v := VRRP{Kind: "group", Name: g.Name}
		for i, member := range g.Members {
			state, known := states[member.V]
			switch {
			case !known:
			case i == 0 || v.State == "":
				v.State = state
			case v.State != state:
				v.State = Partial
			}
		}
		if v.State == "" {
			v.State = Unknown
		}
		all = append(all, v)
	}
	return all
}

// holds leaves the loopback interface out unless it is configured: there a director that is a real server as well holds the
// address for ever, as direct routing wants it.
func holds(addresses []host.Address, vip keepalived.VIP) bool {
	return slices.ContainsFunc(addresses, func(a host.Address) bool {
		return a.Addr == vip.Prefix.Addr() && (a.Interface != "lo" || vip.Dev == "lo")
	})
}

func stateOf(addresses []Held) VRRPState {
	held := 0
	for _, a := range addresses {
		if a.Held {
			held++
		}
	}
	switch {
	case len(addresses) == 0:
		return Unknown
	case held == len(addresses):
		return Master
	case held == 0:
		return Backup
	default:
		return Partial
	}
}

func vrrpTable() table[VRRP] {
	return table[VRRP]{
		subject: "a vrrp_instance or vrrp_sync_group of keepalived.conf",
		labels:  []string{"kind", "name"},
		values:  func(v VRRP) []string { return []string{v.Kind, v.Name} },
		rows: append([]row[VRRP]{
			seriesRow("lvsdns_vrrp_state",
				"1 for its state. By its addresses: master (this host holds all of them), backup (none) or partial (some). Of a backup keepalived's last word to lvsdns-notify tells more: fault, stop or deleted. Without addresses the state is that last word, or unknown.", []string{"state"},
				func(v VRRP, emit emit) {
					for _, s := range vrrpStates {
						emit(truth(v.State == s), string(s))
					}
				}),
			only(func(v VRRP) bool { return v.Kind == "instance" && v.VRID != 0 },
				seriesRow("lvsdns_vrrp_info", "1; the settings of an instance.", []string{"interface", "vrid", "priority"},
					func(v VRRP, emit emit) { emit(1, v.Interface, decimal(v.VRID), decimal(v.Priority)) })),
			seriesRow("lvsdns_vrrp_address_held", "1 if this host holds this address of the instance now.", []string{"vip"},
				func(v VRRP, emit emit) {
					seen := map[netip.Addr]bool{}
					for _, a := range v.Addresses {
						if !seen[a.Address] {
							seen[a.Address] = true
							emit(truth(a.Held), a.Address.String())
						}
					}
				}),
		}, journalRows()...),
	}
}
