package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// writeText prints one line for each difference, in groups by severity.
func writeText(w io.Writer, in drift.Input, found []drift.Difference) error {
	var out strings.Builder
	var group drift.Severity
	for _, d := range found {
		if d.Severity() != group {
			group = d.Severity()
			fmt.Fprintf(&out, "%s:\n", group)
		}
		fmt.Fprintf(&out, "  %s: %s\n", d.Kind, d.Sentence())
	}
	if drift.Worst(found) == drift.Info {
		fmt.Fprintf(&out, "nothing to mend: the kernel has what the configuration orders%s\n", beliefWords(in))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func beliefWords(in drift.Input) string {
	if in.Belief != nil {
		return " and keepalived believes"
	}
	return ", as far as that can be said without keepalived's state dump"
}

// report is the JSON output.
type report struct {
	Differences []difference       `json:"differences"`
	Summary     map[drift.Kind]int `json:"summary"`
	Kernel      string             `json:"kernel"`             // netlink, or proc if something could not be compared
	Belief      bool               `json:"belief"`             // whether keepalived's state dump was read
	Version     string             `json:"keepalived_version"` // by whose rules the configuration was read; empty: the newest
	ConfigID    string             `json:"config_id"`          // by which conditional lines were chosen
}

type difference struct {
	Kind     drift.Kind     `json:"kind"`
	Severity drift.Severity `json:"severity"`
	lvs.Labels
	File string `json:"file"`
	Line int    `json:"line"`
	Text string `json:"text"`
	Mend string `json:"mend"`
}

func writeJSON(w io.Writer, in drift.Input, found []drift.Difference) error {
	r := report{Differences: []difference{}, Summary: drift.Summary(found), Kernel: "netlink", Belief: in.Belief != nil, Version: in.Config.Version, ConfigID: in.Config.ID}
	if in.Limited {
		r.Kernel = "proc"
	}
	for _, d := range found {
		r.Differences = append(r.Differences, difference{d.Kind, d.Severity(), d.Labels(), d.Pos.File, d.Pos.Line, d.Text, d.Mend})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
