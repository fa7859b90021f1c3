package plan

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// WriteText writes one line for each step, then for each thing that no step mends.
func (p Plan) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, s := range p.Steps {
		b.WriteString(s.String() + "\n")
	}
	for _, k := range p.Kept {
		b.WriteString("keep ")
		if k.Service != (ipvs.ServiceKey{}) {
			b.WriteString(k.Service.String() + " ")
		}
		b.WriteString(k.Text + "\n")
	}
	for _, x := range p.Blocked {
		b.WriteString("blocked " + x.Name() + ": " + x.Pos.String() + ": " + x.Text + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

type jsonStep struct {
	Action Action `json:"action"`
	lvs.Labels
	Forward string  `json:"forward_method,omitempty"`
	Weight  *uint32 `json:"weight,omitempty"`
	File    string  `json:"file"`
	Line    int     `json:"line"`
	Text    string  `json:"text"`
}

type jsonKept struct {
	lvs.Labels
	Text string `json:"text"`
}

type jsonBlock struct {
	VirtualServer string `json:"virtual_server"`
	File          string `json:"file"`
	Line          int    `json:"line"`
	Text          string `json:"text"`
}

// WriteJSON writes the plan as one object: differs, steps, kept and blocked.
func (p Plan) WriteJSON(w io.Writer) error {
	out := struct {
		Differs bool        `json:"differs"`
		Steps   []jsonStep  `json:"steps"`
		Kept    []jsonKept  `json:"kept"`
		Blocked []jsonBlock `json:"blocked"`
	}{p.Differs(), []jsonStep{}, []jsonKept{}, []jsonBlock{}}
	for _, s := range p.Steps {
		j := jsonStep{Action: s.Action, Labels: lvs.LabelsOf(s.Service.ServiceKey, s.Server.DestinationKey), File: s.Pos.File, Line: s.Pos.Line, Text: s.String()}
		if s.Server.Addr.IsValid() {
			j.Forward, j.Weight = s.Server.Forward.String(), &s.Server.Weight
		}
		out.Steps = append(out.Steps, j)
	}
	for _, k := range p.Kept {
		out.Kept = append(out.Kept, jsonKept{lvs.LabelsOf(k.Service, k.Server), k.Text})
	}
	for _, b := range p.Blocked {
		out.Blocked = append(out.Blocked, jsonBlock{b.Name(), b.Pos.File, b.Pos.Line, b.Text})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}
