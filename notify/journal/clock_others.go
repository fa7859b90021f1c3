//go:build !linux

package journal

import "time"

// SinceBoot is there on Linux only.
func SinceBoot() time.Duration { return 0 }
