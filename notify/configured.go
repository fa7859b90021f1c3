package notify

import (
	"net/netip"
	"os"
	"syscall"
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
	// Interfaces are where the instance may hold it: one, or with use_vmac the VMAC too. Empty: any but lo.
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

// StampOf looks at a file.
func StampOf(path string) Stamp {
	info, err := os.Stat(path)
	if err != nil {
		return Stamp{Path: path, Time: -1}
	}
	s := Stamp{Path: path, Time: info.ModTime().UnixNano(), Size: info.Size()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Ino = sys.Ino
	}
	return s
}

// Fresh reports whether the files are still those that c was read from. A file that was changed just before it was
// read could be changed again within the same tick of the clock.
func (c *Configured) Fresh(file string) bool {
	if c == nil || c.File != file || len(c.Stamps) == 0 {
		return false
	}
	for _, s := range c.Stamps {
		if StampOf(s.Path) != s {
			return false
		}
	}
	return true
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
