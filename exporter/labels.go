package exporter

import (
	"strconv"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// serverLabelNames are the labels that name a real server of a virtual server.
func serverLabelNames() []string { return append(ipvs.LabelNames(), "rip", "rport") }

// decimal is a number as a label has it.
func decimal[N ~uint8 | ~uint16 | ~uint32](n N) string { return strconv.FormatUint(uint64(n), 10) }

// truth is 1 or 0.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unix is a moment in seconds.
func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
