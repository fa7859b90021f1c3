//go:build lab

package main_test

import (
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestBlind: who listens where nothing comes by is told so, instead of that nobody asks.
func TestBlind(t *testing.T) {
	r := newRig(t)
	r.ipvsadm("-A", "-u", vip+":53", "-s", "rr")
	r.ipvsadm("-a", "-u", vip+":53", "-r", rip+":53", "-m")
	blind := func(reason string) bool {
		v, _ := r.page().value("lvsdns_capture_invisible_reason", "reason="+reason)
		return v == 1
	}

	r.run1("ip", "link", "add", "spare", "type", "dummy")
	r.run1("ip", "link", "set", "spare", "up")
	r.director.XDPTake("spare")
	r.run(nil, []string{"--dns.capture", "--dns.interfaces", "spare"})
	r.lab.WaitFor("the spare card is listened on, and the virtual server is known", 20*time.Second, func() bool {
		listening, _ := r.page().value("lvsdns_capture_listening", "interface=spare")
		_, known := r.page().value("lvsdns_dns_queries_total", "vip="+vip)
		return listening == 1 && known
	})
	if !blind("xdp_attached") || blind("wrong_interface") {
		t.Error("before anything was asked: the program that takes the card's packets is not said, or more than that")
	}
	for range 150 {
		if _, err := r.client.Ask(labtest.Question{Server: vip}); err != nil {
			t.Fatal(err)
		}
	}
	r.lab.WaitFor("the page says that the card is the wrong one", 20*time.Second, func() bool {
		share, known := r.page().value("lvsdns_capture_coverage_ratio", "vip="+vip)
		return blind("wrong_interface") && known && share == 0
	})
}
