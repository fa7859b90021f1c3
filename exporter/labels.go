package exporter

import (
	"strconv"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

func serverLabelNames() []string { return append(ipvs.LabelNames(), "rip", "rport") }

func decimal[N ~uint8 | ~uint16 | ~uint32](n N) string { return strconv.FormatUint(uint64(n), 10) }
