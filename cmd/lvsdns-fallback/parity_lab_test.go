//go:build lab

package main_test

import (
	"strings"
	"testing"
	"time"
)

// features has what decides who serves, in virtual servers of their own. rs1 to rs4 are the scripts.
const features = `
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo wrr
	lb_kind DR
	delay_loop 1
	warmup 0
	sorry_server 10.9.9.9 53
	quorum 20
	hysteresis 5
	real_server 10.0.0.1 53 {
		weight 10
		CHECK1
	}
	real_server 10.0.0.2 53 {
		weight 10
		CHECK2
	}
	real_server 10.0.0.3 53 {
		weight 10
		CHECK3
	}
}
virtual_server 192.0.2.1 53 {
	protocol TCP
	lb_algo rr
	lb_kind DR
	delay_loop 1
	warmup 0
	alpha
	inhibit_on_failure
	sorry_server 10.9.9.9 53
	sorry_server_inhibit
	persistence_timeout 60
	persistence_granularity 255.255.255.0
	real_server 10.0.0.1 53 {
		CHECK1
		CHECK2
	}
	real_server 10.0.0.3 53 {
		CHECK3
	}
}
virtual_server 192.0.2.2 53 {
	protocol UDP
	lb_algo sh
	lb_kind NAT
	delay_loop 1
	warmup 0
	ops
	real_server 10.0.0.1 5353 {
		weight 7
		uthreshold 100
		CHECK1
	}
	real_server 10.0.0.2 5353 {
	}
}
virtual_server_group G {
	192.0.2.10-12 53
	fwmark 5
}
virtual_server group G {
	protocol UDP
	lb_algo wlc
	lb_kind TUN
	ip_family inet
	delay_loop 1
	warmup 0
	real_server 10.0.0.1 53 {
		CHECK1
	}
	real_server 10.0.0.2 53 {
		CHECK2
	}
}
virtual_server 192.0.2.3 53 {
	protocol UDP
	lb_algo wrr
	lb_kind DR
	delay_loop 1
	warmup 0
	sorry_server 10.9.9.9 53
	real_server 10.0.0.4 53 {
		weight 10
		DYNAMIC4
	}
	real_server 10.0.0.5 53 {
		weight 10
		inhibit_on_failure
		DYNAMIC4
		DYNAMIC4
	}
}
`

// stage is what the scripts rs1 to rs4 exit with.
type stage struct {
	name     string
	statuses []int
}

// TestParity is the short form of what make prove does with every stage.
func TestParity(t *testing.T) {
	parity(t, []stage{
		{"all up", []int{0, 0, 0, 52}},
		{"quorum lost", []int{1, 0, 1, 7}},
	})
}

// parity brings the same configuration and the same results of checks to real keepalived and to lvsdns-fallback, and compares
// what the kernel has, line for line.
func parity(t *testing.T, stages []stage) {
	r := newRig(t)
	text := strings.ReplaceAll(r.conf(strings.ReplaceAll(features, "DYNAMIC4", "CHECK44")), "rs44", "rs4")
	head, tail, _ := strings.Cut(text, "virtual_server 192.0.2.3 53")
	text = strings.ReplaceAll(head, "\nMORE", "") + "virtual_server 192.0.2.3 53" + strings.ReplaceAll(tail, "MORE", " misc_dynamic")
	r.checks(stages[0].statuses...)
	k := r.director.Keepalived(text)
	r.WaitFor("keepalived programs the kernel", 30*time.Second, func() bool { return r.table() != "" })
	want := make([]string, len(stages))
	for i, s := range stages {
		r.checks(s.statuses...)
		want[i] = r.decided(text)
	}
	k.Stop()
	if got := r.table(); got != "" {
		t.Fatalf("keepalived leaves\n%s", got)
	}
	r.checks(stages[0].statuses...)
	p := r.fallback()
	for i, s := range stages {
		r.checks(s.statuses...)
		if got := r.decided(text); got != want[i] {
			t.Errorf("%s: lvsdns-fallback:\n%s\nkeepalived:\n%s\n%s", s.name, got, want[i], p.Log())
		}
		t.Logf("%s: %d lines", s.name, strings.Count(want[i], "\n")+1)
	}
	p.Stop()
	if got := r.table(); got != want[len(want)-1] {
		t.Errorf("after its end:\n%s", got)
	}
}
