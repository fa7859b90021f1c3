package lvs

import (
	"strconv"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Labels name a virtual server and a real server the way the metrics do.
type Labels struct {
	VIP    string `json:"vip"`
	VPort  string `json:"vport"`
	Proto  string `json:"proto"`
	FWMark string `json:"fwmark"`
	Family string `json:"family"`
	RIP    string `json:"rip"`
	RPort  string `json:"rport"`
}

// LabelsOf names a service and a real server of it; the zero keys name nothing.
func LabelsOf(k ipvs.ServiceKey, d ipvs.DestinationKey) Labels {
	var l Labels
	if k != (ipvs.ServiceKey{}) {
		v := k.Labels()
		l = Labels{VIP: v[0], VPort: v[1], Proto: v[2], FWMark: v[3], Family: v[4]}
	}
	if d.Addr.IsValid() {
		l.RIP, l.RPort = d.Addr.String(), strconv.FormatUint(uint64(d.Port), 10)
	}
	return l
}
