//go:build lab

package labtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// TestMachines: two hosts, each with its own files, units and journal, as two directors have them.
func TestMachines(t *testing.T) {
	if !labtest.HasSystemd() {
		t.Skip("no systemd is installed here")
	}
	lab := labtest.New(t)
	lan := lab.LAN("lan", "192.168.1.0/24")
	for _, name := range []string{"lb1", "lb2"} {
		m := lab.Director(name, lan.At("192.168.1.1"+name[2:])).Machine()
		run := func(line string) string {
			t.Helper()
			out, err := m.Run("sh", "-ec", line)
			if err != nil {
				out, _ = m.Run("journalctl", "-n", "30")
				t.Fatalf("%v\n%s", err, out)
			}
			return out
		}
		run("test ! -e /etc/keepalived/mark && test ! -e /usr/bin/mark && test ! -e /var/lib/mark")
		run("mkdir -p /etc/keepalived && touch /etc/keepalived/mark /usr/bin/mark /var/lib/mark")
		conf := "global_defs {\n\trouter_id " + name + "\n\tscript_user root\n\tenable_script_security\n}\n" +
			"vrrp_instance VI {\n\tinterface eth0\n\tvirtual_router_id 50\n\tvirtual_ipaddress {\n\t\t192.168.1.100/24\n\t}\n}\n"
		run("cat >/etc/keepalived/keepalived.conf <<'EOF'\n" + conf + "EOF")
		run("systemctl start keepalived")
		lab.WaitFor("the journal has what keepalived says", 30*time.Second, func() bool {
			return strings.Contains(run("journalctl -u keepalived"), "Starting Keepalived")
		})
		if out := run("cat /proc/1/comm && systemctl is-active keepalived"); out != "systemd\nactive\n" {
			t.Errorf("%s: %s", name, out)
		}
	}
}
