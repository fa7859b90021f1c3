//go:build lab

package main_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// arrangement is a scheduler as keepalived is told to use it, at a virtual address of its own.
type arrangement struct{ scheduler, protocol, flag, vip string }

func (a arrangement) String() string {
	return strings.TrimSpace(a.protocol + " " + a.scheduler + " " + a.flag)
}

// arrangements are those that keepalived and the guest's kernel have; sed, nq and ovf over TCP go by connections that are open.
func arrangements() []arrangement {
	var all []arrangement
	add := func(protocol, flag string, schedulers ...string) {
		for _, s := range schedulers {
			a := arrangement{s, protocol, flag, fmt.Sprintf("192.168.1.%d", 100+len(all))}
			if s == "sh" || s == "mh" {
				a.flag = strings.TrimSpace(a.flag + " " + s + "-port") // there is one client
			}
			all = append(all, a)
		}
	}
	any := []string{"rr", "wrr", "wlc", "lc", "dh", "lblc", "lblcr", "sh", "mh", "fo"}
	byActive := []string{"sed", "nq", "ovf"}
	add("UDP", "", any...)
	add("UDP", "", byActive...)
	add("UDP", "ops", any...)
	add("UDP", "ops", byActive...)
	add("TCP", "", any...)
	return all
}

func (a arrangement) conf(servers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "virtual_server %s 53 {\n\tprotocol %s\n\tlb_algo %s\n\tlb_kind DR\n\t%s\n", a.vip, a.protocol, a.scheduler, strings.ReplaceAll(a.flag, " ", "\n\t"))
	for _, s := range servers {
		fmt.Fprintf(&b, "\treal_server %s 53 {\n\t\tweight 1\n\t}\n", s)
	}
	return b.String() + "}\n"
}

// TestSpread asks twenty questions in every arrangement, counts in the kernel how many of three servers got one, and holds that against
// what lvsdns drift says of the same keepalived.conf. Then it does what drift says.
func TestSpread(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns", "/usr/bin/lvsdns")
	all := arrangements()
	var vips []string
	for _, a := range all {
		vips = append(vips, a.vip)
	}
	lan := lab.LAN("lan", "192.168.1.0/24")
	s := newStage(t, lab, lab.Director("director", lan.At("192.168.1.11")).Hold(vips...))
	servers := []string{"192.168.1.21", "192.168.1.22", "192.168.1.23"}
	for i, addr := range servers {
		lab.RealServer(fmt.Sprintf("dns%d", i+1), lan.At(addr)).DR(vips...).NameServer(labtest.NSD)
	}
	client := lab.Client("client", lan.At("192.168.1.50"))
	conf := func() string {
		var b strings.Builder
		for _, a := range all {
			b.WriteString(a.conf(servers...))
		}
		return b.String()
	}
	const questions = 20
	// used asks in all arrangements, and says how many servers got questions in each. The kernel moves its counters every two seconds.
	used := func() []int {
		var before []map[string]int
		for _, a := range all {
			before = append(before, s.inPackets(a))
			for range questions {
				if _, err := client.Ask(labtest.Question{Server: a.vip, TCP: a.protocol == "TCP", Timeout: 10 * time.Second}); err != nil {
					t.Fatalf("%s: %v\n%s", a, err, lab.Dump())
				}
			}
		}
		counts := make([]int, len(all))
		for i, a := range all {
			lab.WaitFor("all questions are counted: "+a.String(), 60*time.Second, func() bool {
				counts[i] = 0
				sum := 0
				for server, n := range s.inPackets(a) {
					if n -= before[i][server]; n > 0 {
						counts[i]++
						sum += n
					}
				}
				return sum >= questions*a.packets()
			})
		}
		return counts
	}
	s.keepalived = s.director.Keepalived(conf())
	lab.WaitFor("keepalived has programmed all", 60*time.Second, func() bool { return len(s.director.IPVS()) == len(all) })

	warned, measured := s.toOne(), used()
	for i, a := range all {
		d, said := warned[a.vip+" "+strings.ToLower(a.protocol)]
		t.Logf("%s: %d of 3 servers got questions; drift says %q", a, measured[i], d)
		if one := measured[i] == 1 && a.scheduler != "fo"; one != said { // fo is for that
			t.Errorf("%s: %d of 3 servers got questions; drift says %q", a, measured[i], d)
		}
		if said {
			if !strings.HasPrefix(d, "set lb_algo wrr") {
				t.Errorf("%s: mend: %s", a, d)
			}
			all[i].scheduler = "wrr"
		}
	}
	if len(warned) < 12 {
		t.Errorf("only %d are warned of: %v", len(warned), slices.Sorted(maps.Keys(warned)))
	}

	s.keepalived.Reload(conf())
	lab.WaitFor("keepalived has loaded what mends it", 60*time.Second, func() bool {
		table := s.director.IPVS()
		return !slices.ContainsFunc(all, func(a arrangement) bool {
			v, found := table.Find(strings.ToLower(a.protocol) + " " + a.vip + ":53")
			return !found || v.Scheduler != a.scheduler
		})
	})
	if left := s.toOne(); len(left) > 0 {
		t.Errorf("still warned of: %v", left)
	}
	for i, n := range used() {
		if n == 1 && all[i].scheduler != "fo" {
			t.Errorf("mended %s: one server gets all", all[i])
		}
	}
}

