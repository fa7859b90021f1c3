package notify

import (
	"slices"
	"time"
)

// Document is what the journal holds: one for the host.
type Document struct {
	Version    int       `json:"version"`
	Boot       string    `json:"boot"`       // the kernel's boot ID: marks are good within one boot
	Generation uint64    `json:"generation"` // grows with each event
	Written    time.Time `json:"written"`

	Records    []*Record     `json:"records,omitempty"`
	Configured *Configured   `json:"configured,omitempty"`
	Actions    []*ActionNote `json:"actions,omitempty"`
	Sysctls    []SysctlFound `json:"sysctls,omitempty"`
	Servers    []*ServerNote `json:"servers,omitempty"`
	Reader     *ReaderNote   `json:"reader,omitempty"`
	Agreements []Agreement   `json:"agreements,omitempty"`

	Late uint64 `json:"late,omitempty"` // events that came after a newer one
	// Discarded says why an earlier journal is gone, and Discards how often that happened.
	Discarded string `json:"discarded,omitempty"`
	Discards  uint64 `json:"discards,omitempty"`

	// history is the newest events, a line each, oldest first. They are only read to be shown: a hook need not decode them.
	history [][]byte
}

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

// documentVersion grows when an older program can't read what a newer one writes.
const documentVersion = 1

// maxHistory bounds the events that are kept to be shown.
const maxHistory = 64

// History is the newest events, oldest first. A line that can't be read is left out.
func (d *Document) History() []Event {
	var all []Event
	for _, line := range d.history {
		in := decoder{rest: line}
		if e := in.event(); in.err == nil {
			all = append(all, e)
		}
	}
	return all
}

// Record finds the record of a subject; nil if there is none.
func (d *Document) Record(s Subject) *Record {
	for _, r := range d.Records {
		if r.Subject == s {
			return r
		}
	}
	return nil
}

func (d *Document) record(s Subject) *Record {
	if r := d.Record(s); r != nil {
		return r
	}
	r := &Record{Subject: s}
	d.Records = append(d.Records, r)
	return r
}

// maxRecords bounds how many subjects there may be: a director has at most 255 instances on an interface.
const maxRecords = 4096

// Add notes an event. One that a caller notes twice, after it did not learn whether the first time went well, is
// noted once.
func (d *Document) Add(e Event) {
	if e.Kind == Host {
		if s, ok := d.Configured.nameless(e.State); ok {
			e.Subject = s
		}
	}
	if d.knows(e) || d.Record(e.Subject) == nil && len(d.Records) >= maxRecords {
		return
	}
	d.Generation++
	if e.Late = d.record(e.Subject).add(e); e.Late {
		d.Late++
	}
	d.history = append(d.history, EncodeEvent(e))
	if n := len(d.history); n > maxHistory {
		d.history = d.history[n-maxHistory:]
	}
}

// adopt gives events that were noted before keepalived.conf was read to those whom they are about.
func (d *Document) adopt() {
	host := d.Record(Subject{Kind: Host})
	if host == nil {
		return
	}
	left := host.Recent[:0]
	for _, x := range host.Recent {
		s, ok := d.Configured.nameless(x.State)
		if !ok {
			left = append(left, x)
			continue
		}
		d.history = slices.DeleteFunc(d.history, func(line []byte) bool {
			in := decoder{rest: line}
			e := in.event()
			return in.err == nil && e.Kind == Host && e.Mark == x.Mark
		})
		d.Add(Event{Subject: s, State: x.State, Source: x.Source, Mark: x.Mark, At: host.SaidAt})
	}
	if host.Recent = left; len(left) == 0 {
		d.Records = slices.DeleteFunc(d.Records, func(r *Record) bool { return r == host })
	}
}

func (d *Document) knows(e Event) bool {
	r := d.Record(e.Subject)
	if r == nil || e.PID == 0 {
		return false
	}
	for _, m := range r.Recent {
		if m.Mark == e.Mark && m.State == e.State {
			return true
		}
	}
	return false
}

// Stopped notes that keepalived has ended, for all who have not heard it from itself.
func (d *Document) Stopped(now time.Time, sinceBoot time.Duration) {
	for _, r := range slices.Clone(d.Records) {
		if r.Kind != Host && r.Said != "" && r.Said != Stop && r.Said != Deleted {
			d.Add(Event{Subject: r.Subject, State: Stop, Source: Resync, Mark: Mark{Born: sinceBoot}, At: now})
		}
	}
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

// rebooted forgets what an earlier boot has said: its marks count from another time, and its addresses are gone.
func (d *Document) rebooted(boot string) {
	if d.Boot == boot {
		return
	}
	d.Boot = boot
	for _, r := range d.Records {
		r.Recent, r.Said, r.Acted = nil, "", Acted{}
	}
	d.Servers, d.Sysctls, d.Reader, d.Agreements = nil, nil, nil, nil
}
