package host

import (
	"runtime"
	"syscall"
)

// AtLeisure runs f on a thread of its own with the lowest priority, so that whoever else wants the processor has it first. f must
// hold nothing that others wait for.
func AtLeisure(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The thread is never unlocked, and so ends with this goroutine: a priority that was lowered cannot be raised again.
		runtime.LockOSThread()
		// Of this thread alone (setpriority(2), "C library/kernel differences"). If it fails, f runs as before.
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19)
		f()
	}()
	<-done
}
