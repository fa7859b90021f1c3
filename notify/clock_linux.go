package notify

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// OwnMark is when keepalived has forked this process: the time of the fork is in /proc/self/stat (proc_pid_stat(5), field 22),
// and an exec does not change it.
func OwnMark() Mark {
	m := Mark{PID: os.Getpid()}
	text, err := readProc("/proc/self/stat", 1<<10)
	if err == nil {
		if born, ok := bornOf(text); ok {
			m.Born = born
			return m
		}
	}
	m.Born = SinceBoot()
	return m
}

// bornOf reads the time of the fork. The name of the program, in brackets, may hold blanks and brackets.
func bornOf(stat []byte) (time.Duration, bool) {
	const field, hertz = 22, 100 // USER_HZ is 100 on every architecture that keepalived runs on
	rest := stat[bytes.LastIndexByte(stat, ')')+1:]
	for range field - 2 { // the first of them begins with the blank after the bracket
		_, after, ok := bytes.Cut(rest, []byte(" "))
		if !ok {
			return 0, false
		}
		rest = after
	}
	word, _, _ := bytes.Cut(rest, []byte(" "))
	ticks, err := strconv.ParseInt(string(word), 10, 64)
	return time.Duration(ticks) * time.Second / hertz, err == nil
}

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
