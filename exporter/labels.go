package exporter

import (
	"strconv"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

func serviceLabelNames() []string { return []string{"vip", "vport", "proto", "fwmark", "family"} }

func serverLabelNames() []string { return append(serviceLabelNames(), "rip", "rport") }

// serviceLabels are the values of serviceLabelNames.
func serviceLabels(k ipvs.ServiceKey) []string {
	if k.FWMark != 0 {
		return []string{"", "", k.Proto(), strconv.FormatUint(uint64(k.FWMark), 10), k.Family.String()}
	}
	if !k.Addr.IsValid() { // of no virtual server
		return []string{"", "", k.Proto(), "", k.Family.String()}
	}
	return []string{k.Addr.String(), decimal(k.Port), k.Proto(), "", k.Family.String()}
}

func decimal[N ~uint8 | ~uint16 | ~uint32](n N) string { return strconv.FormatUint(uint64(n), 10) }
