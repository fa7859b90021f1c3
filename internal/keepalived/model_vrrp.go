package keepalived

import (
	"net/netip"
	"time"
)

// Instance is a vrrp_instance as far as it concerns who holds which address
// and what is run when that changes.
type Instance struct {
	Pos       Pos
	Name      string
	Interface Value[string]
	State     Value[string] // MASTER or BACKUP, as written
	VRID      Value[uint8]
	Priority  Value[uint8]
	Version   Value[int]
	NoPreempt Value[bool]

	VIPs     []VIP // virtual_ipaddress
	Excluded []VIP // virtual_ipaddress_excluded

	Notify []Notify
	Track  []Statement // track_interface, track_script, track_file, track_process, track_bfd
	Other  []Statement
}

// VIP is an address that an instance holds while it is master.
type VIP struct {
	Pos    Pos
	Prefix netip.Prefix // as written; without a length that of a host
	Dev    string       // empty: the interface of the instance
	Other  []string     // the remaining words: scope, label …
}

// SyncGroup is a vrrp_sync_group: instances that change state together.
type SyncGroup struct {
	Pos     Pos
	Name    string
	Members []Value[string]
	Notify  []Notify
	Track   []Statement
	Other   []Statement
}

// Notify is a script of an instance or a sync group.
type Notify struct {
	Event  string // the keyword: notify_master, notify_backup, notify_fault, notify_stop, notify …
	Script Script
}

// VRRPScript is a vrrp_script: a script that moves priorities.
type VRRPScript struct {
	Pos      Pos
	Name     string
	Script   Script
	Interval Value[time.Duration]
	Timeout  Value[time.Duration] // zero: the interval
	Other    []Statement
}
