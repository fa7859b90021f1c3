//go:build lab

package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWhoseReports has keepalived run a check as a script user without rights, whose reports are taken because keepalived.conf names it. Beside
// it nobody reports that the same check passes: that is counted, and changes nothing; with checks.users it would be taken.
func TestWhoseReports(t *testing.T) {
	r := newRig(t)
	r.lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	const check = "/usr/bin/lvsdns-check --name example.com --timeout 500ms --exporter-socket /run/check.sock " + nobody
	conf := fmt.Sprintf(`global_defs {
	script_user daemon
	enable_script_security
}
virtual_server %s 53 {
	protocol UDP
	lb_algo rr
	lb_kind NAT
	delay_loop 1
	real_server %s 53 {
		MISC_CHECK {
			misc_path "%s"
		}
	}
}
`, vip, nobody, check)
	k := r.director.Keepalived(conf)
	r.startWith("--keepalived.config-file", k.ConfigFile())
	this := []string{"server=" + nobody + ":53", "name=example.com."}
	r.lab.WaitFor("keepalived's check reports as its script user", 60*time.Second, r.is("lvsdns_check_success", 0, this...))
	before, _ := r.page().value("lvsdns_check_datagrams_total", "result=accepted")

	pass := fmt.Sprintf(`{"server":"%s:53","name":"example.com.","type":"SOA","transport":"udp","path":"rip","outcome":"pass","rcode":"NOERROR"}`, nobody)
	for range 10 {
		r.run1("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/lvsdns-check", "--exit-mode", "misc", "--exporter-socket", "/run/check.sock", "--timeout", "2s", "--name", "example.com", rip)
		r.run1("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "perl", "-MIO::Socket::UNIX", "-e",
			`IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => "/run/check.sock")->send($ARGV[0]) or die $!`, pass)
	}
	r.lab.WaitFor("all are turned away", 30*time.Second, r.is("lvsdns_check_datagrams_total", 20, "result=user"))
	r.lab.WaitFor("keepalived's checks go on", 60*time.Second, func() bool {
		n, _ := r.page().value("lvsdns_check_datagrams_total", "result=accepted")
		return n >= before+2
	})
	if v, ok := r.page().value("lvsdns_check_success", this...); !ok || v != 0 {
		t.Errorf("the check that fails is %g, there: %t", v, ok)
	}
	if state := r.state(); strings.Contains(state, `"server":"`+rip) {
		t.Errorf("the state has what nobody has sent:\n%s", state)
	}
	r.lab.WaitFor("the log says who it was", 30*time.Second, func() bool { return strings.Contains(r.exporter.Log(), "checks.users may name it\" user=65534") })
}
