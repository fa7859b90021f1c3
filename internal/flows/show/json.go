package show

import (
	"encoding/json"

	"github.com/lvsdns/lvsdns/internal/flows"
)

// Flow is one flow as JSON has it.
type Flow struct {
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

// Flows is what JSON writes.
type Flows struct {
	Flows     []Flow   `json:"flows"`
	Conntrack int      `json:"conntrack_entries"`
	IPVS      int      `json:"ipvs_entries"`
	NotListed int      `json:"entries_not_listed"`
	Deleted   int      `json:"deleted"`
	Gone      int      `json:"gone_already"`
	Advice    []string `json:"advice"`
}

// JSON is all of it as one object.
func JSON(r flows.Report) (string, error) {
	text, err := json.MarshalIndent(objectOf(r), "", "  ")
	return string(text) + "\n", err
}

func objectOf(r flows.Report) Flows {
	j := Flows{
		Flows: []Flow{}, Conntrack: r.Tally.Conntrack, IPVS: r.Tally.IPVS, NotListed: r.Tally.Left,
		Deleted: r.Deleted, Gone: r.Gone, Advice: append([]string{}, flows.Advice(r.Tally, r.Settings)...),
	}
	for _, h := range r.Held {
		f := Flow{
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
