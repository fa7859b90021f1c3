package main

import "github.com/lvsdns/lvsdns/internal/flows"

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
