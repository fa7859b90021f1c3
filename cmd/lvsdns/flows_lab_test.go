//go:build lab

package main_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const (
	flowVIP = "10.0.0.100"
	first   = "192.168.1.21"
	second  = "192.168.1.22"
)

// flowStage is a director with network address translation to two name servers, and a client that keeps its source ports.
type flowStage struct {
	*labtest.Lab
	t                *testing.T
	director, client *labtest.Host
}

func newFlowStage(t *testing.T) *flowStage {
	lab := labtest.New(t)
	lab.Install("lvsdns", "/usr/bin/lvsdns")
	wan, lan := lab.LAN("wan", "10.0.0.0/24"), lab.LAN("lan", "192.168.1.0/24")
	s := &flowStage{Lab: lab, t: t, director: lab.Director("director", wan.At("10.0.0.1"), lan.At("192.168.1.11")).Hold(flowVIP)}
	for name, addr := range map[string]string{"dns1": first, "dns2": second} {
		lab.RealServer(name, lan.At(addr)).NAT("192.168.1.11").NameServer(labtest.NSD)
	}
	s.client = lab.Client("client", wan.At("10.0.0.50"))
	s.run("sysctl", "-qw", "net.ipv4.vs.conntrack=1", "net.ipv4.vs.expire_nodest_conn=0", "net.netfilter.nf_conntrack_udp_timeout=600")
	s.run("iptables-legacy", "-w", "5", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT")
	return s
}

func (s *flowStage) run(name string, args ...string) string {
	s.t.Helper()
	out, err := s.director.Run(s.t.Context(), name, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// answered asks once from a port and says whether there was an answer.
func (s *flowStage) answered(port string) bool {
	s.t.Helper()
	out, err := s.client.Run(s.t.Context(), "dig", "-b", "10.0.0.50#"+port, "@"+flowVIP, "example.com", "SOA", "+tries=1", "+time=1", "+noedns")
	return err == nil && strings.Contains(out, "status: NOERROR")
}

func (s *flowStage) wantAnswer(what, port string, want bool) {
	s.t.Helper()
	if got := s.answered(port); got != want {
		s.t.Errorf("%s: port %s is answered: %t, want %t\n%s", what, port, got, want, s.run("sh", "-c", "cat /proc/net/ip_vs_conn; conntrack -L -p udp 2>/dev/null || :"))
	}
}

// found is what lvsdns flows --output json says.
type found struct {
	Flows []struct {
		Client, RIP, Target, State string
		Template                   bool
		Conntrack                  *float64 `json:"conntrack_expires_seconds"`
		IPVS                       *float64 `json:"ipvs_expires_seconds"`
	}
	Deleted int
	Gone    int `json:"gone_already"`
	Advice  []string
}

func (s *flowStage) flows(status int, args ...string) found {
	s.t.Helper()
	out, err := s.director.Run(s.t.Context(), "/usr/bin/lvsdns", append([]string{"flows", "--output", "json"}, args...)...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		s.t.Fatal(err)
	}
	var f found
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		s.t.Fatalf("lvsdns flows %q: status %d: %v\n%s", args, got, err, out)
	}
	if got != status {
		s.t.Errorf("lvsdns flows %q: status %d, want %d\n%s", args, got, status, out)
	}
	return f
}

// move takes a real server out of the table and puts the other in.
func (s *flowStage) move(from, to string) {
	s.t.Helper()
	s.director.IPVSAdm("-a -u "+flowVIP+":53 -r "+to+":53 -m -w 1", "-d -u "+flowVIP+":53 -r "+from+":53")
}

// TestFlowsOfRemovedServer has clients that keep their source port when their server goes: they get no answer, lvsdns flows says who holds
// them, and after the deletion and what it advises the very next question is answered.
func TestFlowsOfRemovedServer(t *testing.T) {
	s := newFlowStage(t)
	s.director.IPVSAdm("-A -u "+flowVIP+":53 -s rr", "-a -u "+flowVIP+":53 -r "+first+":53 -m -w 1")
	s.wantAnswer("at first", "4000", true)
	s.wantAnswer("at first", "4001", true)
	s.flows(0)
	s.move(first, second)
	s.wantAnswer("after the removal", "4000", false)
	s.wantAnswer("after the removal, a new flow", "4002", true)

	f := s.flows(2)
	if len(f.Flows) != 2 {
		t.Fatalf("%d flows are bound to the removed server, want 2: %+v", len(f.Flows), f)
	}
	for i, client := range []string{"10.0.0.50:4000", "10.0.0.50:4001"} {
		x := f.Flows[i]
		// A flow is assured when its second packet comes two seconds after the first or later (nf_conntrack_udp_packet): on a slow machine.
		seen := x.State == "replied" || x.State == "assured"
		if x.Client != client || x.RIP != first || x.Target != "removed" || !seen || x.Conntrack == nil || x.IPVS == nil {
			t.Errorf("%+v, want %s in both tables", x, client)
		}
	}
	if advice := strings.Join(f.Advice, " "); !strings.Contains(advice, "sysctl -w net.ipv4.vs.expire_nodest_conn=1") || !strings.Contains(advice, "which is lost; not if") {
		t.Errorf("advice: %s", advice)
	}

	// Deletion alone does not help against IPVS's own table, and it says so.
	f = s.flows(2, "--delete", "--max", "1")
	if f.Deleted != 1 || f.Gone != 0 || len(f.Flows) != 1 || f.Flows[0].Client != "10.0.0.50:4000" && f.Flows[0].Client != "10.0.0.50:4001" {
		t.Fatalf("%+v, want one deleted", f)
	}
	freed, bound := "4000", "4001"
	if f.Flows[0].Client == "10.0.0.50:4001" {
		freed, bound = bound, freed
	}
	s.wantAnswer("deleted from conntrack, and held by IPVS", freed, false)
	if list := s.run("sh", "-c", "conntrack -L -p udp --orig-dst "+flowVIP+" 2>/dev/null"); strings.Contains(list, "sport="+freed+" ") || !strings.Contains(list, "sport="+bound+" ") || !strings.Contains(list, "sport=4002 ") {
		t.Errorf("not exactly port %s is deleted:\n%s", freed, list)
	}

	// What it advises.
	s.run("sysctl", "-qw", "net.ipv4.vs.expire_nodest_conn=1")
	s.wantAnswer("deleted, and IPVS may forget: the very next question", freed, true)
	s.wantAnswer("not deleted: this one is lost", bound, false)
	s.wantAnswer("and the next one is not", bound, true)
	if f := s.flows(0); len(f.Flows) > 0 {
		t.Errorf("left: %+v", f)
	}
	if f := s.flows(0, "--to", "all"); len(f.Flows) != 3 || f.Flows[0].Target != "serving" || f.Flows[0].RIP != second {
		t.Errorf("all: %+v", f)
	}

	// With the sysctl in force from the beginning nobody is bound to a removed server.
	s.move(second, first)
	s.WaitFor("IPVS forgets them", 10*time.Second, func() bool { return len(s.flowsNow().Flows) == 0 })
	s.wantAnswer("after another removal", freed, true)
}

// flowsNow asks without looking at the exit status.
func (s *flowStage) flowsNow(args ...string) found {
	s.t.Helper()
	out, _ := s.director.Run(s.t.Context(), "/usr/bin/lvsdns", append([]string{"flows", "--output", "json"}, args...)...)
	var f found
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	return f
}

// TestFlowsHeldByConntrack has IPVS's own table gone with its module, and a firewall that knows flows by conntrack: there the deletion is all
// that it takes.
func TestFlowsHeldByConntrack(t *testing.T) {
	s := newFlowStage(t)
	s.run("sh", "-c", `iptables-legacy -w 5 -A FORWARD -s 192.168.1.0/24 -d 10.0.0.0/24 -m conntrack --ctstate NEW -j DROP`)
	s.director.IPVSAdm("-A -u "+flowVIP+":53 -s rr", "-a -u "+flowVIP+":53 -r "+first+":53 -m -w 1")
	s.wantAnswer("at first", "4000", true)
	s.run("ipvsadm", "-C")
	s.WaitFor("ip_vs is unloaded", 30*time.Second, func() bool {
		_, err := s.director.Run(t.Context(), "sh", "-c", `rmmod $(sed -n 's/^ip_vs [0-9]* [0-9]* \([^ ]*\) .*/\1/p' /proc/modules | tr , ' ') ip_vs`)
		return err == nil
	})
	if f := s.flows(2, flowVIP+":53"); len(f.Flows) != 1 || f.Flows[0].IPVS != nil {
		t.Errorf("without IPVS: %+v", f)
	}
	s.run("modprobe", "ip_vs")
	s.run("sysctl", "-qw", "net.ipv4.vs.conntrack=1")
	s.director.IPVSAdm("-A -u "+flowVIP+":53 -s rr", "-a -u "+flowVIP+":53 -r "+second+":53 -m -w 1")
	s.wantAnswer("the firewall waits for the old server", "4000", false)
	s.wantAnswer("again", "4000", false)
	f := s.flows(2)
	if len(f.Flows) != 1 || f.Flows[0].RIP != first || f.Flows[0].Conntrack == nil || f.Flows[0].IPVS != nil || len(f.Advice) > 0 {
		t.Errorf("%+v, want one that conntrack alone holds", f)
	}
	if f := s.flows(0, "--delete"); f.Deleted != 1 {
		t.Errorf("%+v", f)
	}
	s.wantAnswer("the very next question", "4000", true)
	s.flows(0)
}
