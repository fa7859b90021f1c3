package notify

import (
	"net/netip"
	"time"
)

// Configured is what keepalived.conf says of instances and groups, and of which files that is true. It is kept in the
// journal because to read keepalived.conf costs more than all the rest of a hook.
type Configured struct {
	File      string     `json:"file"` // that the others were included from
	Stamps    []Stamp    `json:"stamps"`
	Instances []Owner    `json:"instances,omitempty"`
	Groups    []Grouping `json:"groups,omitempty"`
	// Nameless says, for each state, which subjects have a script for it that passes no name.
	Nameless map[State][]Subject `json:"nameless,omitempty"`
}

// Owner is an instance and the addresses that it holds while it is master.
type Owner struct {
	Name      string    `json:"name"`
	Addresses []Address `json:"addresses,omitempty"`
}

// Address is an address, and where it may be.
type Address struct {
	Addr netip.Addr `json:"addr"`
	// Interfaces are where the instance may hold it: one, or the names that a VMAC may have. Empty: any but lo.
	Interfaces []string `json:"interfaces,omitempty"`
}

// Grouping is a sync group and its instances.
type Grouping struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

// Stamp tells a version of a file from another one.
type Stamp struct {
	Path string `json:"path"`
	Time int64  `json:"time"` // of the last change, ns; -1: there is no such file
	Size int64  `json:"size"`
	Ino  uint64 `json:"ino"`
}

// Settled reports whether no file was changed in the last moments: then their stamps tell every later change.
func (c *Configured) Settled(now time.Time) bool {
	const tick = 20 * time.Millisecond
	for _, s := range c.Stamps {
		if s.Time > now.Add(-tick).UnixNano() {
			return false
		}
	}
	return true
}

// nameless finds the one subject that an event without a name can be about. Of several there is no telling.
func (c *Configured) nameless(s State) (Subject, bool) {
	if c == nil || len(c.Nameless[s]) != 1 {
		return Subject{}, false
	}
	return c.Nameless[s][0], true
}
