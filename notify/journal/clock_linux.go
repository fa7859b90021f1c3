package journal

import (
	"syscall"
	"time"
	"unsafe"
)

// SinceBoot is the time since boot, in ticks as the kernel tells the time of a fork.
func SinceBoot() time.Duration {
	const clockBoottime = 7 // include/uapi/linux/time.h
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0
	}
	const tick = 10 * time.Millisecond
	return time.Duration(ts.Nano()).Truncate(tick)
}
