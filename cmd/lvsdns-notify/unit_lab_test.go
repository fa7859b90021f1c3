//go:build lab

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestUnits runs keepalived as its package's unit does, with our addition to it, and the FIFO service, under a real systemd: it is asked to
// start and stop a service at each change of state, and told of a keepalived that is killed.
func TestUnits(t *testing.T) {
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	lab := labtest.New(t)
	lb := lab.Director("lb1", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11"))
	lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
	lab.Install("lvsdns-notify-act", "/usr/bin/lvsdns-notify-act")
	file := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(path) // another test's link
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(states, verb string) string {
		return fmt.Sprintf("  - states: [%s]\n    actions:\n      - unit: {unit: web.service, do: %s}\n", states, verb)
	}
	file("/etc/lvsdns/notify.yaml", "rules:\n"+rule("master", "start")+rule("backup, fault, stop", "stop"))
	lines := ""
	for _, state := range []string{"master", "backup", "fault", "stop"} {
		lines += fmt.Sprintf("\tnotify_%[1]s \"/usr/bin/lvsdns-notify %[1]s\"\n", state)
	}
	file("/etc/keepalived/keepalived.conf", fmt.Sprintf("vrrp_instance VI_DNS {\n\tinterface eth0\n\tstate BACKUP\n\tvirtual_router_id 51\n\tpriority 100\n\tadvert_int 1\n\tvirtual_ipaddress {\n\t\t%s/32\n\t}\n%s}\n", vipDNS, lines))

	s := lb.Systemd()
	s.Unit("/lib/systemd/system/keepalived.service")
	after, err := os.ReadFile("../../packaging/keepalived-lvsdns-notify.conf")
	if err != nil {
		t.Fatal(err)
	}
	s.Override("keepalived.service", string(after))
	web := filepath.Join(lab.Dir(), "web.service")
	file(web, "[Service]\nExecStart=/bin/sleep infinity\n")
	s.Unit(web)
	do := func(args ...string) {
		t.Helper()
		if out, err := s.Ctl(args...); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	is := func(when, unit, state string) {
		t.Helper()
		lab.WaitFor(fmt.Sprintf("%s is %s when %s", unit, state, when), 40*time.Second, func() bool { return s.Show(unit, "ActiveState") == state })
	}
	do("start", "keepalived.service")
	is("keepalived is master", "web.service", "active")
	do("stop", "keepalived.service")
	is("keepalived is stopped", "web.service", "inactive")
	do("start", "keepalived.service")
	is("keepalived is master again", "web.service", "active")
	do("kill", "--kill-whom=main", "--signal=KILL", "keepalived.service") // its children see that, take the address away and run no scripts
	is("keepalived was killed", "web.service", "inactive")

	// The FIFO service is ready when its FIFOs are there, and started again when it hangs.
	const reader = "lvsdns-notify-fifo.service"
	s.Unit("../../packaging/" + reader)
	s.Override(reader, "[Service]\nWatchdogSec=5\n")
	do("start", reader)
	for _, fifo := range []string{"vrrp", "lvs"} {
		if out, err := s.Run("test", "-p", "/run/lvsdns/"+fifo+".fifo"); err != nil {
			t.Errorf("%v %s", err, out)
		}
	}
	pid := s.Show(reader, "MainPID")
	do("reload", reader)
	if now, state := s.Show(reader, "MainPID"), s.Show(reader, "ActiveState"); now != pid || state != "active" {
		t.Errorf("after a reload it is %s, process %s; it was process %s", state, now, pid)
	}
	do("kill", "--kill-whom=main", "--signal=STOP", reader)
	lab.WaitFor("the FIFO service is started again", 40*time.Second, func() bool {
		return s.Show(reader, "NRestarts") == "1" && s.Show(reader, "ActiveState") == "active"
	})

	// It acts with what the unit leaves it: the settings of the network, frames to the neighbours, systemd; and nothing else can be written.
	act := "rules:\n  - states: [master]\n    actions:\n      - sysctl: {key: net.netfilter.nf_conntrack_udp_timeout, value: 17}\n" +
		"      - unit: {unit: web.service, do: start}\n      - announce: {delay: 0s, interval: 50ms, count: 1}\n        after: true\n"
	file("/etc/lvsdns/notify.yaml", act)
	do("reload", reader)
	file("/etc/keepalived/keepalived.conf", "global_defs {\n\tvrrp_notify_fifo /run/lvsdns/vrrp.fifo\n}\n"+
		fmt.Sprintf("vrrp_instance VI_DNS {\n\tinterface eth0\n\tstate BACKUP\n\tvirtual_router_id 51\n\tpriority 100\n\tadvert_int 1\n\tvirtual_ipaddress {\n\t\t%s/32\n\t}\n}\n", vipDNS))
	do("start", "keepalived.service")
	is("the FIFO service acts", "web.service", "active")
	lab.WaitFor("the FIFO service has set the sysctl and told the neighbours", 40*time.Second, func() bool {
		value, err := s.Run("sysctl", "-n", "net.netfilter.nf_conntrack_udp_timeout")
		shown, _ := s.Run("lvsdns-notify", "show", "--output=json")
		return err == nil && strings.TrimSpace(value) == "17" && strings.Contains(shown, "announce")
	})
	if out, err := s.Run("lvsdns-notify", "show"); err != nil || strings.Contains(out, "not permitted") || strings.Contains(out, "read-only") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := s.Run("sh", "-c", "nsenter -t "+s.Show(reader, "MainPID")+" -m sh -c 'echo 1 >/proc/sys/kernel/sysrq || touch /etc/x'"); err == nil {
		t.Errorf("the unit lets it write elsewhere: %s", out)
	}
}
