//go:build lab && prove

package main_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// dnsCheckConf has two virtual servers with the same real servers, one for each question.
func dnsCheckConf() string {
	conf := ""
	for vip, qtype := range map[string]string{"192.168.1.100": "SOA", "192.168.1.101": "MX"} {
		conf += fmt.Sprintf("virtual_server %s 53 {\n\tprotocol UDP\n\tlb_algo rr\n\tlb_kind DR\n\tdelay_loop 1\n\twarmup 0\n\tretry 0\n", vip)
		for _, rip := range []string{"192.168.1.21", "192.168.1.22"} {
			conf += fmt.Sprintf("\treal_server %s 53 {\n\t\tDNS_CHECK {\n\t\t\tname %s\n\t\t\ttype %s\n\t\t\tconnect_timeout 1\n\t\t}\n\t}\n", rip, labtest.Zone, qtype)
		}
		conf += "}\n"
	}
	return conf
}

// TestDNSCheck is the first column of the table in README.md: what real keepalived's own check makes of a name server in each state. The
// second server is the witness that checks ran meanwhile: it is killed and comes back.
func TestDNSCheck(t *testing.T) {
	lab := labtest.New(t)
	lan := lab.LAN("lan", "192.168.1.0/24")
	director := lab.Director("director", lan.At("192.168.1.11"))
	server := lab.RealServer("dns1", lan.At("192.168.1.21")).NameServer(labtest.NSD)
	witness := lab.RealServer("dns2", lan.At("192.168.1.22")).NameServer(labtest.NSD)
	director.Keepalived(dnsCheckConf())

	const soa, mx = "udp 192.168.1.100:53", "udp 192.168.1.101:53"
	in := func(rip, service string) func() bool {
		return func() bool { return slices.Contains(director.IPVS().Where(rip), service) }
	}
	out := func(rip, service string) func() bool { return func() bool { return !in(rip, service)() } }
	const up, down = true, false
	for _, state := range []struct {
		name    string
		spoil   func()
		service string
		want    bool
	}{
		{"no records", func() {}, mx, up},
		{"TCP closed", server.CloseTCP, soa, up},
		{"too slow", func() { server.Slow(3 * time.Second) }, soa, down},
		{"SERVFAIL", func() { server.Break(labtest.Servfail) }, soa, down},
		{"REFUSED", func() { server.Break(labtest.Refused) }, soa, down},
		{"dead", server.Kill, soa, down},
	} {
		for _, rip := range []string{"192.168.1.21", "192.168.1.22"} {
			lab.WaitFor(state.name+": both servers are in before", time.Minute, in(rip, state.service))
		}
		state.spoil()
		if state.want == down {
			lab.WaitFor(state.name+": DNS_CHECK takes it out", time.Minute, out("192.168.1.21", state.service))
		} else {
			witness.Kill()
			lab.WaitFor(state.name+": DNS_CHECK takes the witness out", time.Minute, out("192.168.1.22", state.service))
			witness.Start()
			lab.WaitFor(state.name+": DNS_CHECK takes the witness in again", time.Minute, in("192.168.1.22", state.service))
			if out("192.168.1.21", state.service)() {
				t.Errorf("%s: DNS_CHECK says down, want up", state.name)
			}
		}
		server.Repair()
	}
}
