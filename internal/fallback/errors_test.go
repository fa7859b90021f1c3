package fallback_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// unchecked are two virtual servers, one of them of a scheduler of its own. Nothing is checked, so that all is written at once.
const unchecked = `
global_defs {
	lvs_timeouts tcp 100 tcpfin 20 udp 30
}
virtual_server 192.0.2.1 53 {
	protocol TCP
	lb_algo lc
	lb_kind NAT
	real_server 198.51.100.21 53 {
	}
	real_server 198.51.100.22 53 {
		weight 5
	}
}
virtual_server 192.0.2.2 53 {
	protocol TCP
	lb_algo wrr
	lb_kind NAT
	real_server 198.51.100.21 53 {
	}
}
`

// whole is the table as text.
func (d *director) whole() string {
	var lines []string
	d.kernel.Do(func() {
		for _, e := range d.kernel.Entries {
			lines = append(lines, fmt.Sprint(e.Service.ServiceKey, " ", e.Service.Scheduler))
			for _, s := range e.Destinations {
				lines = append(lines, fmt.Sprint(e.Service.ServiceKey, " ", s.DestinationKey, "=", s.Weight))
			}
		}
	})
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

// TestEveryKernelError: whatever step fails, with whatever error, the pass ends, the error is said once with its step, and the next
// pass begins with what is there.
func TestEveryKernelError(t *testing.T) {
	d := newDirector(t, unchecked)
	stop := d.start()
	stop()
	want, steps := d.whole(), len(d.kernel.Writes)
	if steps != 6 {
		t.Fatalf("%d writes: %v", steps, d.kernel.Writes)
	}
	for _, fault := range []error{
		syscall.EPERM, syscall.ENOBUFS, syscall.ENOMEM, syscall.EBUSY, syscall.EINVAL, syscall.EIO, syscall.ETIMEDOUT, ipvs.ErrExists, ipvs.ErrMissing, ipvs.ErrAbsent, ipvs.ErrPermission,
	} {
		for at := 1; at <= steps; at++ {
			d := newDirector(t, unchecked)
			d.kernel.FailAt, d.kernel.Fault = at, fault
			stop := d.start()
			d.until("the next pass mends it", func() bool { return d.whole() == want })
			stop()
			before, _, _ := strings.Cut(d.log.String(), "level=ERROR")
			if n := strings.Count(before, "msg=written"); n != at-1 {
				t.Errorf("%v at step %d: %d steps before:\n%s", fault, at, n, d.log)
			}
			said := 0
			for line := range strings.Lines(d.log.String()) {
				if strings.Contains(line, fault.Error()) && strings.Contains(line, fmt.Sprintf("step %d of %d, ", at, steps)) {
					said++
				}
			}
			if said != 1 || strings.Count(d.log.String(), "level=ERROR") != 1 {
				t.Errorf("%v at step %d is said %d times:\n%s", fault, at, said, d.log)
			}
		}
	}
}

// TestRefusedForGood: what the kernel never takes, such as a scheduler that it has not, holds nothing else up, is said once, and another's
// write is noticed all the same.
func TestRefusedForGood(t *testing.T) {
	d := newDirector(t, unchecked)
	d.kernel.Refuse, d.kernel.Fault = "new tcp 192.0.2.1:53", errors.New("no such scheduler")
	stop := d.start()
	defer stop()
	d.until("the other service is there", func() bool { return strings.Contains(d.whole(), "192.0.2.2:53 198.51.100.21:53=1") })
	time.Sleep(200 * time.Millisecond)
	if log := d.log.String(); strings.Count(log, "no such scheduler") != 1 || strings.Count(log, "level=ERROR") != 1 {
		t.Errorf("the log says\n%s", log)
	}
	d.kernel.Do(func() { d.kernel.Entries[0].Destinations[0].Weight = 77 })
	d.until("the other hand is noticed", func() bool { return strings.Contains(d.log.String(), "somebody else wrote") })
}
