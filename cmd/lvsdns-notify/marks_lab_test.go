//go:build lab

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// TestSorryAndMarks has keepalived with sorry servers that only the lines of this host's id name, and one firewall mark in both families. Real
// servers die: a sorry server in their place is no quorum, and what is said of the marks joins, also for one who may not ask the
// kernel.
func TestSorryAndMarks(t *testing.T) {
	lab := labtest.New(t)
	lb := lab.Director("lb1", lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64").At("192.168.1.11", "fd00:1::11"))
	for _, program := range []string{"lvsdns-notify", "lvsdns-notify-act", "lvsdns-exporter"} {
		lab.Install(program, "/usr/bin/"+program)
	}
	file := func(name string) string { return filepath.Join(lab.Dir(), "lb1", name) }
	hook := fmt.Sprintf("--config=%s --keepalived-config=%s --state-dir=%s --run-dir=%s", file("notify.yaml"), file("keepalived.conf"), file("lib"), file("run"))
	if err := os.MkdirAll(file(""), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file("notify.yaml"), []byte("resync: 1s\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(host, ".")
	check := func(family string) string {
		return fmt.Sprintf("MISC_CHECK {\n\t\t\tmisc_path \"/usr/bin/test -e %s\"\n\t\t\tdelay_loop 1\n\t\t}\n", file("up-"+family))
	}
	for _, family := range []string{"4", "6"} {
		if err := os.WriteFile(file("up-"+family), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	conf := fmt.Sprintf(`global_defs {
	script_user root
	vrrp_notify_fifo %[1]s
	lvs_notify_fifo %[2]s
}
virtual_server 192.168.1.53 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	@%[3]s sorry_server 192.168.1.99 53
	real_server 192.168.1.21 53 {
		%[4]s	}
}
virtual_server fwmark 7 {
	lb_algo rr
	lb_kind DR
	@%[3]s sorry_server 192.168.1.99 0
	real_server 192.168.1.21 0 {
		%[4]s	}
}
virtual_server fwmark 7 {
	ip_family inet6
	lb_algo rr
	lb_kind DR
	real_server fd00:1::21 0 {
		%[5]s	}
}
virtual_server fwmark 8 {
	ip_family inet6
	lb_algo rr
	lb_kind DR
	real_server fd00:1::21 0 {
		%[5]s	}
}
`, file("vrrp.fifo"), file("lvs.fifo"), id, check("4"), check("6"))
	lb.Start("sh", "-c", "exec /usr/bin/lvsdns-notify "+hook+" fifo --vrrp "+file("vrrp.fifo")+" --lvs "+file("lvs.fifo"))
	lab.WaitFor("the FIFOs are there", 30*time.Second, func() bool { _, err := os.Stat(file("lvs.fifo")); return err == nil })
	lb.Keepalived(conf)
	// nobody reads the journal and keepalived.conf, and may not ask the kernel.
	flags := "--keepalived.config-file=" + file("keepalived.conf") + " --notify.state-dir=" + file("lib") + " --checks.socket= --sources.share=0s --sources.timeout=30s"
	lb.Start("sh", "-c", "chmod -R a+rX "+file("")+"; exec setpriv --reuid=65534 --clear-groups --bounding-set=-all --inh-caps=-all /usr/bin/lvsdns-exporter "+flags)

	noted := &journal.Journal{StateDir: file("lib")}
	says := func(virtual string) string {
		d, err := noted.Read()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range d.Servers {
			if !n.Real.IsValid() && n.Virtual.String() == virtual {
				return fmt.Sprint(n.Up)
			}
		}
		return "nothing"
	}
	// quorum waits until the journal has this of the address and both marks, and goes on having it: the reader looks every second, and
	// puts right what it holds for wrong.
	quorum := func(when string, want ...string) {
		t.Helper()
		var since time.Time
		lab.WaitFor(when, 60*time.Second, func() bool {
			if now := []string{says("[192.168.1.53]:udp:53"), says("FWM 7"), says("FWM 8")}; !slices.Equal(want, now) {
				since = time.Time{}
			} else if since.IsZero() {
				since = time.Now()
			}
			return !since.IsZero() && time.Since(since) > 4*time.Second
		})
	}
	// joins compares the families of both sources' metrics of marks.
	joins := func(when string) {
		t.Helper()
		want := `fwmark="7",family="ipv4" fwmark="7",family="ipv6" fwmark="8",family="ipv6"`
		var got [4]string
		lab.WaitFor("metrics of marks join "+when, 60*time.Second, func() bool {
			page, err := lb.Get(t.Context(), "http://127.0.0.1:9741/metrics")
			if err != nil {
				return false
			}
			for i, metric := range []string{"lvsdns_ipvs_virtual_server_info", "lvsdns_notify_quorum_up", "lvsdns_ipvs_virtual_server_weight", "lvsdns_notify_real_server_up"} {
				var all []string
				for _, m := range regexp.MustCompile(`(?m)^`+metric+`\{vip="",vport="",proto="fwm",(.*?family=".*?")`).FindAllSubmatch(page, -1) {
					all = append(all, string(m[1]))
				}
				slices.Sort(all)
				got[i] = strings.Join(all, " ")
			}
			return strings.Contains(string(page), `lvsdns_source_failure{source="ipvs",reason="permission"} 1`) && got == [4]string{want, want, want, want}
		})
	}
	set := func(family string, up bool) {
		t.Helper()
		err := os.WriteFile(file("up-"+family), nil, 0o644)
		if !up {
			err = os.Remove(file("up-" + family))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	lab.WaitFor("keepalived has programmed the kernel", 60*time.Second, func() bool { return len(lb.IPVS()) == 4 })
	set("6", false)
	lab.WaitFor("IPv6 has failed", 60*time.Second, func() bool { return says("FWM 7") == "false" && says("FWM 8") == "false" })
	set("4", false)
	quorum("all have failed", "false", "false", "false")
	joins("without any real server")
	set("6", true)
	quorum("IPv6 is back, IPv4 has its sorry server", "false", "false", "true")
	set("4", true)
	quorum("all are back", "true", "true", "true")
	joins("with all real servers")
}
