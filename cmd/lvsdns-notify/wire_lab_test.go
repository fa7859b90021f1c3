//go:build lab && prove

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// TestSecondBurst looks on the wire for what the announce action sends, beside what keepalived has sent before it: IPv4, IPv6, and both behind the MAC
// address of VRRP (use_vmac).
func TestSecondBurst(t *testing.T) {
	const count = 3
	lab := labtest.New(t)
	lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
	lab.Install("lvsdns-notify-act", "/usr/bin/lvsdns-notify-act")
	lan := lab.LAN("lan", "192.168.1.0/24", "fd00:1::/64")
	lb, client := lab.Director("lb1", lan.At("192.168.1.11", "fd00:1::11")), lab.Client("client", lan.At("192.168.1.50", "fd00:1::50"))
	own := ""
	if err := lb.Inside(func() error {
		eth0, err := net.InterfaceByName("eth0")
		if err == nil {
			own = eth0.HardwareAddr.String()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	instances := []struct{ name, vip, extra, mac string }{
		{"VI_4", "192.168.1.53/32", "", own},
		{"VI_6", "fd00:1::53/128", "", own},
		{"VI_VMAC_4", "192.168.1.54/32", "\tuse_vmac vmac4\n", "00:00:5e:00:01:35"}, // RFC 5798, 7.3: the last byte is the VRID
		{"VI_VMAC_6", "fd00:1::54/128", "\tuse_vmac vmac6\n", "00:00:5e:00:02:36"},
	}
	sniffer := client.Start("tcpdump", "-tt", "-l", "-e", "-n", "-i", "eth0", "arp or (icmp6 and ip6[40] == 136)")
	lab.WaitFor("tcpdump listens", 20*time.Second, func() bool { return strings.Contains(sniffer.Log(), "listening on") })

	dir := filepath.Join(lab.Dir(), "lb1")
	if err := os.WriteFile(filepath.Join(dir, "notify.yaml"), fmt.Appendf(nil, "rules:\n  - states: [master]\n    actions: [{announce: {delay: 3s, interval: 100ms, count: %d}}]\n", count), 0o644); err != nil {
		t.Fatal(err)
	}
	var conf strings.Builder
	// keepalived's own second round is off, so that all that is late is the action's.
	conf.WriteString("global_defs {\n\tvrrp_version 3\n\tscript_user root\n\tvrrp_garp_master_delay 0\n}\n")
	for i, v := range instances {
		fmt.Fprintf(&conf, "vrrp_instance %s {\n\tinterface eth0\n\tstate BACKUP\n\tvirtual_router_id %d\n\tpriority 100\n\tadvert_int 0.5\n%s\tvirtual_ipaddress {\n\t\t%s\n\t}\n"+
			"\tnotify_master \"/usr/bin/lvsdns-notify --config=%[5]s/notify.yaml --keepalived-config=%[5]s/keepalived.conf --state-dir=%[5]s/lib --run-dir=%[5]s/run master %[1]s\"\n}\n",
			v.name, 51+i, v.extra, v.vip, dir)
	}
	lb.Keepalived(conf.String())

	var notes []*notify.ActionNote
	lab.WaitFor("all four actions are done", 60*time.Second, func() bool {
		d, err := (&journal.Journal{StateDir: filepath.Join(dir, "lib")}).Read()
		if err != nil {
			return false
		}
		notes = d.Actions
		return len(notes) == len(instances)
	})
	for _, n := range notes {
		if want := fmt.Sprintf("%d announcements sent", count); !n.OK || n.Result != want {
			t.Errorf("%s: %s, want %s", n.Subject, n.Result, want)
		}
	}
	for _, v := range instances {
		addr, _, _ := strings.Cut(v.vip, "/")
		at := time.Time{}
		for _, n := range notes {
			if n.Name == v.name {
				at = n.At
			}
		}
		kinds := []string{"request", "reply"}
		if strings.Contains(addr, ":") {
			kinds = []string{"advertisement"}
		}
		for _, kind := range kinds {
			var first, second int
			lab.WaitFor("the frames are in tcpdump's output", 10*time.Second, func() bool {
				first, second = frames(sniffer.Log(), kind, addr, v.mac, at.Add(2500*time.Millisecond))
				return second >= count
			})
			if second != count {
				t.Errorf("%s: %d frames (%s) in the second burst, want %d\n%s", v.name, second, kind, count, sniffer.Log())
			}
			t.Logf("%s: %s from %s, %s: %d by keepalived, then %d", v.name, addr, v.mac, kind, first, second)
		}
	}
}

// frames counts the frames about an address from a MAC address, before a moment and from then on.
func frames(log, kind, addr, mac string, since time.Time) (before, after int) {
	for s := bufio.NewScanner(strings.NewReader(log)); s.Scan(); {
		line := s.Text()
		seconds, rest, _ := strings.Cut(line, " ")
		at, err := strconv.ParseFloat(seconds, 64)
		if err != nil || !strings.HasPrefix(rest, mac+" > ") {
			continue
		}
		var is bool
		switch kind {
		case "request":
			is = strings.Contains(line, "Request who-has "+addr+" ") && strings.Contains(line, " tell "+addr+",")
		case "reply":
			is = strings.Contains(line, "Reply "+addr+" is-at "+mac)
		default:
			is = strings.Contains(line, "> ff02::1: ICMP6, neighbor advertisement") && strings.Contains(line, "tgt is "+addr+",")
		}
		switch {
		case !is:
		case at < float64(since.UnixMicro())/1e6:
			before++
		default:
			after++
		}
	}
	return before, after
}
