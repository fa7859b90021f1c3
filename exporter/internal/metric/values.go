package metric

import (
	"strconv"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// ServerLabelNames are the labels that name a real server of a virtual server.
func ServerLabelNames() []string { return append(ipvs.LabelNames(), "rip", "rport") }

// Decimal is a number as a label has it.
func Decimal[N ~uint8 | ~uint16 | ~uint32](n N) string { return strconv.FormatUint(uint64(n), 10) }

// Truth is 1 or 0.
func Truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Unix is a moment in seconds.
func Unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
