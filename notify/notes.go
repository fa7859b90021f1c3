package notify

import "time"

// ActionNote is what became of an action.
type ActionNote struct {
	Subject
	Action   string    `json:"action"`
	State    State     `json:"state"` // that it was run for
	OK       bool      `json:"ok"`
	Result   string    `json:"result"` // a line: what was done, or what went wrong
	At       time.Time `json:"at"`
	Seconds  float64   `json:"seconds"`
	Runs     uint64    `json:"runs"`
	Failures uint64    `json:"failures"`
}

// SysctlFound is the value that a kernel setting had before the first action that set it.
type SysctlFound struct {
	Key   string    `json:"key"`
	Found string    `json:"found"`
	At    time.Time `json:"at"`
}

// ServerNote is what keepalived's LVS FIFO has said of a virtual server or a real server.
type ServerNote struct {
	Server
	Up      bool      `json:"up"`
	Source  Source    `json:"source"`
	At      time.Time `json:"at"`
	Changes uint64    `json:"changes"`
}

// ReaderNote is how the reader of the FIFOs does.
type ReaderNote struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Lines   uint64    `json:"lines"`
	Garbage uint64    `json:"garbage"` // lines that mean nothing
	Resyncs uint64    `json:"resyncs"` // beyond the one at the start of a reader
	Why     string    `json:"why,omitempty"`
	At      time.Time `json:"at,omitzero"` // of the last resync
}

// Agreement is whether the parts of a service are active on the same node as the address.
type Agreement struct {
	Subject
	Owner  bool      `json:"owner"` // this host holds the addresses
	Agrees bool      `json:"agrees"`
	Parts  []Part    `json:"parts"`
	At     time.Time `json:"at"`
}

// Part is one of those that are to be active where the address is.
type Part struct {
	Name   string `json:"name"`
	Active bool   `json:"active"`
	Detail string `json:"detail,omitempty"`
}

// Found notes the value that a kernel setting had before it was first set.
func (d *Document) Found(key, value string, at time.Time) {
	for _, s := range d.Sysctls {
		if s.Key == key {
			return
		}
	}
	d.Sysctls = append(d.Sysctls, SysctlFound{key, value, at})
}

// Note keeps the result of an action.
func (d *Document) Note(n ActionNote) {
	for _, old := range d.Actions {
		if old.Subject == n.Subject && old.Action == n.Action {
			n.Runs, n.Failures = old.Runs, old.Failures
			n.count()
			*old = n
			return
		}
	}
	n.Runs, n.Failures = 0, 0
	n.count()
	d.Actions = append(d.Actions, &n)
}

func (n *ActionNote) count() {
	n.Runs++
	if !n.OK {
		n.Failures++
	}
}

// Serve notes news of a server and reports whether they changed anything.
func (d *Document) Serve(e ServerEvent, from Source, at time.Time) bool {
	d.Generation++
	for _, n := range d.Servers {
		if n.Server == e.Server {
			changed := n.Up != e.Up
			if changed {
				n.Changes++
				n.At = at
			}
			n.Up, n.Source = e.Up, from
			return changed
		}
	}
	if len(d.Servers) >= maxRecords {
		return false
	}
	d.Servers = append(d.Servers, &ServerNote{Server: e.Server, Up: e.Up, Source: from, At: at, Changes: 1})
	return true
}
