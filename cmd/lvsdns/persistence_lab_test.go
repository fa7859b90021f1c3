//go:build lab

package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// persistent is README's virtual server with inhibit_on_failure, and checked more often.
const persistent = `
global_defs {
	enable_script_security
	script_user root
}
virtual_server 192.168.1.100 53 {
	delay_loop 1
	retry 1
	delay_before_retry 1
	lb_algo wlc
	lb_kind DR
	persistence_timeout 300
	protocol UDP
	alpha
	warmup 1
	inhibit_on_failure

	real_server 192.168.1.21 53 {
		weight 1
		MISC_CHECK {
			misc_path "/usr/bin/lvsdns-check --name example.com --transport both 192.168.1.21"
			misc_timeout 4
		}
	}
	real_server 192.168.1.22 53 {
		weight 1
		MISC_CHECK {
			misc_path "/usr/bin/lvsdns-check --name example.com --transport both 192.168.1.22"
			misc_timeout 4
		}
	}
}
`

// TestPersistentToDeadServer kills one of two name servers. The client that persistence has given to it is lost from every new port, long
// after its flows are forgotten; lvsdns flows and drift say so; and what they say frees it at once.
func TestPersistentToDeadServer(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns", "/usr/bin/lvsdns")
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	const vip = "192.168.1.100"
	lan := lab.LAN("lan", "192.168.1.0/24")
	s := &flowStage{Lab: lab, t: t, director: lab.Director("director", lan.At("192.168.1.11")).Hold(vip)}
	servers := map[string]*labtest.NameServer{}
	for name, addr := range map[string]string{"dns1": first, "dns2": second} {
		servers[addr] = lab.RealServer(name, lan.At(addr)).DR(vip).NameServer(labtest.NSD)
	}
	clients := []*labtest.Host{lab.Client("client1", lan.At("192.168.1.51")), lab.Client("client2", lan.At("192.168.1.52"))}
	answered := func(c *labtest.Host, times int) (n int) {
		for range times {
			if _, err := c.Ask(labtest.Question{Server: vip}); err == nil {
				n++
			}
		}
		return n
	}
	// expire_quiescent_template stays as the kernel has it. Flows are forgotten after two seconds, templates after five minutes.
	s.run("sysctl", "-qw", "net.ipv4.vs.expire_nodest_conn=1")
	s.director.Keepalived(persistent)
	d := &stage{Lab: lab, t: t, director: s.director}
	lab.WaitFor("both serve", 60*time.Second, func() bool { return len(s.director.IPVS().Where(first))+len(s.director.IPVS().Where(second)) == 2 })
	s.run("ipvsadm", "--set", "0", "0", "2")
	said := func() []string {
		found, status := d.drift()
		var all []string
		for _, x := range found.Differences {
			if x.Kind == "persistence_to_weight_zero" {
				if status != 2 || x.Severity != "warning" || x.VIP != vip {
					t.Errorf("exit status %d: %+v", status, x)
				}
				all = append(all, x.Text, x.Mend)
			}
		}
		return all
	}
	if got := said(); len(got) != 2 || !strings.Contains(got[0], "gets weight 0 when its check fails") {
		t.Errorf("before anything has failed drift says %q", got)
	}

	for i, c := range clients {
		if n := answered(c, 3); n != 3 {
			t.Fatalf("client %d: %d of 3 answered\n%s", i+1, n, lab.Dump())
		}
	}
	victim, other := clients[0], clients[1]
	dead := s.templateOf(victim)
	if left := s.templateOf(other); dead == left || dead == "" || left == "" {
		t.Fatalf("the clients are at %q and %q\n%s", dead, left, s.run("ipvsadm", "-Lnc"))
	}
	s.flows(0, "--to", "drained")
	servers[dead].Kill()
	lab.WaitFor("keepalived gives the dead server weight 0", 60*time.Second, func() bool { return len(s.director.IPVS().Where(dead)) == 0 })
	lab.WaitFor("the flows are forgotten", 60*time.Second, s.onlyTemplates)

	// Nothing is left of the victim but its template, and that catches it from every port.
	if f := s.flows(2, "--to", "drained"); len(f.Flows) != 1 || !f.Flows[0].Template || f.Flows[0].Client != "192.168.1.51" || f.Flows[0].RIP != dead || f.Flows[0].Target != "drained" ||
		!strings.Contains(strings.Join(f.Advice, " "), "sysctl -w net.ipv4.vs.expire_quiescent_template=1") {
		t.Errorf("%+v", f)
	}
	s.flows(0)
	if n := answered(victim, 3); n != 0 {
		t.Errorf("the client of the dead server: %d of 3 answered from new ports, and this kernel is another", n)
	}
	if n := answered(other, 3); n != 3 {
		t.Errorf("the other client: %d of 3 answered", n)
	}
	got := said()
	if len(got) != 2 || !strings.Contains(got[0], "real server "+dead+":53 has weight 0 now") {
		t.Fatalf("drift says %q", got)
	}

	// What drift says, pasted.
	s.run("sh", "-c", got[1])
	if n := answered(victim, 3); n != 3 {
		t.Errorf("mended, %d of 3 answered\n%s", n, s.run("ipvsadm", "-Lnc"))
	}
	if left := s.templateOf(victim); left == dead {
		t.Errorf("its template still leads to %s", left)
	}
	if got := said(); len(got) > 0 {
		t.Errorf("mended, drift says %q", got)
	}
	lab.WaitFor("the flows to the dead server are forgotten", 60*time.Second, func() bool {
		return len(s.flowsNow("--to", "drained").Flows) == 0
	})
	s.flows(0, "--to", "drained")
}

// templates are the lines of ipvsadm -Lnc that remember a client: client and real server, as long as they hold.
func (s *flowStage) templates() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(s.run("ipvsadm", "-Lnc")) {
		words := strings.Fields(line) // pro expire state source virtual destination
		if len(words) < 6 || !strings.HasSuffix(words[3], ":0") || strings.HasSuffix(words[5], ":65535") {
			continue
		}
		all[strings.TrimSuffix(words[3], ":0")] = strings.TrimSuffix(words[5], ":53")
	}
	return all
}

func (s *flowStage) templateOf(c *labtest.Host) string { return s.templates()[c.Addr().String()] }

// onlyTemplates reports whether the connection table has no flow.
func (s *flowStage) onlyTemplates() bool {
	s.t.Helper()
	lines := strings.Split(strings.TrimSpace(s.run("ipvsadm", "-Lnc")), "\n")
	return !slices.ContainsFunc(lines, func(line string) bool {
		words := strings.Fields(line)
		return len(words) >= 6 && words[0] == "UDP" && !strings.HasSuffix(words[3], ":0")
	})
}
