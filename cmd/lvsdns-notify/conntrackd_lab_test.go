//go:build lab && prove

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestConntrackd has the real conntrackd on two directors: the flow of the old owner is in the kernel of the new one after the failover (commit), conntrackd
// there tells it to the old one as its own (resync, bulk), and the old one has asked for it.
func TestConntrackd(t *testing.T) {
	if _, err := exec.LookPath("conntrackd"); err != nil {
		t.Skipf("%v: lab/setup.sh installs it on the host; the tree of another release has none", err)
	}
	lab := labtest.New(t)
	lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
	lab.Install("lvsdns-notify-act", "/usr/bin/lvsdns-notify-act")
	lan := lab.LAN("lan", "192.168.1.0/24")
	ips := []string{"192.168.1.11", "192.168.1.12"}
	var hosts [2]*labtest.Host
	var keepalived [2]*labtest.Keepalived
	run := func(n int, script string) string {
		out, err := hosts[n].Run(t.Context(), "sh", "-c", script)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	file := func(n int, name string) string { return filepath.Join(lab.Dir(), hosts[n].Name, name) }
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for n, ip := range ips {
		hosts[n] = lab.Director(fmt.Sprint("lb", n+1), lan.At(ip))
		write(file(n, "conntrackd.conf"), conntrackdConf(file(n, ""), ip, ips[1-n]))
		hosts[n].Start("conntrackd", "-C", file(n, "conntrackd.conf"))
		rule := func(states, role string) string {
			return fmt.Sprintf("  - states: [%s]\n    actions: [{conntrackd: {role: %s, config-file: %s}}]\n", states, role, file(n, "conntrackd.conf"))
		}
		write(file(n, "notify.yaml"), "timeout: 20s\nrules:\n"+rule("master", "primary")+rule("backup", "backup"))
		hook := fmt.Sprintf("/usr/bin/lvsdns-notify --config=%[1]snotify.yaml --keepalived-config=%[1]skeepalived.conf --state-dir=%[1]slib --run-dir=%[1]srun", file(n, "")+"/")
		keepalived[n] = hosts[n].Keepalived(fmt.Sprintf("global_defs {\n\tvrrp_version 3\n\tscript_user root\n}\nvrrp_instance VI {\n\tinterface eth0\n\tstate BACKUP\n\tvirtual_router_id 51\n\tpriority %d\n\tadvert_int 0.4\n\tvirtual_ipaddress {\n\t\t%s/32\n\t}\n\tnotify \"%s\"\n}\n",
			150-50*n, vipDNS, hook))
	}
	acted := func(n int, role string) {
		t.Helper()
		lab.WaitFor(fmt.Sprintf("conntrackd of %s is %s", hosts[n].Name, role), 60*time.Second, func() bool {
			return strings.Contains(run(n, fmt.Sprintf("/usr/bin/lvsdns-notify --state-dir=%s show || true", file(n, "lib"))), "done: conntrackd is "+role)
		})
	}
	has := func(n int, what, command string) {
		t.Helper()
		lab.WaitFor(fmt.Sprintf("%s has %s", hosts[n].Name, what), 40*time.Second, func() bool {
			return strings.Contains(run(n, command+" 2>/dev/null || true"), "src=172.16.0.50 dst="+vipDNS)
		})
		t.Logf("%s has the flow in %s", hosts[n].Name, what)
	}
	internal, external := func(n int) string { return "conntrackd -C " + file(n, "conntrackd.conf") + " -i" }, func(n int) string { return "conntrackd -C " + file(n, "conntrackd.conf") + " -e" }
	acted(0, "primary")
	acted(1, "backup")
	run(0, "conntrack -I -p udp -s 172.16.0.50 -d "+vipDNS+" --sport 5353 --dport 53 -t 300 -u SEEN_REPLY,ASSURED")
	has(0, "the internal cache of conntrackd", internal(0))
	has(1, "the external cache of conntrackd", external(1))
	if text := run(1, "conntrack -L -p udp 2>/dev/null"); strings.Contains(text, "172.16.0.50") {
		t.Fatalf("it is in the kernel before the failover:\n%s", text)
	}
	keepalived[0].Stop()
	acted(1, "primary")
	has(1, "the kernel (commit)", "conntrack -L -p udp")
	has(1, "the internal cache (resync)", internal(1))
	has(0, "the external cache (bulk send)", external(0))
	// The old owner may tell the flow again at any time: that the caches were flushed in between is in conntrackd's own log only.
	log := run(1, "cat "+file(1, "conntrackd.own.log"))
	if !strings.Contains(log, "flushing caches") {
		t.Errorf("conntrackd of %s says nothing of a flush", hosts[1].Name)
	}
	t.Logf("conntrackd of %s:\n%s", hosts[1].Name, log)
}

// conntrackdConf is FTFW over UDP. With a smaller table than that of its examples conntrackd 1.4.7 takes the commit for unfinished, and ignores the flush.
func conntrackdConf(dir, own, other string) string {
	return fmt.Sprintf(`Sync {
	Mode FTFW {
	}
	UDP {
		IPv4_address %s
		IPv4_Destination_Address %s
		Port 3780
		Interface eth0
		Checksum on
	}
}
General {
	HashSize 32768
	HashLimit 131072
	LogFile %[3]s/conntrackd.own.log
	LockFile %[3]s/conntrackd.lock
	UNIX {
		Path %[3]s/conntrackd.ctl
	}
	NetlinkBufferSize 262142
	NetlinkBufferSizeMaxGrowth 655355
	Filter From Userspace {
		Protocol Accept {
			UDP
		}
		Address Ignore {
			IPv4_address 127.0.0.1
			IPv4_address 192.168.1.11
			IPv4_address 192.168.1.12
		}
	}
}
`, own, other, dir)
}
