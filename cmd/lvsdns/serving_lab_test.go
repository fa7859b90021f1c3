//go:build lab

package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// servingConf has two name servers, each taken out when the file of its name is there.
const servingConf = `virtual_server 192.168.1.100 53 {
	protocol UDP
	lb_algo rr
	lb_kind KIND
	delay_loop 4
	warmup 0
	INHIBIT
	real_server 192.168.1.21 53 { MISC_CHECK {
		misc_path "DIR/up 192.168.1.21"
	} }
	real_server 192.168.1.22 53 { MISC_CHECK {
		misc_path "DIR/up 192.168.1.22"
	} }
}
`

// TestDeadServerServes changes lb_kind while a name server is dead: keepalived puts it back into the kernel with its full weight, and
// believes it to be out.
func TestDeadServerServes(t *testing.T) {
	for _, inhibit := range []string{"inhibit_on_failure", ""} {
		t.Run("with "+inhibit, func(t *testing.T) {
			const vip = "192.168.1.100"
			lab := labtest.New(t)
			lab.Install("lvsdns", "/usr/bin/lvsdns")
			lan := lab.LAN("lan", "192.168.1.0/24")
			s := newStage(t, lab, lab.Director("director", lan.At("192.168.1.11")).Hold(vip))
			lab.RealServer("dns1", lan.At("192.168.1.21")).TUN(vip).NameServer(labtest.NSD)
			dead := lab.RealServer("dns2", lan.At("192.168.1.22")).TUN(vip).NameServer(labtest.NSD)
			client := lab.Client("client", lan.At("192.168.1.50"))
			lost := func() (n int) {
				for range 10 {
					if _, err := client.Ask(labtest.Question{Server: vip, Timeout: time.Second}); err != nil {
						n++
					}
				}
				return n
			}
			lab.Script("up", "! test -e "+s.file("$1"))
			conf := func(kind string) string {
				return strings.NewReplacer("KIND", kind, "INHIBIT", inhibit, "DIR", s.Dir()).Replace(servingConf)
			}
			s.keepalived = s.director.Keepalived(conf("DR"))
			serves := func(n int) func() bool {
				return func() bool { return len(s.director.IPVS().Where("192.168.1.22")) == n }
			}
			lab.WaitFor("both serve", 30*time.Second, serves(1))

			dead.Stop()
			lab.InstallFile(s.file("192.168.1.22"), "")
			lab.WaitFor("the dead server is out", 30*time.Second, serves(0))
			if n := lost(); n != 0 {
				t.Errorf("%d of 10 queries lost while the dead server is out", n)
			}
			s.keepalived.Reload(conf("TUN"))
			lab.WaitFor("the dead server serves", 30*time.Second, serves(1))
			t.Logf("after the reload %d of 10 queries are lost", lost())

			mend := ""
			for range 5 { // keepalived may still be at it
				d, status := s.drift("--signal")
				for _, x := range d.Differences {
					if x.Kind == "real_server_down_but_serving" && x.Severity == "critical" && x.RIP == "192.168.1.22" && status == 2 {
						mend = x.Mend
						t.Logf("%s: %s; mend: %s", x.Severity, x.Text, x.Mend)
					}
				}
				if slices.Contains(d.alarming(), "53 weight") {
					t.Errorf("the dead server is a matter of weight:\n%+v", d.Differences)
				}
				if mend != "" {
					break
				}
			}
			if mend == "" {
				t.Fatal("lvsdns drift does not say that the dead server serves")
			}
			if _, err := s.director.Run(t.Context(), "sh", "-c", mend); err != nil {
				t.Fatal(err)
			}
			if n := lost(); n != 0 {
				t.Errorf("%d of 10 queries lost when it is mended", n)
			}
			// keepalived finds what it needs to take the server in again.
			dead.Start()
			lab.Script("up", "exit 0")
			lab.WaitFor("the server is taken in again", 30*time.Second, serves(1))
			if d, _ := s.drift("--signal"); slices.ContainsFunc(d.alarming(), func(a string) bool { return a != "53 unchecked" }) {
				t.Errorf("differences when all is well: %v", d.alarming())
			}
		})
	}
}
