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
		l = serviceLabels(k)
	}
	if d.Addr.IsValid() {
		l.RIP, l.RPort = d.Addr.String(), decimal(d.Port)
	}
	return l
}

func serviceLabels(k ipvs.ServiceKey) Labels {
	l := Labels{Proto: k.Proto(), Family: k.Family.String()}
	if k.FWMark != 0 {
		l.FWMark = strconv.FormatUint(uint64(k.FWMark), 10)
		return l
	}
	l.VIP, l.VPort = k.Addr.String(), decimal(k.Port)
	return l
}

func decimal(port uint16) string { return strconv.FormatUint(uint64(port), 10) }