// toOne is how to mend what drift says goes to one server, by "address protocol".
func (s *stage) toOne() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	found, _ := s.drift()
	for _, d := range found.Differences {
		if d.Kind == "scheduler_to_one_server" {
			all[d.VIP+" "+d.Proto] = d.Mend
		}
	}
	return all
}

// packets is how many a question takes at least: over TCP two to connect, one with the question, one to end.
func (a arrangement) packets() int {
	if a.protocol == "TCP" {
		return 4
	}
	return 1
}

// inPackets are those that the kernel has sent to each real server of an arrangement.
func (s *stage) inPackets(a arrangement) map[string]int {
	s.t.Helper()
	out, err := s.director.Run(s.t.Context(), "ipvsadm", "-Ln", "--stats", "--exact", "-"+strings.ToLower(a.protocol[:1]), a.vip+":53")
	if err != nil {
		s.t.Fatal(err)
	}
	all := map[string]int{}
	for line := range strings.Lines(out) {
		words, n := strings.Fields(line), 0
		if len(words) < 4 || words[0] != "->" {
			continue
		}
		if _, err := fmt.Sscan(words[3], &n); err == nil {
			all[words[1]] = n
		}
	}
	return all
}

// TestHashToZero has the check of one of three servers fail, with inhibit_on_failure: sh and mh refuse its clients, unless they have their
// -fallback, which drift asks for.
func TestHashToZero(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns", "/usr/bin/lvsdns")
	lab.Script("check", "exit 0")
	lan := lab.LAN("lan", "192.168.1.0/24")
	all := []arrangement{{"sh", "UDP", "sh-port", "192.168.1.100"}, {"mh", "UDP", "mh-port", "192.168.1.101"}}
	s := newStage(t, lab, lab.Director("director", lan.At("192.168.1.11")).Hold(all[0].vip, all[1].vip))
	for i, addr := range []string{"192.168.1.21", "192.168.1.22", "192.168.1.23"} {
		lab.RealServer(fmt.Sprintf("dns%d", i+1), lan.At(addr)).DR(all[0].vip, all[1].vip).NameServer(labtest.NSD)
	}
	client := lab.Client("client", lan.At("192.168.1.50"))
	conf := func(fallback bool) string {
		var b strings.Builder
		for _, a := range all {
			if fallback {
				a.flag += " " + a.scheduler + "-fallback"
			}
			a.flag += " inhibit_on_failure"
			text := a.conf("192.168.1.21", "192.168.1.22", "192.168.1.23")
			b.WriteString(strings.Replace(text, "\t\tweight 1\n", "\t\tweight 1\n\t\tMISC_CHECK {\n\t\t\tmisc_path \""+s.file("check")+"\"\n\t\t\tdelay_loop 2\n\t\t\twarmup 0\n\t\t\tmisc_timeout 10\n\t\t}\n", 1))
		}
		return "global_defs {\n\tenable_script_security\n\tscript_user root\n}\n" + b.String()
	}
	// Some are told by ICMP; the kernel does not send that often to one client, so others wait in vain.
	refused := func(a arrangement) int {
		n := 0
		for range 30 {
			if _, err := client.Ask(labtest.Question{Server: a.vip}); err != nil {
				n++
			}
		}
		return n
	}
	said := func() (n int) {
		d, _ := s.drift()
		return d.Summary["hash_to_weight_zero"]
	}
	s.keepalived = s.director.Keepalived(conf(false))
	idle := func(n int) func() bool {
		return func() bool {
			zero := 0
			for _, v := range s.director.IPVS() {
				for _, r := range v.RealServers {
					if r.Weight == 0 {
						zero++
					}
				}
			}
			return zero == n && len(s.director.IPVS()) == len(all)
		}
	}
	lab.WaitFor("all serve", 60*time.Second, idle(0))
	if n := said(); n != len(all) {
		t.Errorf("drift warns of %d, want %d", n, len(all))
	}
	lab.Script("check", "exit 1")
	lab.WaitFor("one has weight 0", 60*time.Second, idle(len(all)))
	for _, a := range all {
		n := refused(a)
		t.Logf("%s: %d of 30 refused", a, n)
		if n == 0 {
			t.Errorf("%s: nobody was refused: this kernel is another", a)
		}
	}
	s.keepalived.Reload(conf(true))
	lab.WaitFor("drift is content", 60*time.Second, func() bool { return said() == 0 })
	lab.WaitFor("the kernel has the flags", 60*time.Second, func() bool {
		d, _ := s.drift()
		return d.Summary["flags"] == 0 && idle(len(all))()
	})
	for _, a := range all {
		if n := refused(a); n > 0 {
			t.Errorf("%s with its -fallback: %d of 30 refused", a, n)
		}
	}
}
