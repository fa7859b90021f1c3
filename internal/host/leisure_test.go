package host

import (
	"syscall"
	"testing"
)

// TestAtLeisure: f has the lowest priority, and nobody else.
func TestAtLeisure(t *testing.T) {
	// The system call gives 20 minus the priority, so that it is never negative.
	priority := func() int {
		p, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
		must(t, err)
		return 20 - p
	}
	before, during := priority(), 0
	AtLeisure(func() { during = priority() })
	if during != 19 {
		t.Errorf("f ran at %d", during)
	}
	for range 100 {
		done := make(chan int)
		go func() { done <- priority() }()
		if after := <-done; after != before {
			t.Fatalf("somebody else runs at %d", after)
		}
	}
}
