package main

import (
	"os"
	"syscall"
)

// grow makes the stack as large as a hook needs it, in one step: to grow it by and by, with more and more on it to be moved, takes a
// twentieth of what a hook costs.
//
//go:noinline
func grow() {
	var room [12 << 10]byte
	_ = room[len(os.Args)%len(room)]
}

// outlive undoes what keepalived has asked for: that its scripts die with it (PR_SET_PDEATHSIG). They end by themselves, and the last
// thing that keepalived says is that it stops. The setting is this thread's, and main begins on the thread that keepalived has forked.
func outlive() {
	const setDeathSignal = 1
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setDeathSignal, 0, 0)
}
