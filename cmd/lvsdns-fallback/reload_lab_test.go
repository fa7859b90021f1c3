//go:build lab

package main_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReloadStarvesNoCheck: while somebody touches keepalived.conf each second, or sends one SIGHUP after the other, a server that dies goes out. The log
// has how long that took each time; the checks run every five seconds.
func TestReloadStarvesNoCheck(t *testing.T) {
	r := newRig(t)
	text := strings.ReplaceAll(r.conf(strings.NewReplacer("delay_loop 1", "delay_loop 5", "warmup 0", "warmup 5").Replace(two)), "MORE", "")
	conf := r.file("keepalived.conf")
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, mode := range []struct {
		name  string
		every time.Duration
		do    func(pid int) error
	}{
		{"nothing", time.Hour, func(int) error { return nil }},
		{"the same content", time.Second, func(int) error { return os.WriteFile(conf, []byte(text), 0o644) }},
		{"SIGHUP", 20 * time.Millisecond, func(pid int) error { return syscall.Kill(pid, syscall.SIGHUP) }},
	} {
		r.checks(0, 0)
		p := r.fallback("--state-file", "")
		r.WaitFor("both serve", time.Minute, func() bool { return strings.Count(r.table(), "\n") == 2 })
		stop, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			for {
				select {
				case <-stop:
					ended <- nil
					return
				case <-time.After(mode.every):
					if err := mode.do(p.PID()); err != nil {
						ended <- err
						return
					}
				}
			}
		}()
		time.Sleep(2 * time.Second) // into the storm
		r.checks(0, 1)
		died := time.Now()
		r.WaitFor("the dead one is out while somebody does "+mode.name, time.Minute, func() bool { return !strings.Contains(r.table(), "10.0.0.2") })
		t.Logf("%s: out after %s", mode.name, time.Since(died).Round(100*time.Millisecond))
		close(stop)
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", mode.name, err)
		}
		if n := strings.Count(p.Log(), "configuration taken"); n != i+1 { // the log is of all that have run
			t.Errorf("%s: the configuration is taken %d times:\n%s", mode.name, n-i, p.Log())
		}
		p.Stop()
		r.director.IPVSAdm("-C")
	}
}

// odd has what keepalived skips, drops or never adds, and one check that only keepalived can make.
const odd = `
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo rr
	lb_kind NAT
	nat_mask 255.255.255.0
	delay_loop 1
	warmup 0
	real_server 10.0.0.1 53 {
		CHECK1
	}
	real_server 10.0.0.2 53 {
		nb_get_retry 3
		CHECK2
	}
}
track_file T {
	weight 1
}
virtual_server 192.0.2.2 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	alpha
	real_server 10.0.0.1 53 {
		weight 5
		FILE_CHECK {
			track_file T
		}
	}
}
virtual_server_group M {
	fwmark 40
}
virtual_server group M {
	lvs_sched rr
	lvs_method DR
	real_server 10.0.0.1 {
	}
}
virtual_server group M {
	lvs_sched rr
	lvs_method DR
	real_server 2001:db8::1 {
	}
}
virtual_server 192.0.2.9 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	inhibit_on_failure
	real_server 10.0.0.1 53 {
		HTTP_GET {
			url {
				path /
				regex "a(?=b)"
			}
		}
	}
}
`

// TestOddConfiguration: plan is content beside a keepalived that has programmed the same file, says of each virtual server what run does, and run comes
// to keepalived's table. What is blocked stays as keepalived had it.
func TestOddConfiguration(t *testing.T) {
	r := newRig(t)
	r.checks(0, 1)
	text := strings.ReplaceAll(r.conf(odd), "MORE", "")
	k := r.director.Keepalived(text)
	r.WaitFor("keepalived programs the kernel", 30*time.Second, func() bool { return r.table() != "" })
	want := r.decided(text)

	out, err := r.director.Run(t.Context(), "/usr/bin/lvsdns-fallback", "plan", "--health", "kernel", "--keepalived-config", r.file("keepalived.conf"))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err == nil || len(lines) != 2 || !strings.HasPrefix(lines[0], "keep fwm 40 ipv6 is not in the kernel, and keepalived never adds it") || !strings.HasPrefix(lines[1], "blocked virtual_server 192.0.2.9 53: ") {
		t.Errorf("plan: %v\n%s", err, out)
	}

	k.Stop()
	blocked := regexp.MustCompile(`(?m)^.*192\.0\.2\.9:.*\n?`)
	r.director.IPVSAdm("-A -u 192.0.2.9:53 -s rr", "-a -u 192.0.2.9:53 -r 10.0.0.1:53 -g -w 0")
	r.checks(0, 1)
	p := r.fallback("--state-file", "")
	got := r.decided(text)
	if blocked.ReplaceAllString(got, "") != blocked.ReplaceAllString(want, "") || !slices.Contains(strings.Split(got, "\n"), "-a -u 192.0.2.9:53 -r 10.0.0.1:53 -g -w 0") {
		t.Errorf("lvsdns-fallback:\n%s\nkeepalived:\n%s\n%s", got, want, p.Log())
	}
	if log := p.Log(); strings.Count(log, "left alone") != 1 || !strings.Contains(log, `virtual_server="virtual_server 192.0.2.9 53"`) {
		t.Errorf("the log says\n%s", log)
	}
	p.Stop()
}
