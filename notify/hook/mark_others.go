//go:build !linux

package hook

import (
	"os"

	"github.com/lvsdns/lvsdns/notify"
)

// OwnMark knows no time of a fork here.
func OwnMark() notify.Mark { return notify.Mark{PID: os.Getpid()} }
