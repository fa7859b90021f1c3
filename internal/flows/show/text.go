// Package show writes what was found of flows: for people, and as JSON.
package show

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lvsdns/lvsdns/internal/flows"
)

// Text is a table of the flows, what was done, and what to do about the rest.
func Text(r flows.Report) string {
	var out strings.Builder
	if len(r.Held) > 0 {
		t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "CLIENT\tVIRTUAL SERVER\tREAL SERVER\t\tCONNTRACK\tIPVS")
		for _, h := range r.Held {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", h.ClientName(), h.AtName(), h.ServerName(), h.Target, conntrackWords(h), seconds(h.IPVS))
		}
		_ = t.Flush() // into memory
	}
	if r.Tally.Left > 0 {
		fmt.Fprintf(&out, "%d more entries are not listed: --max sets the limit\n", r.Tally.Left)
	}
	fmt.Fprintf(&out, "entries found: %d in conntrack, %d in IPVS's own table\n", r.Tally.Conntrack, r.Tally.IPVS)
	if r.Asked {
		fmt.Fprintf(&out, "deleted from conntrack: %d; gone already: %d\n", r.Deleted, r.Gone)
	}
	for _, sentence := range flows.Advice(r.Tally, r.Settings) {
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
