//go:build lab && prove

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// TestStaleFlow has a client that keeps its source port, as a forwarder may, behind a director that is its router too:
//
//	client 172.16.0.50 --- lb1 ---+--- lb2       VIP 192.168.1.53, translated to dns1 with the director as the source
//	                              +--- dns1
//
// While lb2 has the address, the client's packets pass lb1 as they are, and lb1's connection tracking remembers a flow that is not translated. When lb1
// has the address again that flow goes on: a nat rule is asked for the first packet of a flow only, and dns1 has no way back to the client.
func TestStaleFlow(t *testing.T) {
	s := newStale(t)
	s.there()
	s.back()
	for range 2 {
		if s.ask() {
			t.Fatalf("answered without the action: nothing was stale here\n%s", s.flows())
		}
	}
	t.Logf("without the action 2 queries of 2 were lost, and lb1 remembers:\n%s", s.flows())

	s.write("notify.yaml", "rules:\n  - states: [master]\n    actions: [{conntrack: {port: 53}}]\n")
	s.there()
	s.back()
	note := s.acted()
	if note.Result == "0 flows deleted" {
		t.Errorf("%s: %s", note.Action, note.Result)
	}
	if !s.ask() {
		t.Errorf("the first query after the action was not answered (%s)\n%s", note.Result, s.flows())
	}
	t.Logf("with the action the first query was answered: %s", note.Result)
}

// stale is the scene of TestStaleFlow, with the addresses at lb1.
type stale struct {
	*testing.T
	lab              *labtest.Lab
	lb1, lb2, client *labtest.Host
	k1               *labtest.Keepalived
	dir              string
}

func newStale(t *testing.T) *stale {
	lab := labtest.New(t)
	lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
	lab.Install("lvsdns-notify-act", "/usr/bin/lvsdns-notify-act")
	outside, lan := lab.LAN("outside", "172.16.0.0/24"), lab.LAN("lan", "192.168.1.0/24")
	s := &stale{T: t, lab: lab, dir: filepath.Join(lab.Dir(), "lb1")}
	s.lb1 = lab.Director("lb1", lan.At("192.168.1.11"), outside.At("172.16.0.1"))
	s.lb2 = lab.Director("lb2", lan.At("192.168.1.12")).Via("192.168.1.11")
	lab.RealServer("dns1", lan.At("192.168.1.21")).NameServer(labtest.NSD)
	s.client = lab.Client("client", outside.At("172.16.0.50")).Via("172.16.0.1")
	for _, h := range []*labtest.Host{s.lb1, s.lb2} {
		s.run(h, "modprobe -a xt_MASQUERADE xt_conntrack 2>/dev/null; sysctl -qw net.ipv4.vs.conntrack=1; iptables-legacy -t nat -A POSTROUTING -d 192.168.1.21 -p udp --dport 53 -j MASQUERADE")
	}
	hook := fmt.Sprintf("/usr/bin/lvsdns-notify --config=%[1]s/notify.yaml --keepalived-config=%[1]s/keepalived.conf --state-dir=%[1]s/lib --run-dir=%[1]s/run", s.dir)
	s.k1 = s.lb1.Keepalived(staleConf(150, fmt.Sprintf("\tnotify_master \"%s master\"\n", hook)))
	s.lb2.Keepalived(staleConf(100, ""))
	s.owner(s.lb1, s.lb2)
	lab.WaitFor("an answer by lb1", 20*time.Second, s.ask)
	return s
}

func staleConf(priority int, notify string) string {
	return fmt.Sprintf(`global_defs {
	vrrp_version 3
	script_user root
}
vrrp_instance VI_DNS {
	interface eth0
	state BACKUP
	virtual_router_id 51
	priority %d
	advert_int 0.2
	virtual_ipaddress {
		%s/32
	}
%s}
virtual_server %[2]s 53 {
	protocol UDP
	lb_algo rr
	lb_kind NAT
	real_server 192.168.1.21 53 {
		weight 1
	}
}
`, priority, vipDNS, notify)
}

// owner waits until the address is at one of them, which has its virtual server too.
func (s *stale) owner(owner, other *labtest.Host) {
	s.Helper()
	s.lab.WaitFor("the address is at "+owner.Name, 30*time.Second, func() bool {
		return owner.Holds(vipDNS) && !other.Holds(vipDNS) && strings.Contains(s.run(owner, "ipvsadm -Ln"), "192.168.1.21:53")
	})
}

// there brings the address to lb2. The flow that lb1 had as the owner ends, and begins anew as one that only passes.
func (s *stale) there() {
	s.Helper()
	s.k1.Stop()
	s.owner(s.lb2, s.lb1)
	s.run(s.lb1, "conntrack -D -p udp --dport 53 >/dev/null 2>&1; true")
	s.lab.WaitFor("an answer by lb2", 20*time.Second, s.ask)
	if flows := s.flows(); !strings.Contains(flows, "src="+vipDNS+" dst=172.16.0.50") {
		s.Fatalf("lb1 does not remember the flow as one that only passes:\n%s", flows)
	}
}

func (s *stale) back() {
	s.Helper()
	s.k1.Start()
	s.owner(s.lb1, s.lb2)
}

// acted is what became of the action after it has run.
func (s *stale) acted() *notify.ActionNote {
	s.Helper()
	var note *notify.ActionNote
	s.lab.WaitFor("the action is done", 30*time.Second, func() bool {
		d, err := (&journal.Journal{StateDir: filepath.Join(s.dir, "lib")}).Read()
		if err != nil || len(d.Actions) == 0 {
			return false
		}
		note = d.Actions[0]
		return note.OK
	})
	return note
}

// ask asks from the same port each time, once, and waits a second.
func (s *stale) ask() bool {
	out, err := s.client.Run(s.Context(), "dig", "+tries=1", "+time=1", "+short", "-b", "172.16.0.50#5353", "@"+vipDNS, "example.com", "SOA")
	return err == nil && strings.HasPrefix(out, "ns") // dig prints on standard output what went wrong, too
}

func (s *stale) flows() string { return s.run(s.lb1, "conntrack -L -p udp --dport 53 2>/dev/null") }

func (s *stale) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *stale) run(h *labtest.Host, script string) string {
	s.Helper()
	out, err := h.Run(s.Context(), "sh", "-c", script)
	if err != nil {
		s.Fatal(err)
	}
	return out
}
