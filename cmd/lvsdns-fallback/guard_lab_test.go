//go:build lab

package main_test

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

const two = `
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo wrr
	lb_kind DR
	delay_loop 1
	warmup 0
	real_server 10.0.0.1 53 {
		CHECK1
	}
	real_server 10.0.0.2 53 {
		CHECK2
	}
}
`

// TestGuard: with real keepalived, there is one programmer, whoever comes first and however it ends.
func TestGuard(t *testing.T) {
	r := newRig(t)
	r.checks(0, 0)
	text := strings.ReplaceAll(r.conf(two), "MORE", "")
	r.director.IPVSAdm("-A -u 192.0.2.99:53 -s rr", "-a -u 192.0.2.99:53 -r 10.0.0.9:53 -g -w 3") // another's
	k := r.director.Keepalived(text)
	r.WaitFor("keepalived programs the kernel", 30*time.Second, func() bool { return strings.Contains(r.table(), "-r 10.0.0.2:53") })
	full := r.settled(2 * time.Second)

	// plan and status beside a keepalived in charge.
	if out, err := r.director.Run(t.Context(), "/usr/bin/lvsdns-fallback", "plan", "--keepalived-config", r.file("keepalived.conf")); err != nil || out != "" {
		t.Errorf("plan: %v %q", err, out)
	}
	if out, err := r.director.Run(t.Context(), "/usr/bin/lvsdns-fallback", r.flags("status")...); err != nil || !strings.HasPrefix(out, "keepalived (pid") {
		t.Errorf("status: %v %q", err, out)
	}

	// It refuses beside a keepalived that runs.
	p := r.fallback()
	r.ended("the refusal", p)
	if !strings.Contains(p.Log(), "keepalived (pid") || !strings.Contains(p.Log(), "has the table") {
		t.Errorf("the refusal says %q", p.Log())
	}

	// A combined keepalived with its parent frozen and its checker killed: taken over without a write.
	k.Signal(syscall.SIGSTOP)
	if _, err := r.director.Run(t.Context(), "sh", "-c", "kill -KILL $(cat "+r.file("keepalived_checkers.pid")+")"); err != nil {
		t.Fatal(err)
	}
	p = r.fallback()
	r.WaitFor("the take-over", 30*time.Second, func() bool { return strings.Contains(p.Log(), "configuration taken") })
	if got := r.settled(2 * time.Second); got != full || strings.Contains(p.Log(), "written") {
		t.Errorf("after the take-over:\n%s\n%s", got, p.Log())
	}

	// The frozen one comes back to life: from then on nothing is written by us.
	r.checks(0, 1)
	r.WaitFor("the dead one is out", 30*time.Second, func() bool { return !strings.Contains(r.table(), "-r 10.0.0.2:53") })

	// kill -9 leaves the table; a restart finds it and writes nothing.
	before := r.table()
	p.Kill()
	if got := r.table(); got != before {
		t.Errorf("after kill -9:\n%s", got)
	}
	mark := len(p.Log())
	p = r.fallback()
	r.WaitFor("the restart", 30*time.Second, func() bool { return strings.Contains(p.Log()[mark:], "configuration taken") })
	if got := r.settled(2 * time.Second); got != before || strings.Contains(p.Log()[mark:], "written") {
		t.Errorf("after the restart:\n%s\n%s", got, p.Log()[mark:])
	}

	// A second keepalived with the same pidfile refuses, in either generation.
	k.Process.Kill()
	time.Sleep(3 * time.Second) // a keepalived of the newer generation had the lock; now we take it
	second := r.director.Start("keepalived", "--dont-fork", "--log-console", "--check", "--dont-release-ipvs", "--use-file="+r.file("keepalived.conf"),
		"--pid="+r.file("other.pid"), "--checkers_pid="+r.file("keepalived_checkers.pid"), "--bfd_pid="+r.file("other_bfd.pid"))
	r.ended("keepalived's refusal", second)
	if got := r.table(); got != before {
		t.Errorf("after keepalived's try:\n%s\n%s", got, second.Log())
	}

	// A hand with ipvsadm is noticed, and then nothing is written.
	r.director.IPVSAdm("-e -u 192.0.2.1:53 -r 10.0.0.1:53 -g -w 5")
	r.WaitFor("the hand is noticed", 30*time.Second, func() bool { return strings.Contains(p.Log(), "somebody else wrote") })
	r.checks(0, 0)
	time.Sleep(3 * time.Second)
	if got := r.table(); strings.Contains(got, "10.0.0.2:53") || !strings.Contains(got, "-w 5") {
		t.Errorf("after the hand:\n%s", got)
	}
	p.Signal(syscall.SIGHUP)
	r.WaitFor("it is mended on demand", 30*time.Second, func() bool { return r.table() == full })

	// Handed back, keepalived starts and finds what it wants.
	if out, err := r.director.Run(t.Context(), "/usr/bin/lvsdns-fallback", "hand-back", "--lock-file", r.file("fallback.lock")); err != nil {
		t.Errorf("hand-back: %v %q", err, out)
	}
	r.ended("the hand-back", p)
	const started = "Activating BFD healthchecker" // the log goes on where it was
	earlier := strings.Count(k.Log(), started)
	k.Start()
	r.WaitFor("keepalived is back", 30*time.Second, func() bool { return strings.Count(k.Log(), started) > earlier })
	if got := r.settled(2 * time.Second); got != full {
		t.Errorf("after the hand-back:\n%s\nwant\n%s", got, full)
	}
	if !strings.Contains(r.table(), "-a -u 192.0.2.99:53 -r 10.0.0.9:53 -g -w 3") {
		t.Error("the foreign service was touched")
	}
}
