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
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", client(h), virtualServer(h), server(h), h.Target, conntrackWords(h), seconds(h.IPVS))
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

// client names the client of a flow, or the one that persistence holds.
func client(h flows.Held) string {
	if h.Template() {
		return h.Client.Addr().String() + " (any port)"
	}
	return h.Client.String()
}

func virtualServer(h flows.Held) string {
	if h.Mark != 0 {
		return fmt.Sprintf("fwm %d", h.Mark)
	}
	return h.At.String()
}

// server is a real server; the template of a virtual server for many ports tells no port.
func server(h flows.Held) string {
	if h.Server.Port() == 0 {
		return h.Server.Addr().String()
	}
	return h.Server.String()
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

type jsonFlow struct {
	Client    string   `json:"client"`   // of a template without a port
	Template  bool     `json:"template"` // persistence holds the client, whatever its port
	VIP       string   `json:"vip"`      // empty for a firewall mark
	VPort     uint16   `json:"vport"`
	FWMark    uint32   `json:"fwmark,omitempty"`
	RIP       string   `json:"rip"`
	RPort     uint16   `json:"rport"`
	Target    string   `json:"target"`
	State     string   `json:"state,omitempty"` // conntrack's
	Conntrack *float64 `json:"conntrack_expires_seconds"`
	IPVS      *float64 `json:"ipvs_expires_seconds"`
}

type jsonFlows struct {
	Flows     []jsonFlow `json:"flows"`
	Conntrack int        `json:"conntrack_entries"`
	IPVS      int        `json:"ipvs_entries"`
	NotListed int        `json:"entries_not_listed"`
	Deleted   int        `json:"deleted"`
	Gone      int        `json:"gone_already"`
	Advice    []string   `json:"advice"`
}

func (r flowsReport) json() jsonFlows {
	j := jsonFlows{
		Flows: []jsonFlow{}, Conntrack: r.tally.Conntrack, IPVS: r.tally.IPVS, NotListed: r.tally.Left,
		Deleted: r.deleted, Gone: r.gone, Advice: append([]string{}, flows.Advice(r.tally, r.settings)...),
	}
	for _, h := range r.held {
		f := jsonFlow{
			Client: h.Client.String(), Template: h.Template(), VPort: h.At.Port(), FWMark: h.Mark,
			RIP: h.Server.Addr().String(), RPort: h.Server.Port(), Target: h.Target.String(),
		}
		if h.Template() {
			f.Client = h.Client.Addr().String()
		}
		if h.Mark == 0 {
			f.VIP = h.At.Addr().String()
		}
		if h.Conntrack != nil {
			s := h.Conntrack.Expires.Seconds()
			f.State, f.Conntrack = h.Conntrack.State.String(), &s
		}
		if h.IPVS != nil {
			s := h.IPVS.Seconds()
			f.IPVS = &s
		}
		j.Flows = append(j.Flows, f)
	}
	return j
}
