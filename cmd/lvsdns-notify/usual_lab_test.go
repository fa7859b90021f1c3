//go:build lab

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// TestUsualLine has the lines of the well-known recipe as they stand, with nothing but the path replaced, no flags, no user for scripts, and every file
// at its place. systemctl is a stand-in here; [TestUnits] has a real systemd.
func TestUsualLine(t *testing.T) {
	lab := labtest.New(t)
	lb := lab.Director("lb1", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11"))
	lab.Install("lvsdns-notify", "/usr/local/bin/lvsdns-notify")
	lab.Install("lvsdns-notify-act", "/usr/local/bin/lvsdns-notify-act")
	if real, err := os.ReadFile("/usr/bin/systemctl"); err == nil {
		t.Cleanup(func() { lab.InstallFile("/usr/bin/systemctl", string(real)) })
	}
	lab.InstallFile("/usr/bin/systemctl", fmt.Sprintf("#!/bin/sh\necho \"$@\" >>%s/systemctl\n", lab.Dir()))
	rule := func(states string, timeout int, verb string) string {
		return fmt.Sprintf("  - states: [%s]\n    actions:\n      - sysctl: {key: net.netfilter.nf_conntrack_udp_timeout, value: %d}\n      - unit: {unit: web.service, do: %s}\n", states, timeout, verb)
	}
	lab.InstallFile("/etc/lvsdns/notify.yaml", "rules:\n"+rule("master", 10, "start")+rule("backup, fault, stop", 30, "stop"))
	if err := os.MkdirAll("/etc/keepalived", 0o755); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove("/etc/keepalived/keepalived.conf")
	if err := os.Symlink(filepath.Join(lab.Dir(), "lb1", "keepalived.conf"), "/etc/keepalived/keepalived.conf"); err != nil {
		t.Fatal(err)
	}
	lines := ""
	for _, state := range []string{"master", "backup", "fault", "stop"} {
		// The recipe: notify_master "/usr/local/bin/vip_failover.sh master"
		lines += strings.Replace(fmt.Sprintf("\tnotify_%[1]s \"/usr/local/bin/vip_failover.sh %[1]s\"\n", state), "/usr/local/bin/vip_failover.sh", "/usr/local/bin/lvsdns-notify", 1)
	}
	k := lb.Keepalived(fmt.Sprintf(`vrrp_instance VI_DNS {
	interface eth0
	state BACKUP
	virtual_router_id 51
	priority 100
	advert_int 1
	virtual_ipaddress {
		%s/32
	}
%s}
`, vipDNS, lines))
	is := func(state notify.State, timeout string) {
		t.Helper()
		last := "nothing"
		lab.WaitFor(fmt.Sprintf("%s in the journal, and what belongs to it", state), 40*time.Second, func() bool {
			d, err := (&journal.Journal{StateDir: journal.StateDir}).Read()
			if err != nil {
				t.Fatal(err)
			}
			r := d.Record(notify.Subject{Kind: notify.Instance, Name: "VI_DNS"})
			now, err := lb.Run(t.Context(), "cat", "/proc/sys/net/netfilter/nf_conntrack_udp_timeout")
			if err != nil {
				t.Fatal(err)
			}
			if r != nil {
				last = fmt.Sprintf("the journal has %s as %s, keepalived said %s; nf_conntrack_udp_timeout is %s", r.Subject, r.State, r.Said, strings.TrimSpace(now))
			}
			return r != nil && r.State == state && !r.Disagree && strings.TrimSpace(now) == timeout
		})
		t.Log(last)
	}
	is(notify.Master, "10")
	if _, err := lb.Run(t.Context(), "ip", "link", "set", "eth0", "down"); err != nil {
		t.Fatal(err)
	}
	is(notify.Fault, "30")
	k.Stop()
	is(notify.Stop, "30")
	asked, err := os.ReadFile(filepath.Join(lab.Dir(), "systemctl"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(strings.NewReplacer("--no-ask-password --quiet --no-block ", "", "-- web.service", "").Replace(string(asked)))
	if !slices.Contains(got, "start") || got[len(got)-1] != "stop" {
		t.Errorf("systemctl was asked to %s", got)
	}
	t.Logf("systemctl was asked to %s", got)
}
