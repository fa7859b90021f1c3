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

	// Past is the newest events, oldest first, each as EncodeEvent writes it. They are only read to be shown: a hook need not decode them.
	Past [][]byte `json:"-"`
}

// maxHistory bounds the events that are kept to be shown.
const maxHistory = 64

// History is the newest events, oldest first. A line that can't be read is left out.
func (d *Document) History() []Event {
	var all []Event
	for _, line := range d.Past {
		if e, err := decodeEvent(line); err == nil {
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
	d.Past = append(d.Past, EncodeEvent(e))
	if n := len(d.Past); n > maxHistory {
		d.Past = d.Past[n-maxHistory:]
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
		d.Past = slices.DeleteFunc(d.Past, func(line []byte) bool {
			e, err := decodeEvent(line)
			return err == nil && e.Kind == Host && e.Mark == x.Mark
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

// Reboot forgets what an earlier boot has said: its marks count from another time, and its addresses are gone.
func (d *Document) Reboot(boot string) {
	if d.Boot == boot {
		return
	}
	d.Boot = boot
	for _, r := range d.Records {
		r.Recent, r.Said, r.Acted = nil, "", Acted{}
	}
	d.Servers, d.Sysctls, d.Reader, d.Agreements = nil, nil, nil, nil
}
