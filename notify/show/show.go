// Package show writes the journal for people and for programs.
package show

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// State is what "lvsdns-notify show --output json" prints. Its fields are public: they stay.
type State struct {
	Written    time.Time            `json:"written"`
	Generation uint64               `json:"generation"`
	Subjects   []*notify.Record     `json:"subjects"`
	Actions    []*notify.ActionNote `json:"actions"`
	Agreements []notify.Agreement   `json:"agreements"`
	Servers    []*notify.ServerNote `json:"servers"`
	Sysctls    []notify.SysctlFound `json:"sysctls"`
	Reader     *notify.ReaderNote   `json:"reader,omitempty"`
	Late       uint64               `json:"late"`
	Discards   uint64               `json:"discards"`
	Discarded  string               `json:"discarded,omitempty"`
	Events     []notify.Event       `json:"events"`
}

// JSON writes the journal as one object, events oldest first.
func JSON(w io.Writer, d *notify.Document) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(State{
		Written: d.Written, Generation: d.Generation, Subjects: list(d.Records), Actions: list(d.Actions), Agreements: list(d.Agreements),
		Servers: list(d.Servers), Sysctls: list(d.Sysctls), Reader: d.Reader, Late: d.Late, Discards: d.Discards, Discarded: d.Discarded,
		Events: list(d.History()),
	})
}

// list makes an empty list of none: JSON's null is no list.
func list[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// lastEvents is how many events people are shown.
const lastEvents = 10

// Text writes the journal for people.
func Text(w io.Writer, d *notify.Document, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	ago := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return now.Sub(at).Round(time.Second).String() + " ago"
	}
	if len(d.Records) == 0 {
		fmt.Fprintln(t, "keepalived has not said anything yet")
	} else {
		fmt.Fprintln(t, "SUBJECT\tSTATE\tSINCE\tKEEPALIVED SAYS\tADDRESSES HELD\tTRANSITIONS\tNOTE")
	}
	for _, r := range d.Records {
		note := ""
		if r.Disagree {
			note = "the addresses and keepalived disagree"
		}
		held := "-"
		if r.Of > 0 {
			held = fmt.Sprintf("%d of %d", r.Held, r.Of)
		}
		said := "nothing"
		if word := d.LastWord(r); word != "" {
			said = fmt.Sprintf("%s, %s", word, ago(r.SaidAt))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", r.Subject, r.State, ago(r.Since), said, held, r.Total(), note)
	}
	if len(d.Actions) > 0 {
		fmt.Fprintln(t, "\nACTION\tFOR\tSTATE\tLAST RUN\tTOOK\tFAILED\tRESULT")
	}
	for _, a := range d.Actions {
		ok := "done: "
		if !a.OK {
			ok = "FAILED: "
		}
		took := time.Duration(a.Seconds * float64(time.Second)).Round(time.Millisecond)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d of %d\t%s\n", a.Action, a.Subject, a.State, ago(a.At), took, a.Failures, a.Runs, ok+a.Result)
	}
	if len(d.Agreements) > 0 {
		fmt.Fprintln(t, "\nAGREEMENT\tOWNER\tAGREES\tPARTS")
	}
	for _, a := range d.Agreements {
		var parts []string
		for _, p := range a.Parts {
			part := p.Name + " passive"
			if p.Active {
				part = p.Name + " active"
			}
			if p.Detail != "" {
				part += " (" + p.Detail + ")"
			}
			parts = append(parts, part)
		}
		fmt.Fprintf(t, "%s\t%t\t%t\t%s\n", a.Subject, a.Owner, a.Agrees, strings.Join(parts, ", "))
	}
	if len(d.Servers) > 0 {
		fmt.Fprintln(t, "\nSERVER\tUP\tSINCE\tCHANGES")
	}
	for _, s := range d.Servers {
		name := s.Virtual.String()
		if s.Real.IsValid() {
			name = s.Real.String() + " of " + name
		}
		fmt.Fprintf(t, "%s\t%t\t%s\t%d\n", name, s.Up, ago(s.At), s.Changes)
	}
	for i, s := range d.Sysctls {
		if i == 0 {
			fmt.Fprintln(t, "\nSYSCTL\tBEFORE IT WAS SET")
		}
		fmt.Fprintf(t, "%s\t%s\n", s.Key, s.Found)
	}
	if r := d.Reader; r != nil {
		fmt.Fprintf(t, "\nreader of FIFOs: process %d, %d lines, %d of no meaning, looked again %d times", r.PID, r.Lines, r.Garbage, r.Resyncs)
		if r.Why != "" {
			fmt.Fprintf(t, ", last %s: %s", ago(r.At), r.Why)
		}
		fmt.Fprintln(t)
	}
	if d.Discarded != "" {
		fmt.Fprintf(t, "\nan earlier journal was put aside: %s\n", d.Discarded)
	}
	events := d.History()
	if n := len(events); n > lastEvents {
		events = events[n-lastEvents:]
	}
	if len(events) > 0 {
		fmt.Fprintln(t, "\nEVENT\tSTATE\tPRIORITY\tFROM\tNOTE")
	}
	for _, e := range events {
		note := ""
		if e.Late {
			note = "came after a newer one"
		}
		fmt.Fprintf(t, "%s %s\t%s\t%d\t%s\t%s\n", e.At.Format(time.RFC3339), e.Subject, e.State, e.Priority, e.Source, note)
	}
	return t.Flush()
}
