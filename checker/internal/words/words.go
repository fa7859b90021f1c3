// Package words has the turns of phrase that the sentences about a check share.
package words

import (
	"fmt"
	"time"
)

// With returns " with " and how a setting is written, "" where nobody has said.
func With(setting string) string {
	if setting == "" {
		return ""
	}
	return " with " + setting
}

// Count returns a number of things.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Latency keeps three digits or so.
func Latency(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}
