package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lvsdns/lvsdns/internal/flows"
)

// flowsReport is what was found and done.
type flowsReport struct {
	held          []flows.Held
	tally         flows.Tally
	settings      flows.Settings
	asked         bool // to delete
	deleted, gone int
}

// left is how many entries still bind a client to what was looked for.
func (r flowsReport) left() int {
	left := r.tally.Conntrack + r.tally.IPVS
	if r.asked {
		left -= r.deleted + r.gone
	}
	return left
}

func (r flowsReport) write(w io.Writer, output string) error {
	var err error
	if output == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		err = e.Encode(r.json())
	} else {
		_, err = io.WriteString(w, r.text())
	}
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

func (r flowsReport) text() string {
	var out strings.Builder
	if len(r.held) > 0 {
		t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "CLIENT\tVIRTUAL SERVER\tREAL SERVER\t\tCONNTRACK\tIPVS")
		for _, h := range r.held {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", h.ClientName(), h.AtName(), h.ServerName(), h.Target, conntrackWords(h), seconds(h.IPVS))
		}
		_ = t.Flush() // into memory
	}
	if r.tally.Left > 0 {
		fmt.Fprintf(&out, "%d more entries are not listed: --max sets the limit\n", r.tally.Left)
	}
	fmt.Fprintf(&out, "entries found: %d in conntrack, %d in IPVS's own table\n", r.tally.Conntrack, r.tally.IPVS)
	if r.asked {
		fmt.Fprintf(&out, "deleted from conntrack: %d; gone already: %d\n", r.deleted, r.gone)
	}
	for _, sentence := range flows.Advice(r.tally, r.settings) {
		fmt.Fprintf(&out, "%s\n", sentence)
	}
	return out.String()
}

func conntrackWords(h flows.Held) string {
	if h.Conntrack == nil {
		return "-"
	}
	return fmt.Sprintf("%s, %s", h.Conntrack.State, seconds(&h.Conntrack.Expires))
}

func seconds(d *time.Duration) string {
	if d == nil {
		return "-"
	}
	return fmt.Sprintf("%ds", *d/time.Second)
}
