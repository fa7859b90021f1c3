//go:build lab

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// wholeConf is a director with nothing wrong.
const wholeConf = `virtual_server 192.168.1.100 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	delay_loop 4
	warmup 0
	alpha
	real_server 192.168.1.21 53 {
		MISC_CHECK {
			misc_path "DIR/up 192.168.1.21"
		}
	}
	real_server 192.168.1.22 53 {
		MISC_CHECK {
			misc_path "DIR/up 192.168.1.22"
		}
	}
}
virtual_server 192.168.1.101 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	delay_loop 4
	warmup 0
	alpha
	real_server 192.168.1.21 53 {
		MISC_CHECK {
			misc_path "DIR/up 192.168.1.21"
		}
	}
}
`

// lostStage is a director with keepalived and the exporter.
func lostStage(t *testing.T) *stage {
	lab := labtest.New(t)
	lab.Install("lvsdns", "/usr/bin/lvsdns")
	s := newStage(t, lab, lab.Director("director", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11")))
	lab.Script("up", "! test -e "+s.file("$1"))
	s.keepalived = s.director.Keepalived(strings.ReplaceAll(wholeConf, "DIR", s.Dir()))
	s.director.Exporter(s.keepalived, "--sources.share=0s", "--keepalived.pid-file="+s.file("director/keepalived.pid"), "--checks.socket=")
	return s
}

// table names what the kernel has, as "VIP RIP RIP".
func (s *stage) table() []string {
	s.t.Helper()
	var list []string
	for _, v := range s.director.IPVS() {
		line := v.Addr.Addr().String()
		for _, r := range v.RealServers {
			line += " " + r.Addr.Addr().String()
		}
		list = append(list, line)
	}
	return list
}

func (s *stage) untilTable(what string, want ...string) {
	s.t.Helper()
	s.WaitFor(what, 30*time.Second, func() bool { return slices.Equal(s.table(), want) })
}

// lost are the differences of that kind, as "LINE: sentence".
func (d drifted) lost() []string {
	var list []string
	for _, x := range d.Differences {
		if x.Kind == "configuration_lost" && x.Severity == "critical" {
			_, line, _ := strings.Cut(x.Text, "keepalived.conf:")
			list = append(list, line+"; mend: "+x.Mend)
		}
	}
	return list
}

// TestLostBlocksOfRealKeepalived writes a few characters wrong, and loads that: what keepalived leaves out is gone from the kernel, and
// is critical in lvsdns drift and in the exporter.
func TestLostBlocksOfRealKeepalived(t *testing.T) {
	s := lostStage(t)
	whole := strings.ReplaceAll(wholeConf, "DIR", s.Dir())
	all := []string{"192.168.1.100 192.168.1.21 192.168.1.22", "192.168.1.101 192.168.1.21"}
	for _, test := range []struct {
		name, old, new string
		left           []string // in the kernel
		lost           []string // LINE: a piece of it
		also           []string // what else is said, as a piece of it
	}{
		{"a colon for a blank", "192.168.1.100 53", "192.168.1.100:53", all[1:],
			[]string{`1: "virtual_server 192.168.1.100:53" is lost`}, []string{"write a blank between address and port: virtual_server 192.168.1.100 53"}},
		{"a misspelt real_server", "real_server 192.168.1.22", "real_sever 192.168.1.22", []string{"192.168.1.100 192.168.1.21", all[1]},
			[]string{`13: "real_sever 192.168.1.22 53" is lost`}, []string{`write real_server for "real_sever"`}},
		{"a colon in a real_server", "real_server 192.168.1.22 53", "real_server 192.168.1.22:53", []string{"192.168.1.100 192.168.1.21", all[1]},
			[]string{`13: "real_server 192.168.1.22:53" is lost`}, nil},
		// The check of 22 is one of 21 now, and 22 is dead.
		{"a brace too few, and the second is dead", "192.168.1.21\"\n\t\t}\n\t}\n\treal_server", "192.168.1.21\"\n\t\t}\n\treal_server", []string{"192.168.1.100", all[1]},
			[]string{`12: "real_server 192.168.1.22 53" is lost`}, []string{"its checks too, counts for that block", "real_server_down"}},
		{"a brace too few behind the first", "\t}\n}\nvirtual_server", "\t}\nvirtual_server", all[:1],
			[]string{`18: "virtual_server 192.168.1.101 53" is lost`}, nil},
		{"all of them", "virtual_server 192.168.1.10", "virtual_service 192.168.1.10", nil,
			[]string{`1: "virtual_service 192.168.1.100 53" is lost`, `19: "virtual_service 192.168.1.101 53" is lost`}, nil},
	} {
		dead := s.file("192.168.1.22")
		s.untilTable("before "+test.name, all...)
		broken := strings.ReplaceAll(whole, test.old, test.new)
		if broken == whole {
			t.Fatalf("%s: nothing is wrong", test.name)
		}
		// Written and not loaded: no advice may end what still runs.
		if err := os.WriteFile(s.file("director/keepalived.conf"), []byte(broken), 0o644); err != nil {
			t.Fatal(err)
		}
		d, status := s.drift("--signal")
		if len(d.lost()) == 0 || status != 2 {
			t.Errorf("%s, not loaded: status %d: %+v", test.name, status, d.Differences)
		}
		for _, x := range d.Differences {
			if x.Kind == "not_reloaded" && !strings.HasPrefix(x.Mend, "first correct ") {
				t.Errorf("%s, not loaded: the advice ends what still runs: %s: %s", test.name, x.Text, x.Mend)
			}
		}
		if strings.Contains(test.name, "is dead") {
			s.InstallFile(dead, "")
			s.untilTable(test.name+": it is out", "192.168.1.100 192.168.1.21", all[1])
		}
		s.keepalived.Reload(broken)
		s.untilTable(test.name, test.left...)

		d, status = s.drift("--signal")
		got := d.lost()
		ok := status == 2
		for _, want := range test.lost {
			ok = ok && slices.ContainsFunc(got, func(l string) bool {
				line, piece, _ := strings.Cut(want, ": ")
				return strings.HasPrefix(l, line+": ") && strings.Contains(l, piece)
			})
		}
		everything := fmt.Sprintf("%+v", d.Differences)
		for _, want := range test.also {
			ok = ok && strings.Contains(everything, want)
		}
		if !ok {
			t.Errorf("%s: status %d\n%s\nwant %q and %q", test.name, status, strings.ReplaceAll(everything, "} {", "}\n{"), test.lost, test.also)
		}
		if strings.Contains(everything, "state_dump") {
			t.Errorf("%s: something is said to be wrong with the dump\n%s", test.name, everything)
		}
		t.Logf("%s:\n%s", test.name, strings.Join(got, "\n"))
		s.WaitFor(test.name+": the exporter tells as much", 30*time.Second, func() bool {
			page, err := s.director.Get(t.Context(), "http://127.0.0.1:9741/metrics")
			return err == nil && strings.Contains(string(page), fmt.Sprintf(`lvsdns_drift_differences{kind="configuration_lost",severity="critical"} %d`, len(got))) &&
				strings.Contains(string(page), `lvsdns_drift{kind="configuration_lost",severity="critical"`)
		})
		_ = os.Remove(dead)
		s.keepalived.Reload(whole)
	}
	s.untilTable("all is mended", all...)
	s.WaitFor("nothing is lost", 30*time.Second, func() bool {
		d, status := s.drift("--signal")
		return status == 0 && len(d.lost()) == 0
	})
}

// TestDriftWithoutAnAnswer stops keepalived's checker process, and then ends keepalived: lvsdns drift --signal goes on.
func TestDriftWithoutAnAnswer(t *testing.T) {
	s := lostStage(t)
	s.untilTable("keepalived programs the kernel", "192.168.1.100 192.168.1.21 192.168.1.22", "192.168.1.101 192.168.1.21")
	s.director.IPVSAdm("-D -u 192.168.1.101:53")
	text, err := os.ReadFile(filepath.Join(filepath.Dir(s.keepalived.ConfigFile()), "keepalived_checkers.pid"))
	if err != nil {
		t.Fatal(err)
	}
	checker, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || checker <= 1 {
		t.Fatalf("%q: %v", text, err)
	}
	if err := syscall.Kill(checker, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.unanswered("it stands still", "53 virtual_server_missing", "state_dump_absent")
	if err := syscall.Kill(checker, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.director.IPVSAdm("-A -u 192.168.1.101:53 -s rr", "-a -u 192.168.1.101:53 -r 192.168.1.21:53 -g -w 1")
	s.nothing("it goes on")
	s.keepalived.Stop()
	s.untilTable("keepalived has ended")
	s.unanswered("it has ended", "53 virtual_server_missing", "53 virtual_server_missing", "state_dump_absent")
}

// unanswered looks, and wants these differences.
func (s *stage) unanswered(what string, want ...string) {
	s.t.Helper()
	d, status := s.drift("--signal")
	if got := d.alarming(); !slices.Equal(got, want) || status != 2 {
		s.t.Errorf("%s: status %d, %q, want 2 and %q\n%+v", what, status, got, want, d.Differences)
	}
	for _, x := range d.Differences {
		if x.Kind == "state_dump_absent" {
			s.t.Logf("%s: %s %s: %s; mend: %s", what, x.Severity, x.Kind, x.Text, x.Mend)
		}
	}
}

func (s *stage) nothing(what string) {
	s.t.Helper()
	s.WaitFor(what, 30*time.Second, func() bool { _, status := s.drift("--signal"); return status == 0 })
}

// marksConf has the mark 40 for both families, in groups of these names.
const marksConf = `virtual_server_group M {
	fwmark 40
}
OTHERS
virtual_server group M {
	lb_algo rr
	lb_kind DR
	real_server 192.168.1.21 {
		weight 1
	}
}
virtual_server group GROUP {
	lb_algo rr
	lb_kind DR
	real_server fd00:1::21 {
		weight 1
	}
}
`

// TestMarkOfBothFamilies: keepalived never makes the IPv6 service of a mark that its group has for IPv4, however often it is restarted.
func TestMarkOfBothFamilies(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns", "/usr/bin/lvsdns")
	s := newStage(t, lab, lab.Director("director", lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64").At("192.168.1.11", "fd00:1::11")))
	kernel := func() string {
		out, err := s.director.Run(t.Context(), "ipvsadm", "-Sn")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	has4 := func() bool { return strings.Contains(kernel(), "-a -f 40 -r 192.168.1.21") }
	s.keepalived = s.director.Keepalived(strings.NewReplacer("OTHERS", "", "GROUP", "M").Replace(marksConf))
	for _, when := range []string{"keepalived has started", "keepalived was restarted"} {
		lab.WaitFor(when, 30*time.Second, has4)
		mends := map[string]string{}
		lab.WaitFor(when+": lvsdns drift says what to change", 30*time.Second, func() bool {
			d, _ := s.drift("--signal")
			clear(mends)
			for _, x := range d.Differences {
				mends[x.Kind] = x.Mend
			}
			return strings.Contains(mends["configuration_lost"], "a virtual_server_group of its own")
		})
		if strings.Contains(kernel(), "-f 40 -6") || strings.Contains(fmt.Sprint(mends), "restart keepalived") {
			t.Errorf("%s: the kernel has\n%s\nand drift says %v", when, kernel(), mends)
		}
		s.keepalived.Stop()
		s.keepalived.Start()
	}
	lab.WaitFor("keepalived is back", 30*time.Second, has4)
	s.keepalived.Reload(strings.NewReplacer("OTHERS", "virtual_server_group M6 {\n\tfwmark 40\n}", "GROUP", "M6").Replace(marksConf))
	lab.WaitFor("the mend helps", 30*time.Second, func() bool { return has4() && strings.Contains(kernel(), "-a -f 40 -6 -r [fd00:1::21]") })
	lab.WaitFor("nothing but the checks is missing", 30*time.Second, func() bool {
		d, _ := s.drift("--signal")
		return !slices.ContainsFunc(d.alarming(), func(a string) bool { return !strings.HasSuffix(a, "no_checker") })
	})
}
