//go:build !linux

package notify

import (
	"os"
	"time"
)

// OwnMark knows no time of a fork here.
func OwnMark() Mark { return Mark{PID: os.Getpid()} }

// SinceBoot is there on Linux only.
func SinceBoot() time.Duration { return 0 }
