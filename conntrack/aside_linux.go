package conntrack

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// nice is the priority of a pass. When softirqs are more than a processor can do at once, the kernel leaves the rest to ksoftirqd, a
// thread like any other: beside a pass it shall get nine tenths of the processor (sched_prio_to_weight in kernel/sched/core.c).
const nice = 10

// aside runs f on a thread of its own with lower priority, and says how much time that has used. The thread ends with f, because no
// thread may raise its priority again (setpriority(2)).
func aside(f func() error, used *time.Duration) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil { // the caller's to survive
				done <- fmt.Errorf("bug: %v\n%s", p, debug.Stack())
			}
		}()
		runtime.LockOSThread() // and never unlocked
		// Where it is refused the pass is as important as everybody else.
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, nice)
		before := threadTime()
		err := f()
		*used = threadTime() - before
		done <- err
	}()
	return <-done
}

func threadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD, which package syscall lacks
	var u syscall.Rusage
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
