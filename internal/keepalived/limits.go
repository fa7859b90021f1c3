package keepalived

import "fmt"

// Limits of this reader: keepalived sets none.
const (
	maxNested = 1000 // definitions of several lines that are being read, and sequences
	replacing = 32   // bytes that the replacement of a reference costs at the least
)

// spend takes work off what the text may ask for.
func (r *reader) spend(lines, bytes int) bool {
	if r.lines < 0 {
		return false
	}
	r.lines -= lines
	r.bytes -= bytes
	switch {
	case r.lines < 0:
		r.stop("more lines than %d, the limit of this reader", r.most.MaxLines)
	case r.bytes < 0:
		r.stop("more text than %d bytes with what definitions and sequences make, the limit of this reader", r.most.MaxBytes)
	}
	return r.lines >= 0
}

// stop ends the reading at a limit. Half a configuration is none: who acts on it would take away what stands in the other half.
func (r *reader) stop(format string, args ...any) {
	if r.stopped == nil {
		r.stopped = fmt.Errorf("%s: %s: take out what repeats itself without end", r.here, fmt.Sprintf(format, args...))
	}
	r.lines, r.stack = -1, nil
}
